/**
 * The arithmetic of a timeline: between wall time and pixels, and between wall time and the position
 * in the playlist of the same span (`position = offset + (t - time)`). Pure; every moment is in
 * milliseconds since the epoch, spans are half-open, entries ascend and never overlap.
 */

/** `[startMs, endMs)` of wall time. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** One run of the archive, as the API's `timeline` gives it; all three in milliseconds. */
export interface Entry {
  readonly time: number;
  readonly duration: number;
  /** Where the entry starts in the playlist of the same span. */
  readonly offset: number;
}

/** A moment that can be played. */
export interface Moment {
  readonly timeMs: number;
  readonly positionMs: number;
  /** True where nothing is kept at the moment asked for and this is the next one kept. */
  readonly skippedGap: boolean;
}

/** How long before a gap a step back lands: long enough to see something of it. */
const BEFORE_GAP_MS = 1000;
/** A run shorter than its pixel has to stay visible. */
const MIN_BAR_PX = 2;

export interface Bar {
  readonly x: number;
  readonly width: number;
}

export interface Tick {
  readonly timeMs: number;
  /** A local midnight: labelled by its day. */
  readonly isMidnight: boolean;
}

export function timeToX(span: Span, widthPx: number, timeMs: number): number {
  return ((timeMs - span.startMs) / (span.endMs - span.startMs)) * widthPx;
}

/** The moment under a pixel, held inside the span. */
export function xToTime(span: Span, widthPx: number, x: number): number {
  const timeMs = span.startMs + (x / widthPx) * (span.endMs - span.startMs);
  return Math.min(Math.max(Math.round(timeMs), span.startMs), span.endMs - 1);
}

/** The first moment kept at or after `timeMs`; null where nothing follows. */
export function locate(entries: readonly Entry[], timeMs: number): Moment | null {
  const entry = entries[firstIndex(entries, (e) => e.time + e.duration > timeMs)];
  if (entry === undefined) return null;
  const skippedGap = timeMs < entry.time;
  const startMs = skippedGap ? entry.time : timeMs;
  return { timeMs: startMs, positionMs: entry.offset + (startMs - entry.time), skippedGap };
}

/**
 * The moment a step away. A step back into a gap lands shortly before it: were it to go on to the next
 * footage, as a click does, nobody could step back over a gap.
 */
export function stepped(entries: readonly Entry[], timeMs: number, byMs: number): number {
  const target = timeMs + byMs;
  const next = firstIndex(entries, (e) => e.time + e.duration > target);
  const isKept = (entries[next]?.time ?? Infinity) <= target;
  const before = entries[next - 1];
  if (byMs >= 0 || isKept || before === undefined) return locate(entries, target)?.timeMs ?? target;
  return before.time + Math.max(before.duration - BEFORE_GAP_MS, 0);
}

/** The wall time of a playlist position, held inside the footage; null where there is none. */
export function timeAt(entries: readonly Entry[], positionMs: number): number | null {
  if (entries.length === 0) return null;
  const next = firstIndex(entries, (e) => e.offset > positionMs);
  const entry = entries[Math.max(next - 1, 0)]!;
  return entry.time + Math.min(Math.max(positionMs - entry.offset, 0), entry.duration);
}

/**
 * The footage as bars on `widthPx` pixels, each wide enough to be seen. Bars less than a pixel apart
 * are one, which bounds what has to be drawn.
 */
export function bars(entries: readonly Entry[], span: Span, widthPx: number): Bar[] {
  const merged: { x: number; end: number }[] = [];
  for (const entry of entries) {
    const from = timeToX(span, widthPx, entry.time);
    const to = timeToX(span, widthPx, entry.time + entry.duration);
    if (to <= 0 || from >= widthPx) continue;
    const x = Math.min(Math.max(from, 0), widthPx - MIN_BAR_PX);
    const end = Math.max(Math.min(to, widthPx), x + MIN_BAR_PX);
    const last = merged.at(-1);
    if (last !== undefined && x - last.end < 1) last.end = Math.max(last.end, end);
    else merged.push({ x, end });
  }
  return merged.map(({ x, end }) => ({ x, width: end - x }));
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TICK_STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12, 24].map((hours) => hours * HOUR_MS),
];

/** Round local hours or minutes inside the span, at least `minGapPx` apart. */
export function ticks(span: Span, widthPx: number, minGapPx: number): Tick[] {
  const minStepMs = ((span.endMs - span.startMs) * minGapPx) / Math.max(widthPx, 1);
  const stepMs = TICK_STEPS_MS.find((step) => step >= minStepMs) ?? 24 * HOUR_MS;
  const times = stepMs > HOUR_MS ? hourTicks(span, stepMs / HOUR_MS) : minuteTicks(span, stepMs);
  return times.map((timeMs) => ({ timeMs, isMidnight: isLocalMidnight(timeMs) }));
}

/** Steps up to an hour: clock changes are whole steps of them, so plain arithmetic stays aligned. */
function minuteTicks(span: Span, stepMs: number): number[] {
  const zoneMs = -new Date(span.startMs).getTimezoneOffset() * MINUTE_MS;
  const first = Math.ceil((span.startMs + zoneMs) / stepMs) * stepMs - zoneMs;
  const times = [];
  for (let timeMs = first; timeMs < span.endMs; timeMs += stepMs) times.push(timeMs);
  return times;
}

/** Longer steps count local hours of each day, so that a day of 23 or 25 hours keeps round labels. */
function hourTicks(span: Span, stepHours: number): number[] {
  const start = new Date(span.startMs);
  const times: number[] = [];
  for (let hour = 0; ; hour += stepHours) {
    const tick = new Date(start.getFullYear(), start.getMonth(), start.getDate(), hour).getTime();
    if (tick >= span.endMs) return times;
    if (tick >= span.startMs && tick > (times.at(-1) ?? -Infinity)) times.push(tick);
  }
}

function isLocalMidnight(timeMs: number): boolean {
  const date = new Date(timeMs);
  return date.getHours() === 0 && date.getMinutes() === 0;
}

/** Index of the first entry that meets a condition which, once met, holds for all that follow. */
function firstIndex(entries: readonly Entry[], holds: (entry: Entry) => boolean): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(entries[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
