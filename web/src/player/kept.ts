/**
 * What is kept of an archive, as far as it has been asked for: loaded for what is in view and a margin,
 * in spans that end on a grid, two requests at a time, and again where the present makes it grow. The
 * two sets of time behind it: `known`, which can be drawn and answered from, and within it `fresh`,
 * which need not be asked for again. It never throws for what it loads by itself: `error` events tell,
 * and it tries again until the link is refused.
 */
import { ArchiveError, isAbort, type Archive } from './archive';
import { endOf, Runs } from './runs';
import { viewLength, type Edges } from './scale';
import { missingFrom, shared, united, without } from './spans';
import type { Entry, Span } from './times';
import { addDays, addMonths, dayKey, startOfDay, startOfMonth, type Zone } from './zone';

const HOUR_MS = 3_600_000;
const IN_FLIGHT_MAX = 2;
/** More runs than this are forgotten again, the farthest from the view first. */
const RUNS_MAX = 100_000;
/** How long after it a span can still be growing: the open segment, and a recorder that lags. */
const SETTLED_MS = 60_000;
const NEWEST_MS = 24 * HOUR_MS;
const TICK_MS = 5000;
const BOUNDS_EVERY_MS = 60_000;
const RETRY_MS = { first: 1000, last: 30_000 };
/** The look-out for the next run begins with this much and goes on with eight times as much. */
const REACH_MS = { first: 6 * HOUR_MS, growth: 8 };
/** How long before a gap a step back lands: long enough to see something of it. */
const BEFORE_GAP_MS = 1000;
/** So soon after a run's start, "previous" means the run before. */
const NEAR_START_MS = 2000;
const MARGIN = 0.5;
const TILE_MS = 60_000;

/** A kept moment. */
export interface Landing {
  readonly timeMs: number;
  /** True where nothing is kept at the moment asked for. */
  readonly skippedGap: boolean;
}

export type State = 'kept' | 'gap' | 'unknown';

interface Flight {
  readonly span: Span;
  readonly abort: AbortController;
}

export class Kept extends EventTarget {
  readonly #archive: Archive;
  readonly #clock: () => number;
  readonly #runs = new Runs();
  readonly #flights = new Set<Flight>();
  #known: Span[] = [];
  #fresh: Span[] = [];
  #bounds: Span | null = null;
  #boundsAtMs: number | null = null;
  #view: Span | null = null;
  #lookedMs = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #retryMs = 0;
  #isRefused = false;
  #isClosed = false;

  constructor(archive: Archive, clock: () => number = Date.now) {
    super();
    this.#archive = archive;
    this.#clock = clock;
  }

  /** From the first moment kept to the last; null while nothing is kept or known. */
  get bounds(): Span | null {
    return this.#bounds;
  }

  /** True once the archive has told what it holds. */
  get isLoaded(): boolean {
    return this.#boundsAtMs !== null;
  }

  /** The known runs, for drawing. */
  get edges(): Edges {
    return this.#runs.edges;
  }

  /** The known parts of time, for drawing. */
  get known(): readonly Span[] {
    if (this.#bounds !== null) return united(this.#known, { startMs: -Infinity, endMs: this.#bounds.startMs });
    return this.isLoaded ? [{ startMs: -Infinity, endMs: Infinity }] : this.#known;
  }

  /** The present, or the last moment kept where the archive's clock is ahead of this one. */
  get presentMs(): number {
    return Math.max(this.#clock(), this.#bounds?.endMs ?? -Infinity);
  }

  /** Tells what is in view; loading follows it. Cheap enough for every frame. */
  want(view: Span): void {
    if (this.#isClosed) return;
    this.#view = view;
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    this.#schedule(this.#retryMs);
  }

  /** The known runs that overlap a span, cut at nothing but the edges of what is known; no offsets. */
  entries(span: Span): readonly Entry[] {
    return this.#runs.within(span);
  }

  isKnown(span: Span): boolean {
    return this.#unknown(span).length === 0;
  }

  at(timeMs: number): State {
    const run = this.#runs.after(timeMs);
    if (run !== null && run.time <= timeMs) return 'kept';
    if (timeMs >= this.#horizonMs) return timeMs < this.presentMs ? 'unknown' : 'gap';
    return this.isKnown({ startMs: timeMs, endMs: timeMs + 1 }) ? 'gap' : 'unknown';
  }

  /** The gap that holds a moment, as far as it is known: infinite where no known run bounds it; null in a run. */
  gapAt(timeMs: number): Span | null {
    const next = this.#runs.after(timeMs);
    if (next !== null && next.time <= timeMs) return null;
    const before = this.#runs.before(timeMs);
    return { startMs: before === null ? -Infinity : endOf(before), endMs: next?.time ?? Infinity };
  }

  /** The first kept moment at or after one, loaded if need be; null where nothing follows. */
  async locate(timeMs: number, signal?: AbortSignal): Promise<Landing | null> {
    const run = await this.#find(timeMs, () => this.#runs.after(timeMs), signal);
    if (run === null) return null;
    return { timeMs: Math.max(run.time, timeMs), skippedGap: run.time > timeMs };
  }

  /** The last kept moment at or before one: where that is the end of a run, a second before it. */
  async before(timeMs: number, signal?: AbortSignal): Promise<Landing | null> {
    const run = await this.#findBefore(timeMs + 1, signal);
    if (run === null) return null;
    if (timeMs < endOf(run)) return { timeMs, skippedGap: false };
    return { timeMs: run.time + Math.max(run.duration - BEFORE_GAP_MS, 0), skippedGap: true };
  }

  /** The start of the first run after the one at a moment; null where there is none. */
  async nextRun(timeMs: number, signal?: AbortSignal): Promise<number | null> {
    const next = (): Entry | null => {
      const run = this.#runs.after(timeMs);
      return run !== null && run.time <= timeMs ? this.#runs.after(endOf(run)) : run;
    };
    return (await this.#find(timeMs, next, signal))?.time ?? null;
  }

  /** The start of the run at a moment, or of the one before where that start is less than 2 s ago. */
  async previousRun(timeMs: number, signal?: AbortSignal): Promise<number | null> {
    const startMs = await this.#startBefore(timeMs + 1, signal);
    if (startMs === null || timeMs - startMs >= NEAR_START_MS) return startMs;
    return (await this.#startBefore(startMs, signal)) ?? startMs;
  }

  /** The days of a month, as `YYYY-MM-DD`, on which something is kept; the month is the one of `startMs`. */
  async days(month: Span, zone: Zone, signal?: AbortSignal): Promise<Set<string>> {
    await this.#ensureBounds(signal);
    const startMs = startOfMonth(month.startMs, zone);
    const span = { startMs, endMs: addMonths(startMs, 1, zone) };
    for (const part of this.#unknown(this.#limited(span))) await this.#load(part, signal);
    const days = new Set<string>();
    for (let day = startMs; day < span.endMs; ) {
      const nextDay = startOfDay(addDays(day, 1, zone), zone);
      if ((this.#runs.after(day)?.time ?? Infinity) < nextDay) days.add(dayKey(day, zone));
      day = nextDay;
    }
    return days;
  }

  /** Asks anew for what is in view, and for all else once it is wanted; also after a new token. */
  async refresh(): Promise<void> {
    this.#isRefused = false;
    this.#retryMs = 0;
    this.#fresh = [];
    try {
      await this.#loadBounds();
      const wanted = this.#wanted();
      if (wanted !== null) for (const part of missingFrom(this.#fresh, wanted)) await this.#load(part);
      this.#schedule(0);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Ends all loading. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#ticker);
    for (const flight of this.#flights) flight.abort.abort();
  }

  #schedule(afterMs: number): void {
    if (this.#timer !== undefined || this.#isRefused || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, afterMs);
  }

  #pump(): void {
    if (this.#boundsAtMs === null) {
      if (this.#flights.size === 0) void this.#fly(null);
      return;
    }
    const wanted = this.#wanted();
    if (wanted === null) return;
    for (const { span, abort } of this.#flights) if (shared(span, wanted) === null) abort.abort();
    const flying = [...this.#flights].reduce((set, { span }) => united(set, span), this.#fresh);
    for (const span of this.#inOrder(missingFrom(flying, wanted))) {
      if (this.#flights.size >= IN_FLIGHT_MAX) return;
      void this.#fly(span);
    }
  }

  /** One request of the loading that goes on by itself; null asks for the bounds. */
  async #fly(span: Span | null): Promise<void> {
    const flight = { span: span ?? { startMs: 0, endMs: 0 }, abort: new AbortController() };
    this.#flights.add(flight);
    try {
      await (span === null ? this.#loadBounds(flight.abort.signal) : this.#load(span, flight.abort.signal));
      this.#retryMs = 0;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#flights.delete(flight);
      this.#schedule(this.#retryMs);
    }
  }

  #failed(error: unknown): void {
    if (this.#isClosed || isAbort(error)) return;
    if (!(error instanceof ArchiveError)) throw error;
    this.#isRefused = error.kind === 'refused' || error.kind === 'link';
    this.#retryMs = Math.min(Math.max(this.#retryMs * 2, RETRY_MS.first), RETRY_MS.last);
    this.dispatchEvent(new CustomEvent('error', { detail: error }));
  }

  /** Footage that was still growing is asked for again, once it comes into view or while it is. */
  #tick(): void {
    if (this.#view === null || this.#isRefused || this.#retryMs > 0 || this.#boundsAtMs === null) return;
    if (typeof document !== 'undefined' && document.visibilityState === 'hidden') return;
    if (this.#view.endMs < this.#horizonMs - SETTLED_MS) return;
    this.#look();
    const isOld = this.#clock() - this.#boundsAtMs > BOUNDS_EVERY_MS;
    if (isOld || this.#bounds === null) void this.#fly(null);
    else this.#schedule(0);
  }

  /** Moves the horizon to the present. What was still growing when it moved last is fresh no more. */
  #look(): void {
    this.#fresh = without(this.#fresh, { startMs: this.#horizonMs - SETTLED_MS, endMs: Infinity });
    this.#lookedMs = this.#clock();
  }

  /** What lies after it has not been asked for: the present as of the last look. */
  get #horizonMs(): number {
    return Math.max(this.#lookedMs, this.#bounds?.endMs ?? -Infinity);
  }

  /** The view and a margin, out to a grid that fits its length, inside what the archive can hold. */
  #wanted(): Span | null {
    const view = this.#view;
    if (view === null || this.#bounds === null) return null;
    const length = viewLength(view);
    const tile = TILE_MS * 2 ** Math.max(Math.ceil(Math.log2(length / TILE_MS)), 0);
    const startMs = Math.floor((view.startMs - MARGIN * length) / tile) * tile;
    const endMs = Math.ceil((view.endMs + MARGIN * length) / tile) * tile;
    const limited = this.#limited({ startMs, endMs });
    return limited.startMs < limited.endMs ? limited : null;
  }

  #unknown(span: Span): Span[] {
    return missingFrom(this.#known, this.#limited(span));
  }

  /** Nothing is kept before the bounds or after the present, and nobody needs to ask. */
  #limited(span: Span): Span {
    const bounds = this.#bounds;
    if (bounds === null) return this.isLoaded ? { startMs: 0, endMs: 0 } : span;
    const startMs = Math.max(span.startMs, Math.floor(bounds.startMs));
    return { startMs, endMs: Math.min(span.endMs, this.#horizonMs) };
  }

  /** What is in view goes first, then what is nearest. */
  #inOrder(spans: Span[]): Span[] {
    const { startMs, endMs } = this.#view ?? { startMs: 0, endMs: 0 };
    const away = (span: Span): number => Math.max(span.startMs - endMs, startMs - span.endMs, 0);
    return spans.sort((a, b) => away(a) - away(b));
  }

  async #loadBounds(signal?: AbortSignal): Promise<void> {
    const { first, last } = await this.#archive.info(signal);
    if (this.#boundsAtMs === null) this.#look();
    this.#boundsAtMs = this.#clock();
    this.#bounds = first === null || last === null ? null : { startMs: first, endMs: last };
    const held = this.#bounds ?? { startMs: 0, endMs: 0 };
    this.#runs.replace({ startMs: -Infinity, endMs: held.startMs }, []);
    if (this.#bounds === null) this.#runs.keep(held);
    this.#changed();
  }

  async #ensureBounds(signal?: AbortSignal): Promise<void> {
    if (!this.isLoaded) await this.#loadBounds(signal);
  }

  async #load(span: Span, signal?: AbortSignal): Promise<void> {
    // The recorder's clock may be ahead of this one, so what is newest is asked for to its very end.
    const isNewest = span.endMs >= this.#horizonMs;
    // A millisecond more on both sides makes a run that goes on there overlap with what is known of it.
    const endMs = span.endMs + (isNewest ? NEWEST_MS : 1);
    const told = await this.#archive.timeline({ startMs: Math.max(span.startMs - 1, 0), endMs }, signal);
    this.#runs.replace(isNewest ? { ...span, endMs: Infinity } : span, told);
    this.#known = united(this.#known, span);
    this.#fresh = united(this.#fresh, span);
    const last = told.at(-1);
    if (this.#bounds !== null && last !== undefined && endOf(last) > this.#bounds.endMs) {
      this.#bounds = { ...this.#bounds, endMs: endOf(last) };
    }
    if (this.#runs.list.length > RUNS_MAX) this.#forget(span);
    this.#changed();
  }

  #forget(loaded: Span): void {
    const view = this.#view ?? loaded;
    const reach = viewLength(view) * 2;
    const near = { startMs: view.startMs - reach, endMs: view.endMs + reach };
    this.#runs.keep(near);
    const far = (set: Span[]): Span[] =>
      without(without(set, { startMs: -Infinity, endMs: near.startMs }), {
        startMs: near.endMs,
        endMs: Infinity,
      });
    this.#known = far(this.#known);
    this.#fresh = far(this.#fresh);
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'));
  }

  /** Looks ahead until `look` finds a run with nothing unknown before it, or the present is reached. */
  async #find(timeMs: number, look: () => Entry | null, signal?: AbortSignal): Promise<Entry | null> {
    await this.#ensureBounds(signal);
    // The newest footage is asked for once more before the answer is that there is none.
    let isCertain = false;
    for (let reachMs = REACH_MS.first; ; reachMs *= REACH_MS.growth) {
      const run = look();
      const [gap] = this.#unknown({ startMs: timeMs, endMs: run?.time ?? Infinity });
      if (gap === undefined && (run !== null || isCertain)) return run;
      if (gap === undefined) {
        isCertain = true;
        const newest = { startMs: this.#horizonMs - SETTLED_MS, endMs: Infinity };
        this.#look();
        if (this.#bounds !== null) await this.#load(this.#limited(newest), signal);
      } else {
        await this.#load({ startMs: gap.startMs, endMs: Math.min(gap.endMs, gap.startMs + reachMs) }, signal);
      }
    }
  }

  /** The last run that starts before a moment, with nothing unknown between; perhaps not its whole start. */
  async #findBefore(timeMs: number, signal?: AbortSignal): Promise<Entry | null> {
    await this.#ensureBounds(signal);
    for (let reachMs = REACH_MS.first; ; reachMs *= REACH_MS.growth) {
      const run = this.#runs.before(timeMs);
      const startMs = run === null ? -Infinity : endOf(run);
      const gap = this.#unknown({ startMs, endMs: timeMs }).at(-1);
      if (gap === undefined) return run;
      await this.#load({ startMs: Math.max(gap.startMs, gap.endMs - reachMs), endMs: gap.endMs }, signal);
    }
  }

  /** The start of the last run that starts before a moment. */
  async #startBefore(timeMs: number, signal?: AbortSignal): Promise<number | null> {
    for (let reachMs = REACH_MS.first; ; reachMs *= REACH_MS.growth) {
      const run = await this.#findBefore(timeMs, signal);
      // A piece that begins where something is known was there from its start.
      const [gap] = run === null ? [] : this.#unknown({ startMs: run.time - 1, endMs: run.time });
      if (run === null || gap === undefined) return run?.time ?? null;
      const startMs = Math.max(run.time - reachMs, this.#bounds!.startMs);
      await this.#load({ startMs, endMs: run.time }, signal);
    }
  }
}
