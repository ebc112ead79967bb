/**
 * `<footage-player>`: an archive to look through and play, with its timeline. It stands on a signed link
 * alone: `src` is the archive's URL, `signature` and `exp` its token. It tells by events what it shows,
 * and asks by `token-expiring` for another token, which `renew` takes without a stop.
 */
import { html, LitElement, nothing, type PropertyValues, type SVGTemplateResult, type TemplateResult } from 'lit';
import { Archive, ArchiveError, parseSignedLink, type Token } from './archive';
import type { FootageTimeline, Marks } from './footage-timeline';
import './footage-calendar';
import './footage-timeline';
import { Kept } from './kept';
import { icon } from './icons';
import { commandOf, RATES, rateBeside, type Command } from './keys';
import { Pictures } from './pictures';
import { Playback, type Gap, type PlaybackState } from './playback';
import { playerStyles } from './player-styles';
import type { Span } from './times';
import { dayWords, fineWords, lengthWords, sizeWords, surelyWords } from './words';
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
}

const WARN_BEFORE_MS = 60_000;
const NOTICE_MS = 6000;
const TIMER_MAX_MS = 2 ** 31 - 1;
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
    _clipBytes: { state: true },
    _rate: { state: true },
    _isLive: { state: true },
    _isChoosing: { state: true },
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
  declare clipLink: ((span: Span) => Promise<string>) | null;
  declare _state: PlaybackState;
  declare _message: ArchiveError | string | null;
  declare _isAway: boolean;
  declare _marks: Marks;
  declare _clipBytes: number | null;
  declare _rate: number;
  declare _isLive: boolean;
  declare _isChoosing: boolean;

  #archive: Archive | null = null;
  #kept: Kept | null = null;
  #pictures: Pictures | null = null;
  #playback: Playback | null = null;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  #notice: ReturnType<typeof setTimeout> | undefined;
  #sizing = new AbortController();

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
    this._message = this._clipBytes = null;
    this._isAway = this._isLive = this._isChoosing = false;
    this._marks = NO_MARKS;
    this._rate = 1;
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
    this.#say(null);
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
    await this.#playback?.live();
    this._rate = 1;
  }

  /** Take another token for the same archive; play goes on. */
  renew(token: Token): void {
    this.signature = token.signature;
    this.exp = token.exp;
    this.#archive?.renew(token);
    this.#watchExpiry();
    void this.#kept?.refresh();
    this.#playback?.renewed();
    if (this._message instanceof ArchiveError && this._message.kind === 'refused') this.#say(null);
  }

  /** The picture shown as a JPEG in its full size, and its moment; null before the first. */
  async snapshot(): Promise<{ blob: Blob; timeMs: number } | null> {
    const timeMs = this.timeMs;
    const video = this.#video;
    if (timeMs === null || video.videoWidth === 0) return null;
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    canvas.getContext('2d')!.drawImage(video, 0, 0);
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

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('src')) this.#open();
    else if (changed.has('signature') || changed.has('exp')) {
      if (this.#archive !== null && this.signature !== '') this.renew({ signature: this.signature, exp: this.exp });
    }
    if (changed.has('muted')) this.#video.muted = this.muted;
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
    this.requestUpdate();
    void this.#begin(this.#playback, this.#archive);
  }

  async #begin(playback: Playback, archive: Archive): Promise<void> {
    try {
      const { last } = await archive.info();
      if (playback !== this.#playback) return;
      if (last === null) throw new ArchiveError('empty', 'Nothing is kept of this camera yet.');
      if (this.autoplay) playback.play();
      await (this.start === null ? playback.live() : playback.seek(this.start));
      if (!this.autoplay && playback === this.#playback) playback.pause();
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      if (playback === this.#playback) this.#fail(error);
    }
  }

  #close(): void {
    clearTimeout(this.#expiry);
    this.#sizing.abort();
    this.#playback?.close();
    this.#kept?.close();
    this.#pictures?.close();
    this.#archive = this.#kept = this.#pictures = this.#playback = null;
    this._state = 'idle';
    this._marks = NO_MARKS;
    this.#say(null);
  }

  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    const leftMs = this.exp * 1000 - Date.now() - WARN_BEFORE_MS;
    this.#expiry = setTimeout(() => this.#tell('token-expiring', { exp: this.exp }), Math.min(Math.max(leftMs, 0), TIMER_MAX_MS));
  }

  #onState(state: PlaybackState): void {
    this._state = state;
    this._isLive = this.isLive;
    this.#tell('statechange', { state });
  }

  /** Comes with every picture: nothing here may draw the whole player anew. */
  #onTime(timeMs: number): void {
    const clock = this.renderRoot.querySelector('time')!;
    clock.textContent = `${dayWords(timeMs, this.zone)} ${fineWords(timeMs, this.zone)}`;
    clock.dateTime = new Date(timeMs).toISOString();
    this.#timeline.nowMs = timeMs;
    this._isLive = this.isLive;
    if (this._message instanceof ArchiveError) this.#say(null);
    this.#tell('timeupdate', { timeMs });
  }

  #onGap(gap: Gap): void {
    this.#say(
      `Nothing is kept from ${surelyWords(gap.fromMs, this.zone)}: this is the next footage, from ${surelyWords(gap.toMs, this.zone)}.`,
    );
    this.#tell('gap', gap);
  }

  #fail(error: ArchiveError): void {
    this.#say(error);
    this.#tell('error', { kind: error.kind, message: error.message });
    if (error.kind === 'refused') this.#tell('token-expiring', { exp: this.exp });
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
    if (command === 'live') return this.live();
    if (command === 'mute') this.muted = !this.muted;
    if (command === 'snapshot') return this.#saveSnapshot();
    if (command === 'full-screen') {
      return document.fullscreenElement === null ? this.requestFullscreen() : document.exitFullscreen();
    }
    if (command === 'unmark') this.#mark(NO_MARKS);
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
    this._clipBytes = null;
    this.#sizing.abort();
    const { signal } = (this.#sizing = new AbortController());
    const clip = this.clip;
    if (clip === null || clip.endMs === clip.startMs) return;
    this.#archive?.sizeBytes(clip, signal).then(
      (bytes) => (this._clipBytes = bytes),
      // The length still stands there; a size that is not known is not shown.
      () => undefined,
    );
  }

  async #saveSnapshot(): Promise<void> {
    const taken = await this.snapshot();
    if (taken === null) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(taken.blob);
    link.download = `${this.label} ${new Date(taken.timeMs).toISOString().replace(/:/g, '-')}.jpg`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  async #copyClipLink(clip: Span): Promise<void> {
    try {
      await navigator.clipboard.writeText(await this.clipLink!(clip));
      this.#say('The link to this clip is copied.');
    } catch {
      this.#say('The link could not be made or copied. Try again.');
    }
  }

  protected override render(): TemplateResult {
    const isPlaying = this._state === 'playing';
    return html`
      <div id="screen" part="screen">
        <video part="video" playsinline .muted=${this.muted} aria-label=${this.label}></video>
        <span id="busy" role="status" ?hidden=${this._state !== 'loading' && !this._isAway}
          >${this._isAway ? 'The network is away: trying again …' : 'Loading …'}</span
        >
        ${this.#messageBox()}
      </div>
      <div class="row" part="controls" role="group" aria-label="Controls">
        <div class="group">
          ${this.#button('previous-run', 'Previous run', icon('previous-run'), 'wide')} ${this.#button('back-60', 'Back a minute', '−1m', 'wide')}
          ${this.#button('back-10', 'Back 10 seconds', '−10')} ${this.#button('frame-back', 'A picture back', icon('frame-back'), 'wide')}
          ${this.#button('toggle', isPlaying ? 'Pause' : 'Play', icon(isPlaying ? 'pause' : 'play'), 'primary')}
          ${this.#button('frame-on', 'A picture on', icon('frame-on'), 'wide')} ${this.#button('on-10', 'On 10 seconds', '+10')}
          ${this.#button('on-60', 'On a minute', '+1m', 'wide')} ${this.#button('next-run', 'Next run', icon('next-run'), 'wide')}
        </div>
        <time part="time" aria-label="Time of the picture">–</time>
        <label>
          <span class="wide">Speed</span>
          <select aria-label="Speed" @change=${(event: Event) => (this.rate = Number((event.target as HTMLSelectElement).value))}>
            ${RATES.map((rate) => html`<option value=${rate} ?selected=${rate === this._rate}>${rate}×</option>`)}
          </select>
        </label>
        <button type="button" aria-pressed=${this._isLive} @click=${() => void this.#do('live')}>Live</button>
        ${this.#button('mute', this.muted ? 'Sound on' : 'Sound off', icon(this.muted ? 'silent' : 'loud'))}
        <input
          type="range"
          class="wide"
          min="0"
          max="1"
          step="0.05"
          aria-label="Volume"
          .value=${'1'}
          @input=${(event: Event) => (this.#video.volume = Number((event.target as HTMLInputElement).value))}
        />
        ${this.#button('snapshot', 'Save the picture', icon('snapshot'))} ${this.#button('full-screen', 'Full screen', icon('full-screen'))}
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
      <div class="row">
        ${this.#button('mark-in', 'Mark where the clip begins', 'In')} ${this.#button('mark-out', 'Mark where the clip ends', 'Out')}
        ${this.#clipBox()}
        <button
          type="button"
          aria-expanded=${this._isChoosing}
          @click=${() => (this._isChoosing = !this._isChoosing)}
        >
          Go to …
        </button>
        <button type="button" aria-pressed=${this.zone === 'utc'} @click=${() => (this.zone = this.zone === 'utc' ? 'local' : 'utc')}>
          UTC
        </button>
      </div>
      ${this._isChoosing
        ? html`<footage-calendar
            part="calendar"
            .kept=${this.#kept}
            .timeMs=${this.timeMs}
            .zone=${this.zone}
            @footage-choose=${(event: CustomEvent<{ timeMs: number }>) => {
              this._isChoosing = false;
              void this.seek(event.detail.timeMs);
            }}
          ></footage-calendar>`
        : nothing}
    `;
  }

  #button(command: Command, words: string, sign: string | SVGTemplateResult, kind = ''): TemplateResult {
    return html`<button type="button" class=${kind} title=${words} aria-label=${words} @click=${() => void this.#do(command)}>
      ${sign}
    </button>`;
  }

  #messageBox(): TemplateResult | typeof nothing {
    const message = this._message;
    if (message === null) return nothing;
    const isFault = message instanceof ArchiveError;
    return html`<p id="message" part="message" role=${isFault ? 'alert' : 'status'}>
      <span>${isFault ? message.message : message}</span>
      ${isFault && message.kind !== 'codec' && this.timeMs !== null
        ? html`<button type="button" @click=${() => void this.seek(this.timeMs!)}>Try again</button>`
        : nothing}
    </p>`;
  }

  #clipBox(): TemplateResult | typeof nothing {
    const clip = this.clip;
    if (clip === null) return nothing;
    const size = this._clipBytes === null ? '' : `, ${sizeWords(this._clipBytes)}`;
    return html`<span part="clip" role="status">Clip of ${lengthWords(clip.endMs - clip.startMs)}${size}</span>
      ${this.clipLink === null
        ? nothing
        : html`<button type="button" @click=${() => void this.#copyClipLink(clip)}>Copy link</button>`}
      ${this.#button('unmark', 'No clip', icon('unmark'))}`;
  }
}

if (customElements.get('footage-player') === undefined) customElements.define('footage-player', FootagePlayer);

declare global {
  interface HTMLElementTagNameMap {
    'footage-player': FootagePlayer;
  }
}
