/**
 * The one clock that all tiles of a wall keep to: a wall time that goes on while it runs, so many times as
 * fast as life. Pure: the moment on the machine's own clock (`atMs`, as of `performance.now()`) is told to it.
 */
export class WallClock {
  #timeMs = 0;
  #sinceMs = 0;
  #rate = 1;
  #isRunning = false;

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get rate(): number {
    return this.#rate;
  }

  /** The wall time at a moment, in ms since the epoch, with fractions. */
  timeMs(atMs: number): number {
    return this.#timeMs + (this.#isRunning ? (atMs - this.#sinceMs) * this.#rate : 0);
  }

  set(timeMs: number, atMs: number): void {
    this.#timeMs = timeMs;
    this.#sinceMs = atMs;
  }

  run(isRunning: boolean, atMs: number): void {
    this.set(this.timeMs(atMs), atMs);
    this.#isRunning = isRunning;
  }

  setRate(rate: number, atMs: number): void {
    this.set(this.timeMs(atMs), atMs);
    this.#rate = rate;
  }
}
