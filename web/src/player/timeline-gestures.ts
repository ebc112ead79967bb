/**
 * What fingers, pens and mice mean on a timeline: a click, a pan, a pinch, a scrub, a mark moved. Knows
 * positions and time only; what lies under a position and what follows from a meaning is its owner's.
 *
 *     press ─ release ──────────────────▶ click
 *       ├─ moved on the lane ───────────▶ pan
 *       ├─ moved on ruler or playhead, ─▶ scrub, and seek at release
 *       │  or with shift, or held long by touch
 *       ├─ moved on a mark ─────────────▶ mark
 *       └─ a second finger ─────────────▶ pinch
 */

/** What lies under a position. */
export type Place = 'lane' | 'ruler' | 'playhead' | 'in' | 'out';
export type Mode = 'none' | 'press' | 'pan' | 'scrub' | 'mark' | 'pinch';

/** What is needed of a pointer event; `x` and `y` in pixels of the timeline. */
export interface Pointer {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  readonly isTouch: boolean;
  readonly shift: boolean;
}

export interface Meanings {
  placeAt(x: number, y: number, isTouch: boolean): Place;
  click(x: number): void;
  pan(byPx: number): void;
  /** `spread` is how many times as far apart the fingers are as a moment ago. */
  pinch(centreX: number, byPx: number, spread: number): void;
  scrub(x: number): void;
  scrubEnd(x: number, isCancelled: boolean): void;
  mark(which: 'in' | 'out', x: number): void;
  markEnd(isCancelled: boolean): void;
}

const SLOP_PX = { mouse: 4, touch: 9 };
const LONG_PRESS_MS = 450;
const MIN_SPREAD_PX = 24;

export class Gestures {
  readonly #to: Meanings;
  readonly #down = new Map<number, Pointer>();
  #mode: Mode = 'none';
  #from: Pointer | null = null;
  #place: Place = 'lane';
  #lastX = 0;
  #longPress: ReturnType<typeof setTimeout> | undefined;

  constructor(to: Meanings) {
    this.#to = to;
  }

  get mode(): Mode {
    return this.#mode;
  }

  press(pointer: Pointer): void {
    this.#down.set(pointer.id, pointer);
    if (this.#down.size === 2) this.#startPinch();
    if (this.#down.size > 1) return;
    this.#mode = 'press';
    this.#from = pointer;
    this.#lastX = pointer.x;
    this.#place = this.#to.placeAt(pointer.x, pointer.y, pointer.isTouch);
    clearTimeout(this.#longPress);
    if (pointer.isTouch) this.#longPress = setTimeout(() => this.#held(), LONG_PRESS_MS);
  }

  move(pointer: Pointer): void {
    const before = this.#down.get(pointer.id);
    if (before === undefined) return;
    this.#down.set(pointer.id, pointer);
    if (this.#mode === 'pinch') this.#pinchBy(before, pointer);
    if (this.#down.size > 1 || this.#from === null) return;
    if (this.#mode === 'press' && this.#hasMoved(pointer)) this.#decide(pointer);
    if (this.#mode === 'pan') this.#to.pan(pointer.x - this.#lastX);
    if (this.#mode === 'scrub') this.#to.scrub(pointer.x);
    if (this.#mode === 'mark') this.#to.mark(this.#place === 'in' ? 'in' : 'out', pointer.x);
    this.#lastX = pointer.x;
  }

  release(pointer: Pointer): void {
    if (!this.#down.delete(pointer.id)) return;
    const mode = this.#mode;
    // A finger that stays after a pinch pans on, but its lifting is no click.
    if (mode === 'pinch' && this.#down.size === 1) return this.#goOnAfterPinch();
    if (this.#down.size > 0) return;
    this.#end();
    if (mode === 'press') this.#to.click(pointer.x);
    if (mode === 'scrub') this.#to.scrubEnd(pointer.x, false);
    if (mode === 'mark') this.#to.markEnd(false);
  }

  /** The browser took the pointer away, or Escape was pressed: nothing follows. */
  cancel(): void {
    const mode = this.#mode;
    const x = this.#lastX;
    this.#down.clear();
    this.#end();
    if (mode === 'scrub') this.#to.scrubEnd(x, true);
    if (mode === 'mark') this.#to.markEnd(true);
  }

  #end(): void {
    clearTimeout(this.#longPress);
    this.#mode = 'none';
    this.#from = null;
  }

  #hasMoved(pointer: Pointer): boolean {
    const slop = pointer.isTouch ? SLOP_PX.touch : SLOP_PX.mouse;
    return Math.abs(pointer.x - this.#from!.x) > slop;
  }

  #decide(pointer: Pointer): void {
    clearTimeout(this.#longPress);
    if (pointer.shift || this.#from!.shift) this.#mode = 'scrub';
    else if (this.#place === 'in' || this.#place === 'out') this.#mode = 'mark';
    else this.#mode = this.#place === 'lane' ? 'pan' : 'scrub';
    // What the slop swallowed is panned now, so that the moment grabbed stays under the pointer.
    this.#lastX = this.#from!.x;
  }

  #held(): void {
    if (this.#mode !== 'press') return;
    this.#mode = 'scrub';
    this.#to.scrub(this.#lastX);
  }

  #startPinch(): void {
    if (this.#mode === 'scrub' || this.#mode === 'mark') return;
    clearTimeout(this.#longPress);
    this.#mode = 'pinch';
  }

  #pinchBy(before: Pointer, now: Pointer): void {
    const other = [...this.#down.values()].find(({ id }) => id !== now.id);
    if (other === undefined) return;
    const far = (a: Pointer, b: Pointer): number => Math.max(Math.abs(a.x - b.x), MIN_SPREAD_PX);
    const centreX = (now.x + other.x) / 2;
    this.#to.pinch(centreX, (now.x - before.x) / 2, far(now, other) / far(before, other));
  }

  #goOnAfterPinch(): void {
    const [left] = this.#down.values();
    this.#mode = 'pan';
    this.#from = left!;
    this.#lastX = left!.x;
  }
}
