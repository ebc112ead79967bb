/**
 * Plays a playlist in a media element: hls.js where the browser has Media Source Extensions, the
 * browser's own HLS else. What it reports is what the element confirms, never what was asked of it:
 * the state is also on the player element as `data-state`.
 */
import Hls, { ErrorDetails, ErrorTypes, Events, type ErrorData } from 'hls.js';
import workerUrl from 'hls.js/dist/hls.worker.js?url';
import { ArchiveError, errorForStatus, networkError } from '../player/archive';

export type PlayerState = 'idle' | 'loading' | 'playing' | 'paused' | 'ended' | 'error';

export interface PlayerEvents {
  /** The picture moved: `positionMs` in the playlist, and its wall time where the player knows it. */
  onPosition(positionMs: number, wallMs: number | null): void;
  onError(error: ArchiveError): void;
}

export class Player {
  readonly #video: HTMLVideoElement;
  readonly #element: HTMLElement;
  readonly #events: PlayerEvents;
  #hls: Hls | null = null;
  #recovered = false;

  constructor(video: HTMLVideoElement, element: HTMLElement, events: PlayerEvents) {
    this.#video = video;
    this.#element = element;
    this.#events = events;
    const on = (names: string[], act: () => void): void => {
      for (const name of names) video.addEventListener(name, () => this.isOpen && act());
    };
    on(['playing'], () => this.#setState('playing'));
    on(['waiting', 'seeking'], () => this.#setState('loading'));
    on(['pause', 'canplay', 'seeked', 'ended'], () => this.#settle());
    on(['timeupdate', 'seeking', 'loadeddata'], () => events.onPosition(video.currentTime * 1000, this.#wallMs));
    on(['error'], () => this.#fromElement());
  }

  /**
   * Replaces what was open; plays at once where the browser lets a page do so. Without a position it
   * starts where the playlist says, which for a live one is near its end.
   */
  open(playlistUrl: string, startPositionMs: number | null): void {
    this.close();
    this.#recovered = false;
    this.#setState('loading');
    if (Hls.isSupported()) this.#openHls(playlistUrl, startPositionMs === null ? -1 : startPositionMs / 1000);
    else if (this.#video.canPlayType('application/vnd.apple.mpegurl') !== '') {
      this.#video.src = playlistUrl;
      if (startPositionMs !== null) {
        this.#video.addEventListener('loadedmetadata', () => this.seek(startPositionMs), { once: true });
      }
    } else {
      this.fail(new ArchiveError('server', 'This browser can’t play HLS video.'));
      return;
    }
    this.play();
  }

  seek(positionMs: number): void {
    // A picture's time is rounded by the container: a hair later lands on it, not on the one before.
    this.#video.currentTime = (positionMs + 1) / 1000;
  }

  play(): void {
    // Refused autoplay is no fault: the element then stays paused, and says so by its own events.
    this.#video.play().catch(() => this.#settle());
  }

  fail(error: ArchiveError): void {
    this.close();
    this.#setState('error');
    this.#events.onError(error);
  }

  close(): void {
    this.#hls?.destroy();
    this.#hls = null;
    this.#setState('idle');
    if (this.#video.hasAttribute('src')) {
      this.#video.removeAttribute('src');
      this.#video.load();
    }
  }

  #openHls(playlistUrl: string, startPosition: number): void {
    // The worker is a file of our own rather than a blob, for the sake of strict content policies.
    const hls = new Hls({ startPosition, workerPath: workerUrl, backBufferLength: 60 });
    hls.on(Events.ERROR, (_event, data) => {
      if (this.#hls === hls && (data.fatal || isRefused(data))) this.#fromHls(hls, data);
    });
    hls.loadSource(playlistUrl);
    hls.attachMedia(this.#video);
    this.#hls = hls;
  }

  #fromHls(hls: Hls, data: ErrorData): void {
    const codec =
      data.details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR ||
      data.details === ErrorDetails.BUFFER_ADD_CODEC_ERROR ||
      data.details === ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR;
    if (codec) this.fail(codecError());
    else if (data.type === ErrorTypes.MEDIA_ERROR && !this.#recovered) {
      this.#recovered = true;
      hls.recoverMediaError();
    } else if (data.type === ErrorTypes.NETWORK_ERROR) {
      const status = data.response?.code ?? 0;
      this.fail(status >= 400 ? errorForStatus(status) : networkError());
    } else this.fail(pictureError());
  }

  /** hls.js looks after the element's errors itself; without it they end here. */
  #fromElement(): void {
    if (this.#hls !== null || this.#video.error === null) return;
    const code = this.#video.error.code;
    if (code === MediaError.MEDIA_ERR_NETWORK) this.fail(networkError());
    else this.fail(code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED ? codecError() : pictureError());
  }

  get #wallMs(): number | null {
    return this.#hls?.playingDate?.getTime() ?? null;
  }

  /** False after a failure: there is nothing to seek in then. */
  get isOpen(): boolean {
    const state = this.#element.dataset['state'];
    return state !== 'idle' && state !== 'error';
  }

  #settle(): void {
    if (!this.isOpen) return;
    if (this.#video.ended) this.#setState('ended');
    else if (this.#video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) this.#setState('loading');
    else this.#setState(this.#video.paused ? 'paused' : 'playing');
  }

  #setState(state: PlayerState): void {
    this.#element.dataset['state'] = state;
  }
}

/** hls.js asks again for a segment that was refused or is gone, for a minute; neither will change. */
function isRefused(data: ErrorData): boolean {
  const isSegment = data.details === ErrorDetails.FRAG_LOAD_ERROR;
  return isSegment && [401, 403, 404, 410].includes(data.response?.code ?? 0);
}

function codecError(): ArchiveError {
  return new ArchiveError('server', 'This browser can’t play the video format of this camera.');
}

function pictureError(): ArchiveError {
  return new ArchiveError('server', 'The video can’t be played here. Try another moment.');
}
