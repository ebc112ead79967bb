/**
 * Pictures to look through an archive by. The first request goes out at once; while as many as may are
 * under way, only the latest wish waits, and whatever it overtakes is dropped. Moments are rounded to a
 * grid that fits the zoom, so that neighbours meet the same pictures again, and when nobody asks, the
 * neighbours are fetched ahead. At most `KEPT_MAX` pictures are held in memory.
 */
import { ArchiveError, isAbort, type Archive } from './archive';
import type { Span } from './times';

const IN_FLIGHT_MAX = 3;
const KEPT_MAX = 160;
/** A request that has taken this long gives way to a newer wish. */
const SLOW_MS = 250;
const IDLE_MS = 80;
const BUSY_RETRY_MS = 250;
/** Finer than this the grid need not be: keyframes are seconds apart. */
const FINEST_MS = 1000;
export const PICTURE_WIDTH_PX = 320;

export interface Picture {
  /** The moment on the grid that it was asked for. */
  readonly timeMs: number;
  /** The moment that it shows. */
  readonly frameMs: number;
  readonly image: ImageBitmap;
}

/** What is wished for: a moment, in a run, at a zoom. */
export interface Wish {
  readonly timeMs: number;
  /** Milliseconds to the pixel: how exact a pointer can be. */
  readonly msPerPx: number;
  /** The run that holds the moment: no picture is sought outside it. */
  readonly run: Span;
}

interface Waiting {
  readonly timeMs: number;
  readonly settle: (picture: Picture | null) => void;
}

interface Flight {
  readonly abort: AbortController;
  readonly startedMs: number;
  readonly done: Promise<Picture | null>;
  readonly isAhead: boolean;
}

/** The moment to ask for: on a grid of powers of two, so that the grids of all zooms share their points. */
export function gridMoment({ timeMs, msPerPx, run }: Wish): number {
  const step = gridStep(msPerPx);
  return Math.min(Math.max(Math.floor(timeMs / step) * step, run.startMs), run.endMs - 1);
}

export function gridStep(msPerPx: number): number {
  return FINEST_MS * 2 ** Math.max(Math.floor(Math.log2((2 * msPerPx) / FINEST_MS)), 0);
}

export class Pictures {
  readonly #archive: Archive;
  readonly #kept = new Map<number, Picture>();
  readonly #flights = new Map<number, Flight>();
  #waiting: Waiting | null = null;
  #wish: Wish | null = null;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /** The picture of a wish if it is at hand. */
  kept(wish: Wish): Picture | null {
    return this.#kept.get(gridMoment(wish)) ?? null;
  }

  /** The picture of a wish; null where there is none, or a later wish came between. Never throws. */
  at(wish: Wish): Promise<Picture | null> {
    const timeMs = gridMoment(wish);
    this.#overtake();
    this.#restWith(wish);
    const kept = this.#touched(timeMs);
    if (kept !== null || this.#isClosed) return Promise.resolve(kept);
    const flight = this.#flights.get(timeMs);
    if (flight !== undefined) return flight.done;
    this.#makeRoom();
    if (this.#flights.size < IN_FLIGHT_MAX) return this.#fly(timeMs, false);
    return new Promise((settle) => (this.#waiting = { timeMs, settle }));
  }

  /** Nobody looks any more: drops what is under way, keeps what is there. */
  rest(): void {
    clearTimeout(this.#idle);
    this.#wish = null;
    this.#overtake();
    for (const flight of this.#flights.values()) flight.abort.abort();
  }

  /** Ends all loading and gives the memory back. */
  close(): void {
    this.#isClosed = true;
    this.rest();
    for (const { image } of this.#kept.values()) image.close();
    this.#kept.clear();
  }

  #overtake(): void {
    this.#waiting?.settle(null);
    this.#waiting = null;
  }

  /** What was fetched ahead goes first, then what has taken long. */
  #makeRoom(): void {
    const now = performance.now();
    const isFull = (): boolean => this.#flights.size >= IN_FLIGHT_MAX;
    for (const [timeMs, flight] of this.#flights) {
      if (!isFull()) return;
      if (!flight.isAhead && now - flight.startedMs < SLOW_MS) continue;
      flight.abort.abort();
      this.#flights.delete(timeMs);
    }
  }

  #fly(timeMs: number, isAhead: boolean): Promise<Picture | null> {
    const abort = new AbortController();
    const done = this.#fetch(timeMs, abort.signal).finally(() => {
      if (this.#flights.get(timeMs)?.abort === abort) this.#flights.delete(timeMs);
      this.#next();
      if (isAhead && !abort.signal.aborted) this.#fetchAhead();
    });
    this.#flights.set(timeMs, { abort, startedMs: performance.now(), done, isAhead });
    return done;
  }

  #next(): void {
    const waiting = this.#waiting;
    if (waiting === null || this.#flights.size >= IN_FLIGHT_MAX) return;
    this.#waiting = null;
    void this.#fly(waiting.timeMs, false).then(waiting.settle);
  }

  async #fetch(timeMs: number, signal: AbortSignal): Promise<Picture | null> {
    for (let isAgain = false; ; isAgain = true) {
      try {
        const { jpeg, frameMs } = await this.#archive.picture(timeMs, PICTURE_WIDTH_PX, signal);
        const image = await createImageBitmap(jpeg);
        return this.#keep({ timeMs, frameMs, image });
      } catch (error) {
        const isBusy = error instanceof ArchiveError && error.kind === 'busy';
        // A timeline works without pictures; what ails the link is told by what can't do without it.
        if (!isBusy || isAgain || isAbort(error)) return null;
        await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS));
      }
    }
  }

  #keep(picture: Picture): Picture | null {
    if (this.#isClosed) {
      picture.image.close();
      return null;
    }
    this.#kept.get(picture.timeMs)?.image.close();
    this.#kept.set(picture.timeMs, picture);
    for (const [timeMs, oldest] of this.#kept) {
      if (this.#kept.size <= KEPT_MAX) break;
      oldest.image.close();
      this.#kept.delete(timeMs);
    }
    return picture;
  }

  /** A Map goes through its keys in the order in which they came: the newest use goes last. */
  #touched(timeMs: number): Picture | null {
    const picture = this.#kept.get(timeMs);
    if (picture === undefined) return null;
    this.#kept.delete(timeMs);
    this.#kept.set(timeMs, picture);
    return picture;
  }

  #restWith(wish: Wish): void {
    clearTimeout(this.#idle);
    this.#wish = wish;
    this.#idle = setTimeout(() => this.#fetchAhead(), IDLE_MS);
  }

  #fetchAhead(): void {
    const wish = this.#wish;
    if (wish === null || this.#isClosed) return;
    const step = gridStep(wish.msPerPx);
    for (const steps of [1, -1, 2, -2]) {
      const timeMs = wish.timeMs + steps * step;
      if (timeMs < wish.run.startMs || timeMs >= wish.run.endMs) continue;
      const moment = gridMoment({ ...wish, timeMs });
      // One place stays free: the next wish need not wait for what nobody asked for.
      if (this.#flights.size >= IN_FLIGHT_MAX - 1) break;
      if (!this.#kept.has(moment) && !this.#flights.has(moment)) void this.#fly(moment, true);
    }
  }
}
