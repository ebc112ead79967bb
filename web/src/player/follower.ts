/**
 * Makes one archive's playback follow the clock of a wall. The playback knows footage alone, one run
 * after the other; here its picture is held against wall time: nudged, sent on, stood still, and where
 * nothing is kept held ready at the first picture of the next run until the clock gets there.
 */
import { Archive, ArchiveError } from './archive';
import { isPassing } from './hls-errors';
import { Kept } from './kept';
import { Pictures } from './pictures';
import { Playback } from './playback';
import { endOf } from './runs';
import { correctionOf, Lag, Patience, type Stand, type Standing } from './step-keeping';
import type { Span } from './times';
import type { WallClock } from './wall-clock';

export interface FollowerEvents {
  /** Its standing, its gap, its error or the network changed. */
  onChange(): void;
  onError(error: ArchiveError): void;
}

/** A gap shorter than this is passed over: it would be a flicker. */
const LEAST_GAP_MS = 400;
/** While the clock stands a picture this near is the right one, or on its way. */
const STILL_MS = 1000;
const LEARN_EVERY_MS = 1000;
const TRY_AGAIN_MS = 2000;
const SEEK_LOST_MS = 4000;
/** A picture this far from where a seek went is of the time before it. */
const ASTRAY_MS = 2000;
/** From the call to play to the next picture, about. */
const START_TAKES_MS = 30;
/** How long a catching-up seek takes, until the first has told. */
const SEEK_TAKES_MS = 250;
/** It is sent so many times farther: to stand and wait is exact, to run after is not. */
const LEAD = 1.5;

export class Follower implements Stand {
  readonly archive: Archive;
  readonly kept: Kept;
  readonly pictures: Pictures;
  readonly video: HTMLVideoElement;
  readonly #clock: WallClock;
  readonly #events: FollowerEvents;
  readonly #playback: Playback;
  readonly #lag = new Lag();
  readonly #patience = new Patience();
  readonly #ended = new AbortController();
  #standing: Standing = 'late';
  #gap: Span | null = null;
  #error: ArchiveError | null = null;
  #isAway = false;
  /** Where the last seek went. */
  #targetMs: number | null = null;
  /** When it set out, on the machine's clock; null once its picture is shown. */
  #soughtAtMs: number | null = null;
  #seekTakesMs = SEEK_TAKES_MS;
  #followedAtMs = 0;
  #caughtUpAtMs = -Infinity;
  #learnAtMs = -Infinity;
  #tryAtMs: number | null = null;

  constructor(archive: Archive, clock: WallClock, events: FollowerEvents) {
    this.archive = archive;
    this.#clock = clock;
    this.#events = events;
    this.kept = new Kept(archive);
    this.pictures = new Pictures(archive);
    this.video = document.createElement('video');
    this.video.playsInline = this.video.muted = true;
    this.#playback = new Playback(
      this.video,
      archive,
      async (timeMs) => (await this.kept.locate(timeMs))?.timeMs ?? null,
      {
        onState: () => undefined,
        onTime: (timeMs) => this.#onPicture(timeMs),
        onGap: () => undefined,
        onError: (error) => this.#onFault(error),
        onAway: (isAway) => this.#setAway(isAway),
      },
    );
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** The gap at the clock's moment, infinite where no footage bounds it; null outside of one. */
  get gap(): Span | null {
    return this.#gap;
  }

  get error(): ArchiveError | null {
    return this.#error;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** How long the wall still waits for it. */
  get patience(): Patience {
    return this.#patience;
  }

  /** True where footage of the clock's moment is known of. */
  get hasFootage(): boolean {
    return this.#isKept(this.#clock.timeMs(this.#followedAtMs));
  }

  /** The wall time of the picture shown; null where it shows none. */
  get timeMs(): number | null {
    return this.#gap !== null || this.#error !== null || this.#soughtAtMs !== null ? null : this.#playback.timeMs;
  }

  /** The next footage after the gap it is in, Infinity for none; null where that is not known. */
  get nextMs(): number | null {
    return this.#gap !== null && this.kept.isKnown(this.#gap) ? this.#gap.endMs : null;
  }

  /** Look at the clock, and do what keeps the picture in step with it. Many times a second. */
  follow(atMs: number): void {
    const elapsedMs = Math.min(atMs - this.#followedAtMs, 1000);
    this.#followedAtMs = atMs;
    this.#stand(this.#followed(this.#clock.timeMs(atMs), atMs));
    this.#patience.passed(elapsedMs, this.#standing === 'late');
  }

  /** The clock was set to another moment, or stopped: show exactly that. */
  jump(atMs: number): void {
    this.#patience.renew();
    this.#targetMs = null;
    this.#learnAtMs = -Infinity;
    if (this.#error !== null && this.#error.kind !== 'refused' && this.#error.kind !== 'codec') this.#error = null;
    const timeMs = this.#clock.timeMs(atMs);
    if (this.#error === null && this.#gapAt(timeMs, atMs) === null && this.#isKept(timeMs)) this.#seek(timeMs, atMs);
    this.follow(atMs);
    this.#events.onChange();
  }

  /** One picture forward or back; resolves to its wall time, null where there is none. */
  async step(direction: 1 | -1): Promise<number | null> {
    if (this.timeMs === null) return null;
    await this.#playback.step(direction);
    return this.#playback.timeMs;
  }

  /** Its archive has another token. */
  renewed(atMs: number): void {
    void this.kept.refresh();
    if (this.#error?.kind !== 'refused') return;
    this.#error = null;
    if (this.#playback.state !== 'error' || this.#playback.timeMs === null) return this.jump(atMs);
    // Threaded anew where it stopped; from there it catches up.
    this.#targetMs = this.#playback.timeMs;
    this.#soughtAtMs = atMs;
    this.#playback.renewed();
    this.#events.onChange();
  }

  close(): void {
    this.#ended.abort();
    this.#playback.close();
    this.kept.close();
    this.pictures.close();
  }

  #followed(timeMs: number, atMs: number): Standing {
    if (this.#error !== null) return 'failed';
    if (this.#tryAtMs !== null) {
      if (atMs < this.#tryAtMs) return 'late';
      this.#tryAtMs = null;
      this.#targetMs = null;
    }
    const gap = this.#gapAt(timeMs, atMs);
    if (gap !== null) return this.#rest(gap, atMs);
    this.#setGap(null);
    return this.#keepStep(timeMs, atMs);
  }

  #isKept(timeMs: number): boolean {
    return this.#playback.holds(Math.round(timeMs)) || this.kept.at(timeMs) === 'kept';
  }

  #gapAt(timeMs: number, atMs: number): Span | null {
    if (this.#isKept(timeMs)) return null;
    const state = this.kept.at(timeMs);
    const gap = state === 'gap' ? this.kept.gapAt(timeMs) : null;
    if (state === 'unknown' || (gap !== null && !this.kept.isKnown(gap))) void this.#learn(timeMs, atMs);
    return gap !== null && gap.endMs - gap.startMs < LEAST_GAP_MS ? null : gap;
  }

  async #learn(timeMs: number, atMs: number): Promise<void> {
    if (atMs - this.#learnAtMs < LEARN_EVERY_MS) return;
    this.#learnAtMs = atMs;
    try {
      await this.kept.locate(timeMs, this.#ended.signal);
      await this.kept.before(timeMs, this.#ended.signal);
      this.#setAway(false);
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      if (!(error instanceof ArchiveError)) throw error;
      if (isPassing(error)) this.#setAway(true);
      else this.#onFault(error);
    }
  }

  /** Nothing is kept here: stand ready where footage goes on. */
  #rest(gap: Span, atMs: number): Standing {
    this.#playback.pause();
    if (this.#gap?.startMs !== gap.startMs || this.#gap.endMs !== gap.endMs) this.#setGap(gap);
    this.#lag.forget();
    if (this.nextMs !== null && Number.isFinite(gap.endMs) && this.#targetMs !== gap.endMs) this.#seek(gap.endMs, atMs);
    return 'gap';
  }

  #keepStep(timeMs: number, atMs: number): Standing {
    const state = this.#playback.state;
    const hasArrived = state === 'playing' || state === 'paused' || state === 'ended';
    if (this.#soughtAtMs !== null) {
      if (!this.#clock.isRunning) this.#playback.pause();
      if (!hasArrived || atMs - this.#soughtAtMs < SEEK_LOST_MS) return 'late';
      this.#soughtAtMs = null;
    }
    const shownMs = this.#targetMs === null ? null : this.#playback.timeMs;
    if (shownMs === null) {
      if (this.#isKept(timeMs)) this.#seek(timeMs, atMs);
      return 'late';
    }
    if (!this.#clock.isRunning) return this.#keepStill(timeMs, shownMs, atMs);
    if (state === 'ended') return 'in-step';
    this.#lag.measured(timeMs - (this.#playback.playedMs ?? shownMs));
    return this.#correct(timeMs, this.#lag.ms!, atMs);
  }

  #keepStill(timeMs: number, shownMs: number, atMs: number): Standing {
    this.#playback.pause();
    this.#lag.forget();
    if (Math.abs(timeMs - shownMs) > STILL_MS && this.#targetMs !== Math.round(timeMs) && this.#isKept(timeMs)) {
      this.#seek(timeMs, atMs);
      return 'late';
    }
    return this.#playback.state === 'loading' ? 'late' : 'in-step';
  }

  #correct(timeMs: number, lagMs: number, atMs: number): Standing {
    const { rate } = this.#clock;
    const isLoading = this.#playback.state === 'loading';
    const correction = correctionOf(lagMs, rate);
    if (correction.kind === 'wait') {
      return this.#waitAhead(timeMs, lagMs, atMs);
    }
    if (correction.kind === 'seek' && !isLoading && atMs - this.#caughtUpAtMs > 4 * this.#seekTakesMs) {
      this.#caughtUpAtMs = atMs;
      this.#seek(this.#within(timeMs, timeMs + LEAD * this.#seekTakesMs * rate), atMs);
      return 'late';
    }
    if (correction.kind === 'play' && this.video.playbackRate !== correction.rate) this.video.playbackRate = correction.rate;
    if (this.video.paused) {
      if (lagMs < -START_TAKES_MS * rate) return 'in-step';
      this.#playback.play();
    }
    return isLoading || correction.kind === 'seek' ? 'late' : 'in-step';
  }

  /** Ahead, it stands still; over the end of a run, in which the clock still is, it has nothing to show yet. */
  #waitAhead(timeMs: number, lagMs: number, atMs: number): Standing {
    this.#playback.pause();
    if (lagMs > -2 * STILL_MS) return 'in-step';
    const [run] = this.kept.entries({ startMs: timeMs, endMs: timeMs + 1 });
    const isOver = run !== undefined && endOf(run) - timeMs < STILL_MS * Math.max(this.#clock.rate, 1);
    const gap = isOver ? this.kept.gapAt(endOf(run)) : null;
    if (gap !== null && gap.endMs <= timeMs - lagMs + 1) return this.#rest(gap, atMs);
    this.#seek(timeMs, atMs);
    return 'late';
  }

  /** A moment not far after another, but not over the end of its run. */
  #within(timeMs: number, laterMs: number): number {
    return this.#isKept(laterMs) ? laterMs : timeMs;
  }

  #seek(timeMs: number, atMs: number): void {
    this.#lag.forget();
    this.#targetMs = Math.round(timeMs);
    this.#soughtAtMs = atMs;
    void this.#playback.seek(this.#targetMs);
  }

  #onPicture(timeMs: number): void {
    const atMs = performance.now();
    this.#setAway(false);
    if (this.#soughtAtMs !== null) {
      const tookMs = Math.min(atMs - this.#soughtAtMs, 2000);
      if (Math.abs(timeMs - this.#targetMs!) > ASTRAY_MS && tookMs < 1000) return;
      this.#seekTakesMs += (tookMs - this.#seekTakesMs) / 2;
      this.#soughtAtMs = null;
    }
  }

  #onFault(error: ArchiveError): void {
    // What passes by itself is tried again; so is a moment that was said to be kept, and is not.
    if (isPassing(error) || error.kind === 'empty') {
      this.#setAway(isPassing(error));
      this.#tryAtMs = performance.now() + TRY_AGAIN_MS;
      this.#soughtAtMs = null;
      return;
    }
    this.#error = error;
    this.#setGap(null);
    this.#soughtAtMs = null;
    this.#stand('failed');
    this.#events.onError(error);
  }

  #setAway(isAway: boolean): void {
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#events.onChange();
  }

  #setGap(gap: Span | null): void {
    if (gap === this.#gap) return;
    this.#gap = gap;
    this.#events.onChange();
  }

  #stand(standing: Standing): void {
    if (standing === this.#standing) return;
    this.#standing = standing;
    this.#events.onChange();
  }
}
