/**
 * The marks of a time scale: round moments of a view, far enough apart to be labelled, smaller ones
 * between them, and the day, month or year that they belong to. Pure. A day on which the clocks change
 * keeps round labels: its ticks stand where its clock shows them, 23 or 25 hours to the day.
 */
import type { Span } from './times';
import { addDays, addMonths, daysInMonth, fieldsOf, momentOf, offsetMs, startOfDay, type Zone } from './zone';

export type Unit = 'ms' | 'second' | 'minute' | 'hour' | 'day' | 'month' | 'year';

/** So many of a unit from one tick to the next. */
export interface Step {
  readonly unit: Unit;
  readonly count: number;
}

export interface Scale {
  readonly step: Step;
  readonly major: readonly number[];
  readonly minor: readonly number[];
}

/** A day, month or year in view; it may begin before the view does. */
export interface Section {
  readonly unit: 'day' | 'month' | 'year';
  readonly startMs: number;
  readonly endMs: number;
}

const UNIT_MS: Record<Unit, number> = {
  ms: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  month: 30 * 86_400_000,
  year: 365 * 86_400_000,
};
const STEPS: readonly Step[] = (
  [
    ['ms', [100, 200, 500]],
    ['second', [1, 2, 5, 10, 15, 30]],
    ['minute', [1, 2, 5, 10, 15, 30]],
    ['hour', [1, 2, 3, 6, 12]],
    ['day', [1, 2, 5, 10]],
    ['month', [1, 3, 6]],
    ['year', [1, 2, 5, 10]],
  ] as const
).flatMap(([unit, counts]) => counts.map((count) => ({ unit, count })));
/** A minor tick nearer to the next one says nothing. */
const MINOR_GAP_PX = 7;
/** A remainder of a month shorter than this share of a step carries no tick before the next month's. */
const DAY_REMAINDER = 0.6;

/** The smallest round step whose ticks stand at least `gapMs` apart. */
export function stepFor(gapMs: number): Step {
  return STEPS.find((step) => lengthMs(step) >= gapMs) ?? STEPS.at(-1)!;
}

export function lengthMs(step: Step): number {
  return UNIT_MS[step.unit] * step.count;
}

/** Ticks of a view that is `widthPx` wide, the labelled ones at least `labelPx` apart. */
export function scaleOf(view: Span, widthPx: number, labelPx: number, zone: Zone): Scale {
  const msPerPx = (view.endMs - view.startMs) / Math.max(widthPx, 1);
  const step = stepFor(msPerPx * labelPx);
  const major = ticksOf(view, step, zone);
  const small = STEPS.find((one) => divides(one, step) && lengthMs(one) >= msPerPx * MINOR_GAP_PX);
  const minor = small === undefined || small === step ? [] : ticksOf(view, small, zone);
  return { step, major, minor };
}

/** The round moments of a step inside a span, ascending. */
export function ticksOf(span: Span, step: Step, zone: Zone): number[] {
  if (step.unit === 'year' || step.unit === 'month') return monthTicks(span, step, zone);
  if (step.unit === 'day') return dayTicks(span, step.count, zone);
  if (step.unit === 'hour' && step.count > 1) return hourTicks(span, step.count, zone);
  return shortTicks(span, lengthMs(step), zone);
}

/** What the ticks of a step belong to: hours to their day, days to their month, months to their year. */
export function sectionsOf(view: Span, step: Step, zone: Zone): Section[] {
  if (step.unit === 'year') return [];
  const unit = step.unit === 'month' ? 'year' : step.unit === 'day' ? 'month' : 'day';
  const sections: Section[] = [];
  const { year, month, day } = fieldsOf(view.startMs, zone);
  let startMs = momentOf(zone, year, unit === 'year' ? 1 : month, unit === 'day' ? day : 1);
  while (startMs < view.endMs) {
    const months = unit === 'year' ? 12 : 1;
    const endMs = unit === 'day' ? addDays(startMs, 1, zone) : addMonths(startMs, months, zone);
    sections.push({ unit, startMs, endMs });
    startMs = endMs;
  }
  return sections;
}

function divides(small: Step, step: Step): boolean {
  if (lengthMs(small) >= lengthMs(step)) return false;
  if (step.unit === 'month') return small.unit === 'month' || (small.unit === 'day' && step.count === 1);
  if (step.unit === 'year') return small.unit === 'month' && step.count <= 2;
  if (step.unit === 'day' && small.unit === 'day') return small.count === 1;
  return lengthMs(step) % lengthMs(small) === 0;
}

/** Steps up to an hour: they follow the clock, and begin anew where it is put on or back. */
function shortTicks(span: Span, stepMs: number, zone: Zone): number[] {
  const times: number[] = [];
  let timeMs = span.startMs - 1;
  for (;;) {
    const near = nextRound(timeMs, stepMs, offsetMs(timeMs, zone));
    const next = nextRound(timeMs, stepMs, offsetMs(near, zone));
    timeMs = next;
    if (timeMs >= span.endMs) return times;
    times.push(timeMs);
  }
}

function nextRound(afterMs: number, stepMs: number, aheadMs: number): number {
  return (Math.floor((afterMs + aheadMs) / stepMs) + 1) * stepMs - aheadMs;
}

/** Longer steps count each day's hours; one that the clock skips has no tick, one that it repeats has one. */
function hourTicks(span: Span, stepHours: number, zone: Zone): number[] {
  const times: number[] = [];
  for (let dayMs = startOfDay(span.startMs, zone); dayMs < span.endMs; dayMs = addDays(dayMs, 1, zone)) {
    const { year, month, day } = fieldsOf(dayMs, zone);
    for (let hour = 0; hour < 24; hour += stepHours) {
      const timeMs = hour === 0 ? dayMs : momentOf(zone, year, month, day, hour);
      const isSkipped = hour > 0 && fieldsOf(timeMs, zone).hour !== hour;
      if (!isSkipped && timeMs >= span.startMs && timeMs < span.endMs) times.push(timeMs);
    }
  }
  return times;
}

/** Days 1, 1 + n, 1 + 2n … of every month, so that labels stay where they are while the view moves. */
function dayTicks(span: Span, stepDays: number, zone: Zone): number[] {
  const times: number[] = [];
  let { year, month } = fieldsOf(span.startMs, zone);
  for (; momentOf(zone, year, month) < span.endMs; [year, month] = nextMonth(year, month)) {
    const last = daysInMonth(year, month) + 1 - (stepDays > 1 ? stepDays * DAY_REMAINDER : 0);
    for (let day = 1; day <= last; day += stepDays) {
      const timeMs = momentOf(zone, year, month, day);
      if (timeMs >= span.startMs && timeMs < span.endMs) times.push(timeMs);
    }
  }
  return times;
}

function monthTicks(span: Span, step: Step, zone: Zone): number[] {
  const months = step.unit === 'year' ? 12 * step.count : step.count;
  const { year, month } = fieldsOf(span.startMs, zone);
  const times: number[] = [];
  for (let at = Math.floor((year * 12 + month - 1) / months) * months; ; at += months) {
    const timeMs = momentOf(zone, Math.floor(at / 12), (at % 12) + 1);
    if (timeMs >= span.endMs) return times;
    if (timeMs >= span.startMs) times.push(timeMs);
  }
}

function nextMonth(year: number, month: number): [number, number] {
  return month === 12 ? [year + 1, 1] : [year, month + 1];
}
