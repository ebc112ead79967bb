/**
 * `<footage-player>`: an archive to look through and play, with its timeline. It stands on a signed link
 * alone: `src` is the archive's URL, `signature` and `exp` its token. It tells by events what it shows,
 * and asks by `token-expiring` for another token, which `renew` takes without a stop.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { Archive, ArchiveError, parseSignedLink, type Token } from './archive';
import './footage-calendar';
import './footage-clip';
import type { ClipLink, FootageClip } from './footage-clip';
import './footage-timeline';
import type { FootageTimeline, Marks } from './footage-timeline';
import { isPassing } from './hls-errors';
import { icon } from './icons';
import { Kept } from './kept';
import { commandOf, RATES, rateBeside, type Command } from './keys';
import { PictureZoom } from './picture-zoom';
import { Pictures } from './pictures';
import { Playback, retryAfterMs, type Gap, type PlaybackState } from './playback';
import { commandButton, controls, keyTable } from './player-controls';
import { playerStyles } from './player-styles';
import { endOf } from './runs';
import { fileName, saveBlob } from './saving';
import { Still } from './still';
import type { Span } from './times';
import { dayWords, frameWords, surelyWords } from './words';
import type { Zone } from './zone';

/** The player's own events; each bubbles, and crosses shadow roots. */
export interface PlayerEventMap {
  /** A picture is shown, of this moment. */
  timeupdate: CustomEvent<{ timeMs: number }>;
  /** Play passed, or a seek met, time of which nothing is kept. */
  gap: CustomEvent<Gap>;
  error: CustomEvent<{ kind: string; message: string }>;
  /** The token is good until `exp` (Unix seconds) and no longer, or is refused already. */
  'token-expiring': CustomEvent<{ exp: number }>;
  statechange: CustomEvent<{ state: PlaybackState }>;
  /** The clip's ends were set, moved or taken away. */
  clipchange: CustomEvent<{ clip: Span | null }>;
}

const WARN_BEFORE_MS = 60_000;
const NOTICE_MS = 6000;
const ASK_EVERY_MS = 10_000;
const TIMER_MAX_MS = 2 ** 31 - 1;
const PRESENT_EVERY_MS = 1000;
/** How much is marked for those who can only see a clip by saving it. */
const MINUTE_MS = 60_000;
const NO_MARKS: Marks = { inMs: null, outMs: null };

export class FootagePlayer extends LitElement {
  static override styles = playerStyles;
  /** A click anywhere in it, or `focus()`, gives it the keys. */
  static override shadowRootOptions: ShadowRootInit = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override properties = {
    src: { type: String },
    signature: { type: String },
    exp: { type: Number },
    from: { type: Number },
    to: { type: Number },
    start: { type: Number },
    autoplay: { type: Boolean },
    muted: { type: Boolean },
    zone: { type: String, reflect: true },
    label: { type: String },
    clipLink: { attribute: false },
    _state: { state: true },
    _message: { state: true },
    _isAway: { state: true },
    _marks: { state: true },
    _rate: { state: true },
    _volume: { state: true },
    _isLive: { state: true },
    _isChoosing: { state: true },
    _scale: { state: true },
  };

  /** The archive's URL, `…/archives/{archiveId}`. */
  declare src: string;
  declare signature: string;
  /** When the token ends, in Unix seconds. */
  declare exp: number;
  /** The part of the archive that the token opens, in ms; null where it opens all. */
  declare from: number | null;
  declare to: number | null;
  /** The moment to open at, in ms; the newest footage where left out. */
  declare start: number | null;
  declare autoplay: boolean;
  declare muted: boolean;
  declare zone: Zone;
  /** What screen readers call it. */
  declare label: string;
  /** Makes a link to a clip; without it none is offered. */
  declare clipLink: ClipLink | null;
  declare _state: PlaybackState;
  declare _message: ArchiveError | string | null;
  declare _isAway: boolean;
  declare _marks: Marks;
  declare _rate: number;
  declare _volume: number;
  declare _isLive: boolean;
  declare _isChoosing: boolean;
  declare _scale: number;

  #archive: Archive | null = null;
  #kept: Kept | null = null;
  #pictures: Pictures | null = null;
  #playback: Playback | null = null;
  #still: Still | null = null;
  #zoom: PictureZoom | null = null;
  /** Where the viewer was before going live. */
  #leftMs: number | null = null;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  #notice: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #present: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.src = this.signature = '';
    this.exp = 0;
    this.from = this.to = this.start = null;
    this.autoplay = this.muted = false;
    this.zone = 'local';
    this.label = 'Footage';
    this.clipLink = null;
    this._state = 'idle';
    this._message = null;
    this._isAway = this._isLive = this._isChoosing = false;
    this._marks = NO_MARKS;
    this._rate = this._volume = this._scale = 1;
    this.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** The moment of the picture shown, in ms since the epoch; null before the first. */
  get timeMs(): number | null {
    return this.#playback?.timeMs ?? null;
  }

  get state(): PlaybackState {
    return this._state;
  }

  get isLive(): boolean {
    return this.#playback?.isLive ?? false;
  }

  /** How fast it plays, from 0.25 to 16. */
  get rate(): number {
    return this._rate;
  }

  set rate(rate: number) {
    this._rate = Math.min(Math.max(rate, RATES[0]), RATES.at(-1)!);
    this.#video.playbackRate = this._rate;
  }

  /** The clip that is marked; null unless both its ends are. */
  get clip(): Span | null {
    const { inMs, outMs } = this._marks;
    return inMs === null || outMs === null ? null : { startMs: Math.min(inMs, outMs), endMs: Math.max(inMs, outMs) };
  }

  /** Show a moment, or the next footage after it. */
  async seek(timeMs: number): Promise<void> {
    // That video can't be played here is told once, not with every step from picture to picture.
    if (!this.#still?.isShown) this.#say(null);
    this.#leftMs = null;
    await this.#playback?.seek(timeMs);
  }

  play(): void {
    this.#playback?.play();
  }

  pause(): void {
    this.#playback?.pause();
  }

  /** Play the newest footage as it is recorded. */
  async live(): Promise<void> {
    const leftMs = this.isLive ? this.#leftMs : this.timeMs;
    await this.#playback?.live();
    this.#leftMs = leftMs;
    this._rate = 1;
  }

  /** Take another token for the same archive; play goes on. Limits that it doesn't name stay as they are. */
  renew(token: Token): void {
    this.signature = token.signature;
    this.exp = token.exp;
    this.from = token.fromMs ?? this.from;
    this.to = token.toMs ?? this.to;
    this.#renew();
  }

  /** The picture shown as a JPEG in its full size, and its moment; null before the first. */
  async snapshot(): Promise<{ blob: Blob; timeMs: number } | null> {
    const timeMs = this.timeMs;
    const still = this.#still?.isShown ? this.#still.image : null;
    const { videoWidth, videoHeight } = this.#video;
    const canvas = new OffscreenCanvas(still?.width ?? videoWidth, still?.height ?? videoHeight);
    if (timeMs === null || canvas.width === 0) return null;
    canvas.getContext('2d')!.drawImage(still ?? this.#video, 0, 0);
    return { blob: await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 }), timeMs };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#close();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#open();
  }

  protected override firstUpdated(): void {
    const root = this.renderRoot;
    this.#still = new Still(root.querySelector('#still')!);
    this.#zoom = new PictureZoom(root.querySelector('#screen')!, root.querySelector('#pane')!, {
      onChange: (scale) => (this._scale = scale),
      onClick: () => void this.#do('toggle'),
    });
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('src')) this.#open();
    else if (changed.has('signature') || changed.has('exp')) {
      if (this.#archive === null) this.#open();
      else if (this.#archive.signature !== this.signature) this.#renew();
    }
    if (changed.has('muted')) this.#video.muted = this.muted;
    if (changed.has('zone') && this.timeMs !== null) this.#showTime(this.timeMs);
  }

  get #video(): HTMLVideoElement {
    return this.renderRoot.querySelector('video')!;
  }

  get #timeline(): FootageTimeline {
    return this.renderRoot.querySelector('footage-timeline')!;
  }

  #open(): void {
    this.#close();
    if (this.src === '' || this.signature === '') return;
    try {
      const limits = (this.from === null ? '' : `&from=${this.from}`) + (this.to === null ? '' : `&to=${this.to}`);
      const url = new URL(this.src, location.href).href;
      this.#archive = new Archive(
        parseSignedLink(`${url}?signature=${encodeURIComponent(this.signature)}&exp=${this.exp}${limits}`),
      );
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      this.#fail(error);
      return;
    }
    const kept = (this.#kept = new Kept(this.#archive));
    this.#pictures = new Pictures(this.#archive);
    this.#playback = new Playback(
      this.#video,
      this.#archive,
      async (timeMs) => (await kept.locate(timeMs))?.timeMs ?? null,
      {
        onState: (state) => this.#onState(state),
        onTime: (timeMs) => this.#onTime(timeMs),
        onGap: (gap) => this.#onGap(gap),
        onError: (error) => this.#fail(error),
        onAway: (isAway) => (this._isAway = isAway),
      },
    );
    this.#watchExpiry();
    this.#present = setInterval(() => (this.#timeline.liveMs = kept.presentMs), PRESENT_EVERY_MS);
    this.requestUpdate();
    void this.#begin(this.#playback, this.#archive, 0);
  }

  /** A network that is away is tried again until it is back. */
  async #begin(playback: Playback, archive: Archive, tries: number): Promise<void> {
    try {
      const { last } = await archive.info();
      if (playback !== this.#playback) return;
      this._isAway = false;
      if (last === null) throw new ArchiveError('empty', 'Nothing is kept of this camera yet.');
      if (this.autoplay) playback.play();
      await (this.start === null ? playback.live() : playback.seek(this.start));
      if (!this.autoplay && playback === this.#playback) playback.pause();
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      if (playback !== this.#playback) return;
      if (!isPassing(error)) return this.#fail(error);
      this._isAway = true;
      this.#retry = setTimeout(() => void this.#begin(playback, archive, tries + 1), retryAfterMs(tries));
    }
  }

  #close(): void {
    clearTimeout(this.#expiry);
    clearTimeout(this.#retry);
    clearInterval(this.#present);
    this.#playback?.close();
    this.#kept?.close();
    this.#pictures?.close();
    this.#still?.hide();
    this.#archive = this.#kept = this.#pictures = this.#playback = null;
    this.#leftMs = null;
    this._state = 'idle';
    this._isAway = this._isLive = false;
    this._marks = NO_MARKS;
    this.#say(null);
  }

  #renew(): void {
    this.#archive?.renew({
      signature: this.signature,
      exp: this.exp,
      ...(this.from !== null && { fromMs: this.from }),
      ...(this.to !== null && { toMs: this.to }),
    });
    this.#watchExpiry();
    void this.#kept?.refresh();
    this.#playback?.renewed();
    if (this._message instanceof ArchiveError && this._message.kind === 'refused') this.#say(null);
  }

  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    const goodMs = this.exp * 1000 - Date.now();
    // One that is good for no longer than that is let live half its time: asking would never end.
    const leftMs = Math.max(goodMs - WARN_BEFORE_MS, Math.min(goodMs, WARN_BEFORE_MS) / 2, 0);
    // A timer counts no further than some 25 days.
    this.#expiry = setTimeout(
      () => (leftMs > TIMER_MAX_MS ? this.#watchExpiry() : this.#askForToken()),
      Math.min(leftMs, TIMER_MAX_MS),
    );
  }

  /** Asks again and again: the page may not listen yet, or its own server be away. */
  #askForToken(): void {
    // First the timer: who listens may hand in another token at once, which sets it anew.
    this.#expiry = setTimeout(() => this.#askForToken(), ASK_EVERY_MS);
    this.#tell('token-expiring', { exp: this.exp });
  }

  #onState(state: PlaybackState): void {
    this._state = state;
    this._isLive = this.isLive;
    this.#tell('statechange', { state });
  }

  /** Comes with every picture: nothing here may draw the whole player anew. */
  #onTime(timeMs: number): void {
    this.#still?.hide();
    this.#showTime(timeMs);
    this._isLive = this.isLive;
    if (this._message instanceof ArchiveError) this.#say(null);
    this.#tell('timeupdate', { timeMs });
  }

  #showTime(timeMs: number): void {
    const clock = this.renderRoot.querySelector('time')!;
    clock.textContent = `${dayWords(timeMs, this.zone)} ${frameWords(timeMs, this.zone)}`;
    clock.dateTime = new Date(timeMs).toISOString();
    this.#timeline.nowMs = timeMs;
  }

  #onGap(gap: Gap): void {
    this.#say(
      `Nothing is kept from ${surelyWords(gap.fromMs, this.zone)}: this is the next footage, from ${surelyWords(gap.toMs, this.zone)}.`,
    );
    this.#tell('gap', gap);
  }

  #fail(error: ArchiveError): void {
    // Where there was nothing to go to, what is shown stays, and its next picture must not take the answer away.
    const isShown = error.kind === 'empty' && this.timeMs !== null && this.state !== 'error';
    this.#say(isShown ? error.message : error);
    this.#tell('error', { kind: error.kind, message: error.message });
    if (error.kind === 'refused') this.#tell('token-expiring', { exp: this.exp });
    if (error.kind === 'codec') void this.#showStill();
  }

  async #showStill(): Promise<void> {
    const timeMs = this.timeMs;
    if (timeMs === null || this.#archive === null) return;
    this.#showTime(timeMs);
    if (await this.#still?.show(this.#archive, timeMs)) this.#tell('timeupdate', { timeMs });
  }

  /** Words pass after a while, faults stay. */
  #say(message: ArchiveError | string | null): void {
    clearTimeout(this.#notice);
    this._message = message;
    if (typeof message === 'string') this.#notice = setTimeout(() => (this._message = null), NOTICE_MS);
  }

  #tell<K extends keyof PlayerEventMap>(name: K, detail: PlayerEventMap[K]['detail']): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #onKey(event: KeyboardEvent): void {
    const at = event.composedPath()[0];
    if (at instanceof HTMLInputElement || at instanceof HTMLSelectElement) return;
    if (this.renderRoot.querySelector('dialog')!.open) return;
    // A button that has the focus is pressed by the space bar.
    if (event.key === ' ' && at instanceof HTMLButtonElement) return;
    const command = commandOf(event);
    if (command === null || event.defaultPrevented) return;
    event.preventDefault();
    void this.#do(command);
  }

  async #do(command: Command): Promise<void> {
    const playback = this.#playback;
    const kept = this.#kept;
    if (playback === null || kept === null) return;
    const now = playback.timeMs;
    const by = { 'back-10': -10_000, 'on-10': 10_000, 'back-60': -60_000, 'on-60': 60_000 }[command as string];
    if (by !== undefined && now !== null) {
      // A step back into a gap lands before it, else nobody could step back over one.
      const place = by < 0 ? await kept.before(now + by) : null;
      return this.seek(place?.timeMs ?? now + by);
    }
    if (command === 'toggle') return this.#video.paused ? this.play() : this.pause();
    if (command === 'frame-back' || command === 'frame-on') return playback.step(command === 'frame-on' ? 1 : -1);
    if (command === 'slower' || command === 'faster') this.rate = rateBeside(this.rate, command === 'faster' ? 1 : -1);
    if (command === 'live') {
      const leftMs = this.isLive ? this.#leftMs : null;
      return leftMs === null ? this.live() : this.seek(leftMs);
    }
    if (command === 'mute') this.muted = !this.muted;
    if (command === 'snapshot') return this.#saveSnapshot();
    if (command === 'full-screen') {
      return document.fullscreenElement === null ? this.requestFullscreen() : document.exitFullscreen();
    }
    if (command === 'zoom-reset') this.#zoom?.reset();
    if (command === 'zoom-in' || command === 'zoom-out') this.#zoom?.step(command === 'zoom-in' ? 1 : -1);
    if (command === 'calendar') return this.#choose(!this._isChoosing);
    if (command === 'keys') this.renderRoot.querySelector('dialog')!.showModal();
    if (command === 'save') return this.#clipElement?.save();
    if (command === 'unmark') return this._isChoosing ? this.#choose(false) : this.#mark(NO_MARKS);
    if (now === null) return;
    if (command === 'mark-in') this.#mark({ ...this._marks, inMs: now });
    if (command === 'mark-out') this.#mark({ ...this._marks, outMs: now });
    if (command === 'previous-run' || command === 'next-run') {
      const to = await (command === 'next-run' ? kept.nextRun(now) : kept.previousRun(now));
      if (to !== null) return this.seek(to);
      this.#say(`There is no ${command === 'next-run' ? 'later' : 'earlier'} footage.`);
    }
  }

  #mark(marks: Marks): void {
    this._marks = marks;
    this.#tell('clipchange', { clip: this.clip });
  }

  get #clipElement(): FootageClip | null {
    return this.renderRoot.querySelector('footage-clip');
  }

  /** Opens the calendar and gives it the keys, or closes it and gives them back. */
  async #choose(isChoosing: boolean): Promise<void> {
    this._isChoosing = isChoosing;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(isChoosing ? 'footage-calendar' : '#choose')?.focus();
  }

  /** A minute, or up to the end of the run: what follows may not fit into the same file. */
  async #saveMinute(): Promise<void> {
    const inMs = this.timeMs;
    if (inMs === null) return;
    const [run] = this.#kept?.entries({ startMs: inMs, endMs: inMs + 1 }) ?? [];
    this.#mark({ inMs, outMs: Math.min(inMs + MINUTE_MS, run === undefined ? Infinity : endOf(run)) });
    await this.updateComplete;
    await this.#clipElement?.updateComplete;
    await this.#clipElement?.save();
  }

  async #saveSnapshot(): Promise<void> {
    const taken = await this.snapshot();
    if (taken !== null) saveBlob(taken.blob, fileName(this.label, taken.timeMs, 'jpg'));
  }

  protected override render(): TemplateResult {
    const acts = {
      do: (command: Command) => void this.#do(command),
      setRate: (rate: number) => (this.rate = rate),
      setVolume: (volume: number) => (this.#video.volume = this._volume = volume),
    };
    return html`
      ${this.#screen()} ${this.#messageBox()}
      <div class="row" part="controls" role="group" aria-label="Controls">
        ${controls(
          {
            isPlaying: this._state === 'playing',
            isLive: this._isLive,
            canGoBack: this.#leftMs !== null,
            isMuted: this.muted,
            volume: this._volume,
            rate: this._rate,
          },
          acts,
        )}
      </div>
      <footage-timeline
        part="timeline"
        label="Timeline"
        follow
        .kept=${this.#kept}
        .pictures=${this.#pictures}
        .zone=${this.zone}
        .marks=${this._marks}
        @footage-seek=${(event: CustomEvent<{ timeMs: number }>) => {
          void this.seek(event.detail.timeMs);
          this.play();
        }}
        @footage-marks=${(event: CustomEvent<Marks>) => this.#mark(event.detail)}
      ></footage-timeline>
      <div class="row" role="group" aria-label="Clip, day and zone">
        ${commandButton(acts, 'mark-in', 'Mark where the clip begins', 'In')}
        ${commandButton(acts, 'mark-out', 'Mark where the clip ends', 'Out')} ${this.#clipBox()}
        <span class="end">
          <button
            type="button"
            id="choose"
            aria-expanded=${this._isChoosing}
            @click=${() => void this.#choose(!this._isChoosing)}
          >
            Go to …
          </button>
          <button
            type="button"
            aria-pressed=${this.zone === 'utc'}
            @click=${() => (this.zone = this.zone === 'utc' ? 'local' : 'utc')}
          >
            UTC
          </button>
          ${commandButton(acts, 'keys', 'Keys', '?', 'wide')}
        </span>
      </div>
      ${this.#calendar()}
      <dialog aria-label="Keys">
        ${keyTable()}
        <form method="dialog"><button>Close</button></form>
      </dialog>
    `;
  }

  #screen(): TemplateResult {
    return html`<div id="screen" part="screen" tabindex="0" role="group" aria-label="Picture">
      <div id="pane">
        <video part="video" playsinline .muted=${this.muted} aria-label=${this.label}></video>
        <canvas id="still" part="still" role="img" aria-label="Picture of this moment" hidden></canvas>
      </div>
      <span id="busy" role="status" ?hidden=${this._state !== 'loading' && !this._isAway}
        >${this._isAway ? 'The network is away: trying again …' : 'Loading …'}</span
      >
      ${this._scale === 1
        ? nothing
        : html`<button type="button" id="whole" title="The whole picture" @click=${() => this.#zoom?.reset()}>
            ${this._scale.toFixed(1)}× ${icon('unmark')}
          </button>`}
    </div>`;
  }

  #messageBox(): TemplateResult | typeof nothing {
    const message = this._message;
    if (message === null) return nothing;
    if (!(message instanceof ArchiveError)) {
      return html`<p id="message" part="message" role="status"><span>${message}</span></p>`;
    }
    const again = (): void => (this.timeMs === null ? this.#open() : void this.seek(this.timeMs));
    const way =
      message.kind === 'codec'
        ? html`<span>Here are its pictures. A clip can be saved and played elsewhere.</span>
            <button type="button" @click=${() => void this.#saveMinute()}>Save a minute</button>`
        : html`<button type="button" @click=${again}>Try again</button>`;
    return html`<p id="message" part="message" role="alert"><span>${message.message}</span> ${way}</p>`;
  }

  #clipBox(): TemplateResult | typeof nothing {
    const clip = this.clip;
    if (clip === null || clip.startMs === clip.endMs) return nothing;
    return html`<footage-clip
      part="clip"
      .archive=${this.#archive}
      .span=${clip}
      .label=${this.label}
      .clipLink=${this.clipLink}
      @footage-unmark=${() => this.#mark(NO_MARKS)}
    ></footage-clip>`;
  }

  #calendar(): TemplateResult | typeof nothing {
    if (!this._isChoosing) return nothing;
    return html`<footage-calendar
      part="calendar"
      .kept=${this.#kept}
      .timeMs=${this.timeMs}
      .zone=${this.zone}
      @footage-choose=${(event: CustomEvent<{ timeMs: number }>) => {
        void this.#choose(false);
        void this.seek(event.detail.timeMs);
      }}
    ></footage-calendar>`;
  }
}

if (customElements.get('footage-player') === undefined) customElements.define('footage-player', FootagePlayer);

declare global {
  interface HTMLElementTagNameMap {
    'footage-player': FootagePlayer;
  }
}
