/**
 * How a tile is kept in step with the clock of its wall, and how long the wall waits for one that stalls.
 * A lag is how far a tile is behind, in ms of wall time; below zero it is ahead. Pure.
 */

export type Correction =
  /** Play on, at this speed. */
  | { readonly kind: 'play'; readonly rate: number }
  /** Too far ahead: stand still until the clock is there. */
  | { readonly kind: 'wait' }
  /** Too far behind to be caught up with unseen. */
  | { readonly kind: 'seek' };

/** A lag is taken out in so long, if the speed allows it. */
const TAKEN_OUT_IN_MS = 600;
/** How much faster or slower than the clock a tile may play. */
const NUDGE = 0.5;
/** Less of a nudge than this share of the speed is none: a speed that changes all the time costs. */
const STEADY = 0.02;
const RATE_MAX = 16;
const RATE_MIN = 0.0625;

/** What to do about a lag at a speed of the clock. */
export function correctionOf(lagMs: number, rate: number): Correction {
  const fast = Math.max(rate, 1);
  if (lagMs > 500 + 500 * fast) return { kind: 'seek' };
  if (lagMs < -(100 + 100 * fast)) return { kind: 'wait' };
  const nudge = Math.min(Math.max(lagMs / TAKEN_OUT_IN_MS, -NUDGE * rate), NUDGE * rate);
  if (Math.abs(nudge) < STEADY * rate) return { kind: 'play', rate };
  const step = STEADY * rate;
  return { kind: 'play', rate: Math.min(Math.max(rate + Math.round(nudge / step) * step, RATE_MIN), RATE_MAX) };
}

/** A lag as it is measured time and again, without the jitter of single measures. */
export class Lag {
  #lagMs: number | null = null;

  /** Null until it was measured. */
  get ms(): number | null {
    return this.#lagMs;
  }

  measured(lagMs: number): void {
    // A leap is no jitter.
    const isLeap = this.#lagMs === null || Math.abs(lagMs - this.#lagMs) > 1000;
    this.#lagMs = isLeap ? lagMs : this.#lagMs! + (lagMs - this.#lagMs!) / 4;
  }

  forget(): void {
    this.#lagMs = null;
  }
}

/** So long in all the tiles that play wait for one that is late … */
const PATIENCE_MS = 2500;
/** … and so long those that have nothing to play, as long as none plays. */
const LONG_PATIENCE_MS = 15_000;
/** This share of the time that it is in step comes back. */
const RECOVERY = 0.1;

/** How long a wall waits for one tile that is late: for a hiccup, never for good. */
export class Patience {
  #spentMs = 0;

  /** True while tiles that play wait for it. */
  get isLeft(): boolean {
    return this.#spentMs < PATIENCE_MS;
  }

  /** True while tiles wait for it that have nothing to play. */
  get isLongLeft(): boolean {
    return this.#spentMs < LONG_PATIENCE_MS;
  }

  passed(elapsedMs: number, isLate: boolean): void {
    this.#spentMs = isLate
      ? Math.min(this.#spentMs + elapsedMs, LONG_PATIENCE_MS)
      : Math.max(Math.min(this.#spentMs, PATIENCE_MS) - RECOVERY * elapsedMs, 0);
  }

  renew(): void {
    this.#spentMs = 0;
  }
}

/** How a tile stands to the clock of its wall. */
export type Standing =
  /** It shows the clock's moment, or is about to. */
  | 'in-step'
  /** It has no picture of the clock's moment yet. */
  | 'late'
  /** Nothing is kept at the clock's moment. */
  | 'gap'
  /** It can't play until somebody does something. */
  | 'failed';

/** What is asked of a tile to decide over the clock. */
export interface Stand {
  readonly standing: Standing;
  readonly patience: Pick<Patience, 'isLeft' | 'isLongLeft'>;
  /** Footage of the clock's moment is known of. */
  readonly hasFootage: boolean;
  /** The end of the gap it is in, Infinity where nothing follows; null where that is not known. */
  readonly nextMs: number | null;
}

/** Whether the clock waits: for a tile while patience with it lasts, and for good where all are late. */
export function isHeld(tiles: readonly Stand[]): boolean {
  const alive = tiles.filter(({ standing }) => standing !== 'failed');
  const late = alive.filter(({ standing }) => standing === 'late');
  const isNonePlaying = alive.every(({ standing }) => standing !== 'in-step');
  if (late.some(({ patience }) => patience.isLeft || (isNonePlaying && patience.isLongLeft))) return true;
  return late.length > 0 && late.length === alive.length;
}

/**
 * Where the clock goes from a moment at which no tile has footage: to the next footage of any, which may
 * be never (Infinity). Null while a tile has footage here, or it is not known yet.
 */
export function leapOf(tiles: readonly Stand[]): number | null {
  const told = tiles.filter(
    ({ standing, patience, hasFootage }) =>
      standing !== 'failed' && (standing !== 'late' || hasFootage || patience.isLongLeft),
  );
  if (told.length === 0 || told.some(({ standing, nextMs }) => standing !== 'gap' || nextMs === null)) return null;
  return Math.min(...told.map(({ nextMs }) => nextMs!));
}
