/**
 * Plays an archive in a media element as if it were one endless film: windows of the archive are
 * threaded onto a reel as the playhead moves, gaps are passed over, and new footage is taken in as it
 * is recorded. hls.js does the media work. What it tells is what the element confirms, frame by frame.
 */
import Hls, { Events, type ErrorData } from 'hls.js';
import { type Archive, ArchiveError, isAbort } from './archive';
import { FrameClock } from './frame-clock';
import { errorOf, isPassing, missingPiece } from './hls-errors';
import { PieceLoader } from './piece-loader';
import { endOf, parsePlaylist, type Piece } from './playlist';
import { type Place, Reel } from './reel';
import { reelLoader } from './reel-loader';

export type PlaybackState = 'idle' | 'loading' | 'playing' | 'paused' | 'ended' | 'error';

export interface Gap {
  /** Nothing is kept from here … */
  readonly fromMs: number;
  /** … to here, where play goes on. */
  readonly toMs: number;
}

export interface PlaybackEvents {
  onState(state: PlaybackState): void;
  /** A picture is shown, of this moment. */
  onTime(timeMs: number): void;
  onGap(gap: Gap): void;
  onError(error: ArchiveError): void;
  /** The network went away, or came back: it is tried again until it does. */
  onAway(isAway: boolean): void;
}

/** Where the archive has footage at or after a moment; null where it has none. */
export type NextKept = (timeMs: number) => Promise<number | null>;

const BEHIND_MS = 90_000;
const AHEAD_MS = 900_000;
/** More is threaded while less than this is left to play, at normal speed. */
const ENOUGH_MS = 300_000;
const BUFFER_S = 30;
const ASK_AGAIN_MS = 1900;
const RETRY_MS = [1000, 2000, 4000, 8000];
/** Of hls.js: it gives up early, for the player goes on trying, and says so. */
const LOAD_POLICY = {
  maxTimeToFirstByteMs: 10_000,
  maxLoadTimeMs: 60_000,
  timeoutRetry: { maxNumRetry: 1, retryDelayMs: 0, maxRetryDelayMs: 0 },
  errorRetry: { maxNumRetry: 1, retryDelayMs: 500, maxRetryDelayMs: 500 },
};
/** Footage that ends within this of the present is still being recorded. */
const GROWING_MS = 60_000;
/** How far behind the newest footage live play keeps: a segment, and the time to ask for it. */
const LIVE_BEHIND_MS = 9000;
const LIVE_WITHIN_MS = 30_000;
/** A seek that shows no other picture than before is over after this. */
const PICTURE_WITHIN_MS = 1000;
const AT_END_S = 0.25;
const NEAR_END_S = 1;
/** What pieces last may differ from what the list says of them. */
const DRIFT_S = 0.5;
/** A camera that connects anew leaves shorter holes, which nobody need be told of. */
const TELL_GAP_MS = 1000;

export class Playback {
  readonly #video: HTMLVideoElement;
  readonly #archive: Archive;
  readonly #nextKept: NextKept;
  readonly #events: PlaybackEvents;
  readonly #clock: FrameClock;
  readonly #reel = new Reel();
  readonly #ended = new AbortController();
  #hls: Hls | null = null;
  #state: PlaybackState = 'idle';
  #loading = new AbortController();
  /** Where a seek is on its way to; null once its picture is shown. */
  #wanted: Place | null = null;
  /** The moment of a seek for which the network was away. */
  #unmet: number | null = null;
  /** When the element set out for its place: a picture that was shown before is not of it. */
  #setOutMs = 0;
  #pictureTimer: ReturnType<typeof setTimeout> | undefined;
  #isListed = true;
  #isEntering = false;
  /** Told to play while there was no source yet. */
  #isToPlay = false;
  /** How far the reel went when hls.js read it last. */
  #listedToMs = 0;
  #isStopped = false;
  #askedMs = 0;
  #isAtTail = false;
  #isAway = false;
  #retries = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #hasRecovered = false;
  /** Footage ahead that can't be played, and why: no matter until it is reached. */
  #unplayable: { positionMs: number; error: ArchiveError } | null = null;
  #isWantedLive = false;
  #lastRun = -1;

  constructor(video: HTMLVideoElement, archive: Archive, nextKept: NextKept, events: PlaybackEvents) {
    this.#video = video;
    this.#archive = archive;
    this.#nextKept = nextKept;
    this.#events = events;
    this.#clock = new FrameClock(video, this.#reel, () => this.#onFrame());
    const on = (names: string[], act: () => void): void => {
      for (const name of names) video.addEventListener(name, act, { signal: this.#ended.signal });
    };
    on(['playing', 'pause', 'canplay', 'seeked', 'seeking', 'waiting', 'timeupdate'], () => this.#settle());
    on(['seeked'], () => this.#onSeeked());
    on(['ratechange'], () => this.#fitBuffer());
    on(['durationchange'], () => this.#isEntering && this.#enter());
    globalThis.addEventListener('online', () => void this.#retry(), { signal: this.#ended.signal });
  }

  get state(): PlaybackState {
    return this.#state;
  }

  /** The moment of the picture shown, or that a seek is on its way to; null before the first. */
  get timeMs(): number | null {
    return this.#unmet ?? this.#wanted?.timeMs ?? this.#clock.timeMs;
  }

  /** True while what plays is the newest there is, as it is recorded. */
  get isLive(): boolean {
    const end = this.#reel.last;
    if (!this.#isAtTail || end === null || Date.now() - endOf(end) > GROWING_MS) return false;
    return this.#reel.endPositionMs - this.#video.currentTime * 1000 < LIVE_WITHIN_MS;
  }

  /** The moment that the element plays; what is drawn of it can be late. Null before the first picture. */
  get playedMs(): number | null {
    return this.#clock.playedMs;
  }

  /** True for a moment of which footage is threaded, also where that is newer than what else is known. */
  holds(timeMs: number): boolean {
    return this.#reel.find(timeMs)?.timeMs === timeMs;
  }

  /** Show a moment, or where nothing is kept the next footage after it, and go on as before. */
  async seek(timeMs: number): Promise<void> {
    this.#isWantedLive = false;
    return this.#seek(timeMs, false);
  }

  async #seek(timeMs: number, isAnew: boolean): Promise<void> {
    this.#loading.abort();
    const { signal } = (this.#loading = new AbortController());
    this.#hasRecovered = false;
    this.#unplayable = null;
    this.#setState('loading');
    try {
      if (isAnew || this.#hls === null || this.#reel.find(timeMs) === null) {
        const pieces = await this.#piecesAround(timeMs, signal);
        if (signal.aborted) return;
        if (pieces === null) throw new ArchiveError('empty', 'Nothing is kept at this time or after it.');
        this.#reel.begin(pieces);
        this.#isAtTail = this.#isListed = false;
      }
      // All that is threaded can lie behind the moment: what was before it may be far away, or nothing.
      const place = this.#reel.find(Math.max(timeMs, this.#reel.stretch!.startMs))!;
      if (place.timeMs > timeMs) this.#events.onGap({ fromMs: timeMs, toMs: place.timeMs });
      this.#goTo(place);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      const fault = asArchiveError(error);
      if (!isPassing(fault)) return this.#fail(fault);
      this.#unmet = timeMs;
      this.#setAway(true);
      this.#retryLater();
    }
  }

  /** The newest footage, and on with it as it is recorded. */
  async live(): Promise<void> {
    this.#isWantedLive = true;
    try {
      const { first, last } = await this.#archive.info(this.#ended.signal);
      if (!this.#isWantedLive) return;
      if (first === null || last === null) throw new ArchiveError('empty', 'Nothing is kept of this camera yet.');
      this.#video.playbackRate = 1;
      this.play();
      await this.seek(Math.max(last - LIVE_BEHIND_MS, first));
      // What is threaded may reach the newest already: then that is known before it is read again.
      const end = this.#reel.last;
      if (end !== null && endOf(end) >= last) this.#isAtTail = true;
    } catch (error) {
      if (isAbort(error)) return;
      const fault = asArchiveError(error);
      if (!isPassing(fault)) return this.#fail(fault);
      this.#setAway(true);
      this.#retryLater();
    }
  }

  play(): void {
    this.#isToPlay = this.#hls === null;
    // Refused autoplay is no fault: the element then stays paused, and says so by its own events.
    this.#video.play().catch(() => this.#settle());
  }

  pause(): void {
    this.#isToPlay = false;
    this.#video.pause();
  }

  /** One picture forward or back, whatever the frame rate is. Pauses. */
  async step(direction: 1 | -1): Promise<void> {
    this.#video.pause();
    await this.#clock.step(direction);
  }

  /** A new token was handed in: what was refused is tried again. */
  renewed(): void {
    if (this.#state === 'error' && this.timeMs !== null) void this.#seek(this.timeMs, true);
  }

  close(): void {
    this.#ended.abort();
    this.#loading.abort();
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#pictureTimer);
    this.#clock.close();
    this.#hls?.destroy();
    this.#hls = null;
    this.#state = 'idle';
  }

  #goTo(place: Place): void {
    this.#wanted = place;
    this.#unmet = null;
    this.#isEntering = false;
    this.#lastRun = place.run;
    if (this.#hls === null) this.#open(place.positionMs);
    else if (this.#isListed) {
      this.#setOut(place);
      this.#startLoad();
    } else this.#readReel();
  }

  #setOut(place: Place): void {
    this.#setOutMs = performance.now();
    this.#video.currentTime = this.#clock.mediaTimeOf(place);
  }

  /**
   * Starting to load again makes hls.js read the reel at once, where that is due; the element can only be
   * sent to a place when it knows that the film has become so long.
   */
  #readReel(): void {
    this.#stopLoad();
    const listed = this.#hls?.levels[0]?.details;
    if (listed) listed.requestScheduled = 0;
    this.#startLoad();
  }

  #open(positionMs: number): void {
    if (!Hls.isSupported()) {
      this.#fail(new ArchiveError('codec', 'This browser can’t play HLS video.'));
      return;
    }
    const archive = this.#archive;
    const hls = new Hls({
      // A worker would have to be a file of this page's own origin.
      enableWorker: false,
      testBandwidth: false,
      startPosition: positionMs / 1000,
      backBufferLength: BUFFER_S,
      maxBufferSize: 128 << 20,
      liveSyncDurationCount: 1,
      fragLoadPolicy: { default: LOAD_POLICY },
      fLoader: PieceLoader as never,
      pLoader: reelLoader(() => this.#listing()) as never,
      // Whatever token a URL was made with: the one that is good now opens it.
      xhrSetup: (xhr, url) => xhr.open('GET', archive.signed(url), true),
    });
    this.#hls = hls;
    this.#fitBuffer();
    hls.on(Events.ERROR, (_name, data) => this.#hls === hls && this.#onHlsError(data));
    // An element that was told to play before it had a source may have forgotten it when it got one.
    hls.on(Events.MEDIA_ATTACHED, () => this.#isToPlay && this.play());
    hls.on(Events.LEVEL_UPDATED, () => this.#onListed());
    hls.on(Events.FRAG_LOADED, () => this.#setAway(false));
    hls.on(Events.INIT_PTS_FOUND, (_name, { frag, initPTS, timescale }) => {
      this.#clock.setOrigin(frag.cc, initPTS, timescale);
      const wanted = this.#wanted;
      if (wanted?.run === frag.cc && !this.#video.seeking) this.#setOut(wanted);
    });
    hls.loadSource(`${archive.link.archiveUrl}/reel.m3u8`);
    hls.attachMedia(this.#video);
  }

  #onListed(): void {
    const place = this.#wanted;
    if (this.#isListed || place === null) return;
    if (this.#listedToMs <= place.positionMs) {
      // It was on its way before the place was threaded: the element would go to its end, and no further.
      setTimeout(() => !this.#isListed && this.#readReel());
      return;
    }
    this.#isListed = true;
    this.#enter();
  }

  /**
   * Sends the element to a place that has been listed. hls.js makes the film longer once nothing is being
   * appended; until then the element would go to the old end, where the new stretch begins.
   */
  #enter(): void {
    if (this.#wanted === null || !this.#isListed) return;
    this.#isEntering = this.#video.duration < this.#clock.mediaTimeOf(this.#wanted) - DRIFT_S;
    if (!this.#isEntering) this.#setOut(this.#wanted);
  }

  /** What hls.js reads as the playlist: the reel, with more threaded where its end is near. */
  async #listing(): Promise<string> {
    const positionMs = this.#video.currentTime * 1000;
    const leftMs = this.#reel.endPositionMs - Math.max(positionMs, this.#wanted?.positionMs ?? 0);
    if (leftMs < ENOUGH_MS * Math.max(this.#video.playbackRate, 1)) await this.#extend();
    if (this.#wanted === null) this.#reel.forget(positionMs);
    this.#listedToMs = this.#reel.endPositionMs;
    return this.#reel.text();
  }

  async #extend(): Promise<void> {
    const last = this.#reel.last;
    if (last === null || performance.now() - this.#askedMs < ASK_AGAIN_MS) return;
    this.#askedMs = performance.now();
    const { signal } = this.#loading;
    try {
      let fresh = (await this.#pieces(last.startMs, last.startMs + AHEAD_MS, signal)) ?? [];
      if (this.#reel.last !== last) return;
      let count = this.#reel.extend(fresh);
      if (count === 0 && last.startMs + AHEAD_MS < Date.now()) {
        const next = await this.#nextKept(endOf(last));
        fresh = next === null ? [] : ((await this.#pieces(next, next + AHEAD_MS, signal)) ?? []);
        if (this.#reel.last !== last) return;
        count = this.#reel.extend(fresh);
      }
      this.#isAtTail = count === 0 || endOf(fresh.at(-1)!) > Date.now() - GROWING_MS;
      if (this.#state !== 'error') this.#setAway(false);
    } catch (error) {
      if (isAbort(error)) return;
      const fault = asArchiveError(error);
      if (isPassing(fault)) this.#setAway(true);
      else if (leftToPlay(this.#video, this.#reel) < 1) this.#fail(fault);
    }
  }

  /** Pieces from a little before a moment on, some of them at or after it; null where there are none. */
  async #piecesAround(timeMs: number, signal: AbortSignal): Promise<Piece[] | null> {
    const near = await this.#pieces(timeMs - BEHIND_MS, timeMs + AHEAD_MS, signal);
    if (near !== null && endOf(near.at(-1)!) > timeMs) return near;
    const next = await this.#nextKept(timeMs);
    return next === null ? null : this.#pieces(next, next + AHEAD_MS, signal);
  }

  async #pieces(startMs: number, endMs: number, signal: AbortSignal): Promise<Piece[] | null> {
    const span = { startMs: Math.max(Math.floor(startMs), 0), endMs: Math.ceil(endMs) };
    const text = await this.#archive.playlist(span, signal);
    if (text === null) return null;
    const pieces = parsePlaylist(text, this.#archive.playlistUrl(span, true));
    return pieces.length === 0 ? null : pieces;
  }

  /** The picture of a seek comes before the element says that it has ended, or after; or it is the old one. */
  #onSeeked(): void {
    clearTimeout(this.#pictureTimer);
    if (this.#clock.presentedMs >= this.#setOutMs) return this.#onFrame();
    this.#pictureTimer = setTimeout(() => {
      this.#setOutMs = 0;
      this.#onFrame();
      this.#settle();
    }, PICTURE_WITHIN_MS);
  }

  #onFrame(): void {
    const { timeMs, run, presentedMs } = this.#clock;
    // While a seek is on its way the picture is still the one before, which a busy page may be told of only now.
    const isOld = this.#wanted !== null && (this.#wanted.run !== run || presentedMs < this.#setOutMs);
    if (timeMs === null || this.#video.seeking || isOld) return;
    // At a high speed a run can be shorter than the time between two pictures.
    for (let met = this.#lastRun + 1; this.#wanted === null && met <= run; met += 1) {
      const hole = this.#reel.holeBefore(met);
      if (hole !== null && hole.toMs - hole.fromMs > TELL_GAP_MS) this.#events.onGap(hole);
    }
    this.#lastRun = run;
    this.#wanted = null;
    this.#events.onTime(timeMs);
  }

  #settle(): void {
    if (this.#state === 'idle' || this.#state === 'error' || this.#hls === null) return;
    const video = this.#video;
    const isStarved = video.seeking || video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
    if (isStarved && !video.seeking && this.#unplayable !== null && this.#hasReached(this.#unplayable.positionMs))
      return this.#meetUnplayable(this.#unplayable);
    if (isStarved && !video.seeking && this.#isOver()) {
      video.pause();
      this.#setState('ended');
    } else if (isStarved) this.#setState(video.paused && !video.seeking ? 'paused' : 'loading');
    else this.#setState(video.paused ? 'paused' : 'playing');
  }

  /** The last picture is shown, and the camera records no more. */
  #isOver(): boolean {
    const last = this.#reel.last;
    if (!this.#isAtTail || last === null || this.#wanted !== null) return false;
    const { buffered, playbackRate } = this.#video;
    const isAllThere = buffered.length > 0 && buffered.end(buffered.length - 1) > this.#reel.endPositionMs / 1000 - AT_END_S;
    // Where pictures are far apart or pass quickly, the element stops before the last moment.
    const isNear = leftToPlay(this.#video, this.#reel) < Math.max(NEAR_END_S, AT_END_S * playbackRate);
    return isAllThere && isNear && Date.now() - endOf(last) > GROWING_MS;
  }

  #onHlsError(data: ErrorData): void {
    const missing = missingPiece(data);
    if (missing !== null) {
      // Removed since it was listed, by retention say: go on behind it.
      const place = this.#reel.at(missing * 1000 + 1);
      if (place !== null) void this.seek(endOf(place.piece));
      return;
    }
    const error = errorOf(data);
    if (error === null) return;
    if (isPassing(error)) {
      this.#setAway(true);
      this.#retryLater();
    } else if (error.kind === 'codec' && data.frag) {
      this.#stopLoad();
      const met = { positionMs: data.frag.start * 1000, error };
      // A picture that is still on its way is before it, or it is what cannot be shown.
      const atMs = this.#wanted?.positionMs ?? this.#video.currentTime * 1000;
      if (met.positionMs > atMs + AT_END_S * 1000) this.#unplayable = met;
      else this.#meetUnplayable(met);
    } else if (error.kind === 'picture' && !this.#hasRecovered) {
      this.#hasRecovered = true;
      this.#hls?.recoverMediaError();
    } else this.#fail(error);
  }

  /** An element that has nothing to play stands before that position, or waits for its first picture. */
  #hasReached(positionMs: number): boolean {
    return this.#wanted === null || positionMs / 1000 - this.#video.currentTime < NEAR_END_S;
  }

  /** Play has come to footage that this browser can't play. */
  #meetUnplayable({ positionMs, error }: { positionMs: number; error: ArchiveError }): void {
    this.#unplayable = null;
    const place = this.#reel.at(positionMs + 1);
    const isBefore = this.#wanted === null || this.#wanted.positionMs < positionMs;
    if (isBefore && place !== null) this.#wanted = { ...place, timeMs: place.piece.startMs };
    this.#fail(error);
  }

  /** Once the archive answers again, what was shown last is threaded anew: hls.js gave up on the old. */
  async #retry(): Promise<void> {
    clearTimeout(this.#retryTimer);
    if (!this.#isAway || this.#ended.signal.aborted) return;
    try {
      await this.#archive.info(this.#ended.signal);
    } catch (error) {
      if (!isAbort(error)) this.#retryLater();
      return;
    }
    this.#setAway(false);
    if (this.#isWantedLive) await this.live();
    else if (this.timeMs !== null) await this.#seek(this.timeMs, true);
  }

  #retryLater(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => void this.#retry(), retryAfterMs(this.#retries));
    this.#retries += 1;
  }

  #stopLoad(): void {
    this.#hls?.stopLoad();
    this.#isStopped = true;
  }

  #startLoad(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#hls?.startLoad(this.#wanted === null ? this.#video.currentTime : this.#wanted.positionMs / 1000);
  }

  #setAway(isAway: boolean): void {
    if (!isAway) this.#retries = 0;
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#events.onAway(isAway);
  }

  #fail(error: ArchiveError): void {
    if (error.kind === 'empty' && this.#clock.timeMs !== null) {
      // Nothing to go to: what is shown stays, and plays on.
      this.#settle();
      this.#events.onError(error);
      return;
    }
    this.#stopLoad();
    this.#video.pause();
    this.#setState('error');
    this.#events.onError(error);
  }

  /** The buffer is so many seconds of watching, not of footage. */
  #fitBuffer(): void {
    if (this.#hls === null) return;
    const lengthS = BUFFER_S * Math.max(this.#video.playbackRate, 1);
    this.#hls.config.maxBufferLength = this.#hls.config.maxMaxBufferLength = lengthS;
  }

  #setState(state: PlaybackState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#events.onState(state);
  }
}

/** How long to wait before the archive is asked again, after so many tries. */
export function retryAfterMs(tries: number): number {
  return RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]!;
}

function leftToPlay(video: HTMLVideoElement, reel: Reel): number {
  return reel.endPositionMs / 1000 - video.currentTime;
}

function asArchiveError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  if (error instanceof SyntaxError) return new ArchiveError('server', 'The server’s answer makes no sense.');
  throw error;
}
