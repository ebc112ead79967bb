/**
 * Tells the wall time of the picture on the screen, to the frame. Segments carry wall time as their
 * timestamps (90 kHz, modulo 2³³), and hls.js says which timestamp it laid at zero of each run: the time
 * of a frame follows from its place on the media timeline, without any rounding of playlists.
 */
import type { Place, Reel } from './reel';

interface Origin {
  readonly ticks: number;
  readonly perMs: number;
}

interface Waiting {
  readonly sinceMs: number;
  done(): void;
}

const WRAP_TICKS = 2 ** 33;
const TICKS_PER_MS = 90;
/** A time is known to the ms: a hair later than that lands on its frame, not on the one before. */
const HAIR_S = 0.001;
const STEP_S = 1 / 60;
const STEPS_MAX = 120;
const STEP_WITHIN_MS = 1000;
/** For browsers that tell of no picture where a seek leads to the same one; a busy one tells later. */
const FRAME_WITHIN_MS = 500;

export class FrameClock {
  readonly #video: HTMLVideoElement;
  readonly #reel: Reel;
  readonly #onFrame: () => void;
  readonly #origins = new Map<number, Origin>();
  #request = 0;
  #mediaTime: number | null = null;
  #presentedMs = 0;
  #waiting: Waiting[] = [];

  constructor(video: HTMLVideoElement, reel: Reel, onFrame: () => void) {
    this.#video = video;
    this.#reel = reel;
    this.#onFrame = onFrame;
    this.#arm();
  }

  /** When the picture came to be shown, on the page's own clock; 0 before the first. */
  get presentedMs(): number {
    return this.#presentedMs;
  }

  /** Position of the picture on the media timeline, in ms; 0 before the first. */
  get mediaMs(): number {
    return (this.#mediaTime ?? 0) * 1000;
  }

  /** Which run of the reel the picture is of; -1 before the first. */
  get run(): number {
    return this.#mediaTime === null ? -1 : (this.#reel.at(this.mediaMs + 0.5)?.run ?? -1);
  }

  /** Wall time of the picture; null before the first. */
  get timeMs(): number | null {
    return this.#mediaTime === null ? null : this.#timeAt(this.mediaMs);
  }

  /** Wall time of where the element plays, which a busy page draws late; null before the first picture. */
  get playedMs(): number | null {
    return this.#mediaTime === null ? null : this.#timeAt(this.#video.currentTime * 1000);
  }

  #timeAt(mediaMs: number): number | null {
    const at = this.#reel.at(mediaMs + 0.5);
    if (at === null) return null;
    const roughMs = at.piece.startMs + Math.max(mediaMs - at.positionMs, 0);
    const origin = this.#origins.get(at.run);
    if (origin === undefined) return Math.round(roughMs);
    const ticks = mediaMs * TICKS_PER_MS + origin.ticks * (TICKS_PER_MS / origin.perMs);
    return Math.round(nearest(ticks, roughMs * TICKS_PER_MS) / TICKS_PER_MS);
  }

  /** hls.js laid the timestamp `ticks` at zero of the media timeline, for all pieces of a run. */
  setOrigin(run: number, ticks: number, timescale: number): void {
    this.#origins.set(run, { ticks, perMs: timescale / 1000 });
  }

  /** Where on the media timeline a moment of a run is, in seconds. */
  mediaTimeOf(place: Place): number {
    const origin = this.#origins.get(place.run);
    if (origin === undefined) return place.positionMs / 1000 + HAIR_S;
    const ticks = place.timeMs * TICKS_PER_MS - origin.ticks * (TICKS_PER_MS / origin.perMs);
    return Math.max(nearest(ticks, place.positionMs * TICKS_PER_MS) / TICKS_PER_MS / 1000, 0) + HAIR_S;
  }

  /** Show the next picture, or the one before; resolves when it is shown, or there is none. */
  async step(direction: 1 | -1): Promise<void> {
    const from = this.#mediaTime;
    if (from === null) return;
    // Frames have no fixed length: look a little further until another one is shown.
    for (let steps = 1; steps <= STEPS_MAX && this.#mediaTime === from; steps += 1) {
      const to = direction < 0 ? from - HAIR_S - (steps - 1) * STEP_S : from + steps * STEP_S + HAIR_S;
      if (to < 0 || !isBuffered(this.#video, to)) return;
      const sinceMs = performance.now();
      this.#video.currentTime = to;
      await this.#settled(sinceMs);
    }
  }

  close(): void {
    this.#video.cancelVideoFrameCallback(this.#request);
    for (const { done } of this.#waiting.splice(0)) done();
  }

  #arm(): void {
    this.#request = this.#video.requestVideoFrameCallback((_now, { mediaTime, presentationTime }) => {
      this.#mediaTime = mediaTime;
      this.#presentedMs = presentationTime;
      this.#arm();
      // One that was on its way before the seek is not its picture.
      for (const waiting of this.#waiting.filter(({ sinceMs }) => sinceMs <= presentationTime)) waiting.done();
      this.#waiting = this.#waiting.filter(({ sinceMs }) => sinceMs > presentationTime);
      this.#onFrame();
    });
  }

  /** The seek has ended, and its picture is told, be it the same as before: to go on sooner is to go too far. */
  async #settled(sinceMs: number): Promise<void> {
    const told = new Promise<void>((done) => this.#waiting.push({ sinceMs, done }));
    await new Promise((resolve) => {
      this.#video.addEventListener('seeked', resolve, { once: true });
      setTimeout(resolve, STEP_WITHIN_MS);
    });
    await Promise.race([told, new Promise((resolve) => setTimeout(resolve, FRAME_WITHIN_MS))]);
  }
}

/** The value congruent to `ticks` that lies nearest to `about`: timestamps start again at 2³³. */
function nearest(ticks: number, about: number): number {
  return ticks + Math.round((about - ticks) / WRAP_TICKS) * WRAP_TICKS;
}

function isBuffered(video: HTMLVideoElement, timeS: number): boolean {
  const { buffered } = video;
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= timeS && timeS < buffered.end(index)) return true;
  }
  return false;
}
