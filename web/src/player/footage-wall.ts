/**
 * `<footage-wall>`: several archives played in step, on one timeline. One clock goes on over all of them;
 * each tile is kept to it, shows where nothing is kept of its camera, and fails alone. It stands on signed
 * links, and asks for other tokens by `token-expiring`, which `renew` takes without a stop.
 */
import { html, LitElement, nothing, type PropertyValues, type SVGTemplateResult, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { ArchiveError } from './archive';
import './footage-calendar';
import type { FootageTimeline } from './footage-timeline';
import './footage-timeline';
import type { Follower } from './follower';
import { icon } from './icons';
import { KeptTogether } from './kept-together';
import { commandOf, RATES, rateBeside, type Command } from './keys';
import type { Gap, PlaybackState } from './playback';
import { playerStyles } from './player-styles';
import { isHeld, leapOf } from './step-keeping';
import { WallClock } from './wall-clock';
import { wallStyles } from './wall-styles';
import { tileTemplate, WallTile, type WallCamera } from './wall-tile';
import { dayWords, fineWords, surelyWords } from './words';
import type { Zone } from './zone';

/** The wall's own events; each bubbles, and crosses shadow roots. */
export interface WallEventMap {
  /** The clock shows this moment: many times a second while it plays. */
  timeupdate: CustomEvent<{ timeMs: number }>;
  statechange: CustomEvent<{ state: PlaybackState }>;
  /** Play, or a seek, met time of which no camera has anything. */
  gap: CustomEvent<Gap>;
  error: CustomEvent<{ src: string; kind: string; message: string }>;
  /** A camera's token is good until `exp` (Unix seconds) and no longer, or is refused already. */
  'token-expiring': CustomEvent<{ src: string; exp: number }>;
}

const TICK_MS = 50;
const NOTICE_MS = 6000;
const ASK_AGAIN_MS = 5000;
/** How far behind the newest footage live play keeps: a segment, and the time to ask for it. */
const LIVE_BEHIND_MS = 9000;
/** Footage that ends within this of the present is still being recorded. */
const GROWING_MS = 60_000;
/** A picture's step that goes farther has passed a gap of the camera it was taken of. */
const STEP_MAX_MS = 2000;

export class FootageWall extends LitElement {
  static override styles = [playerStyles, wallStyles];
  /** A click anywhere in it, or `focus()`, gives it the keys. */
  static override shadowRootOptions: ShadowRootInit = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override properties = {
    cameras: { type: Array },
    start: { type: Number },
    zone: { type: String, reflect: true },
    muted: { attribute: false },
    autoplay: { type: Boolean },
    label: { type: String },
    _state: { state: true },
    _notice: { state: true },
    _large: { state: true },
    _sounding: { state: true },
    _isLive: { state: true },
    _isChoosing: { state: true },
    _rate: { state: true },
  };

  /** What to show; each `src` once. */
  declare cameras: readonly WallCamera[];
  /** The moment to open at, in ms; the newest footage that all have where left out. */
  declare start: number | null;
  declare zone: Zone;
  /** True while no tile is heard. */
  declare muted: boolean;
  declare autoplay: boolean;
  /** What screen readers call it. */
  declare label: string;
  declare _state: PlaybackState;
  declare _notice: string | null;
  /** The `src` of the camera that is shown large, and of the one that is heard. */
  declare _large: string | null;
  declare _sounding: string | null;
  declare _isLive: boolean;
  declare _isChoosing: boolean;
  declare _rate: number;

  readonly #clock = new WallClock();
  #tiles: readonly WallTile[] = [];
  #together: KeptTogether | null = null;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #opening = new AbortController();
  /** True once the clock was set to a moment. */
  #hasBegun = false;
  #isWanted = false;
  #hasEnded = false;
  #toldMs: number | null = null;

  constructor() {
    super();
    this.cameras = [];
    this.start = null;
    this.zone = 'local';
    this.muted = true;
    this.autoplay = false;
    this.label = 'Cameras';
    this._state = 'idle';
    this._notice = this._large = this._sounding = null;
    this._isLive = this._isChoosing = false;
    this._rate = 1;
    this.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** The moment that the clock shows, in ms since the epoch; null before it was set. */
  get timeMs(): number | null {
    return this.#hasBegun ? Math.round(this.#clock.timeMs(performance.now())) : null;
  }

  get state(): PlaybackState {
    return this._state;
  }

  /** True while it follows the newest footage as it is recorded. */
  get isLive(): boolean {
    return this._isLive;
  }

  /** How fast it plays, from 0.25 to 16. */
  get rate(): number {
    return this._rate;
  }

  set rate(rate: number) {
    this._rate = Math.min(Math.max(rate, RATES[0]), RATES.at(-1)!);
    this.#clock.setRate(this._rate, performance.now());
  }

  /** The wall time of each camera's picture, by `src`; null while it shows none. */
  get shown(): ReadonlyMap<string, number | null> {
    return new Map(this.#tiles.map(({ camera, follower }) => [camera.src, follower?.timeMs ?? null]));
  }

  /** Show a moment; where no camera has footage of it, the next of any. */
  seek(timeMs: number): void {
    this.#opening.abort();
    this._isLive = false;
    this.#goTo(timeMs);
  }

  play(): void {
    this.#isWanted = true;
    this.#hasEnded = false;
  }

  pause(): void {
    if (!this.#isWanted) return;
    this.#isWanted = this._isLive = false;
    if (this.#hasBegun) this.#goTo(this.#clock.timeMs(performance.now()));
  }

  /** Play the newest footage as it is recorded, of all cameras that are still being recorded. */
  async live(): Promise<void> {
    this.#opening.abort();
    const { signal } = (this.#opening = new AbortController());
    const followers = this.#followers;
    const told = await Promise.allSettled(followers.map(({ archive }) => archive.info(signal)));
    if (signal.aborted) return;
    const ends = told.flatMap((one) => (one.status === 'fulfilled' && one.value.last !== null ? [one.value.last] : []));
    if (ends.length === 0) return this.#say('There is no footage.');
    for (const { kept } of followers) void kept.refresh();
    const newestMs = Math.max(...ends);
    const startMs = Math.min(...ends.filter((endMs) => newestMs - endMs < GROWING_MS)) - LIVE_BEHIND_MS;
    this.rate = 1;
    this.#goTo(startMs);
    this._isLive = true;
    this.play();
  }

  /** Take another token for a camera; play goes on. */
  renew(src: string, token: Pick<WallCamera, 'signature' | 'exp' | 'from' | 'to'>): void {
    this.#tiles.find(({ camera }) => camera.src === src)?.renew(token, performance.now());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#close();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('cameras') && this.isConnected) this.#open();
    // The time is written anew at the next tick.
    if (changed.has('zone')) this.#toldMs = null;
  }

  get #followers(): readonly Follower[] {
    return this.#tiles.flatMap(({ follower }) => follower ?? []);
  }

  get #timeline(): FootageTimeline {
    return this.renderRoot.querySelector('footage-timeline')!;
  }

  /** Cameras that stay keep their tiles, with the token that they come with now. */
  #open(): void {
    const before = new Map(this.#tiles.map((tile) => [tile.camera.src, tile]));
    const wanted = new Map((this.cameras ?? []).map((camera) => [camera.src, camera]));
    const atMs = performance.now();
    this.#tiles = [...wanted.values()].map((camera) => {
      const tile = before.get(camera.src);
      if (tile === undefined || tile.linkError !== null) return this.#tileOf(camera);
      before.delete(camera.src);
      if (tile.camera.signature !== camera.signature || tile.camera.exp !== camera.exp) tile.renew(camera, atMs);
      tile.camera = camera;
      return tile;
    });
    for (const gone of before.values()) gone.close();
    this.#together?.close();
    this.#together = new KeptTogether(
      this.#tiles.flatMap(({ camera: { label }, follower }) =>
        follower === null ? [] : [{ label, kept: follower.kept, pictures: follower.pictures }],
      ),
    );
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    if (!this.#hasBegun && this.#tiles.length > 0) void this.#begin(this.#together);
  }

  #tileOf(camera: WallCamera): WallTile {
    const { src } = camera;
    const tile: WallTile = new WallTile(camera, this.#clock, {
      onChange: () => this.requestUpdate(),
      onError: (error) => this.#onFault(tile, error),
      onExpiring: () => this.#tell('token-expiring', { src, exp: tile.camera.exp }),
    });
    if (tile.linkError !== null) this.#onFault(tile, tile.linkError);
    return tile;
  }

  async #begin(together: KeptTogether): Promise<void> {
    this.#opening.abort();
    const { signal } = (this.#opening = new AbortController());
    if (this.autoplay) this.play();
    if (this.start !== null) return this.#goTo(this.start);
    const newestMs = await this.#newest(together, signal);
    if (newestMs === null) return;
    if (this.autoplay && newestMs > Date.now() - GROWING_MS) void this.live();
    else this.#goTo(newestMs - LIVE_BEHIND_MS);
  }

  /** Asks until it is told of footage; null once the viewer went somewhere. */
  async #newest(together: KeptTogether, signal: AbortSignal): Promise<number | null> {
    for (;;) {
      try {
        const newestMs = await together.newestCommon(signal);
        if (signal.aborted || newestMs !== null) return signal.aborted ? null : newestMs;
      } catch (error) {
        if (signal.aborted) return null;
        if (!(error instanceof ArchiveError)) throw error;
      }
      // The tiles find out themselves why the archives tell nothing, and say so.
      if (!this.#hasBegun) this.#goTo(Date.now());
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      if (signal.aborted) return null;
    }
  }

  #close(): void {
    this.#opening.abort();
    clearInterval(this.#ticker);
    clearTimeout(this.#noticeTimer);
    this.#ticker = undefined;
    for (const tile of this.#tiles) tile.close();
    this.#together?.close();
    this.#tiles = [];
    this.#together = null;
    this.#hasBegun = this.#isWanted = this.#hasEnded = false;
    this.#clock.run(false, performance.now());
    this._state = 'idle';
    this._notice = null;
  }

  #goTo(timeMs: number): void {
    const atMs = performance.now();
    this.#clock.run(false, atMs);
    this.#clock.set(Math.round(timeMs), atMs);
    this.#hasBegun = true;
    this.#hasEnded = false;
    for (const follower of this.#followers) follower.jump(atMs);
    this.#tick();
  }

  /** What keeps it all in step: the clock runs if it may, the tiles follow, what no camera has is passed over. */
  #tick(): void {
    const atMs = performance.now();
    if (!this.#hasBegun) return;
    const followers = this.#followers;
    for (const follower of followers) follower.follow(atMs);
    const leapMs = leapOf(followers);
    const canGoOn = leapMs === null || this.#leap(leapMs, atMs);
    const mustWait = !canGoOn || isHeld(followers);
    this.#clock.run(this.#isWanted && !mustWait && !this.#hasEnded, atMs);
    this.#setState(this.#stateNow(mustWait));
    this.#sound();
    this.#show();
  }

  /** No camera has footage here: on to the next of any, or the end. False while the next is being recorded. */
  #leap(toMs: number, atMs: number): boolean {
    if (!Number.isFinite(toMs)) {
      this.#hasEnded = !this.#followers.some(({ gap }) => (gap?.startMs ?? 0) > Date.now() - GROWING_MS);
      return this.#hasEnded;
    }
    const fromMs = Math.max(...this.#followers.map(({ gap }) => gap?.startMs ?? -Infinity));
    const timeMs = this.#clock.timeMs(atMs);
    const gap = { fromMs: Math.round(Number.isFinite(fromMs) ? fromMs : timeMs), toMs };
    this.#clock.set(toMs, atMs);
    for (const follower of this.#followers) follower.follow(atMs);
    this.#say(
      `No camera has anything from ${surelyWords(gap.fromMs, this.zone)} on: this is the next footage, from ${surelyWords(toMs, this.zone)}.`,
    );
    this.#tell('gap', gap);
    return true;
  }

  #stateNow(mustWait: boolean): PlaybackState {
    if (this.#tiles.length === 0) return 'idle';
    if (this.#tiles.every(({ error }) => error !== null)) return 'error';
    if (mustWait) return 'loading';
    if (this.#hasEnded) return 'ended';
    return this.#isWanted ? 'playing' : 'paused';
  }

  #setState(state: PlaybackState): void {
    if (state === this._state) return;
    this._state = state;
    this.#tell('statechange', { state });
  }

  /** Comes with every tick: nothing here may draw the whole wall anew. */
  #show(): void {
    const timeMs = this.timeMs!;
    if (timeMs === this.#toldMs || !this.hasUpdated) return;
    this.#toldMs = timeMs;
    const clock = this.renderRoot.querySelector('time')!;
    clock.textContent = `${dayWords(timeMs, this.zone)} ${fineWords(timeMs, this.zone)}`;
    clock.dateTime = new Date(timeMs).toISOString();
    this.#timeline.nowMs = timeMs;
    this.#tell('timeupdate', { timeMs });
  }

  /** One tile is heard, and none before the page was touched: a browser would not play it at all. */
  #sound(): void {
    const isQuiet = this.muted || !navigator.userActivation.hasBeenActive;
    const heard = this.#heard;
    for (const { camera, follower } of this.#tiles) {
      if (follower !== null) follower.video.muted = isQuiet || camera.src !== heard;
    }
  }

  /** The camera that is heard unless the wall is muted: the one chosen, or the first. */
  get #heard(): string | null {
    return this._sounding ?? this.#tiles[0]?.camera.src ?? null;
  }

  #onFault({ camera: { src, exp } }: WallTile, error: ArchiveError): void {
    this.requestUpdate();
    this.#tell('error', { src, kind: error.kind, message: error.message });
    if (error.kind === 'refused') this.#tell('token-expiring', { src, exp });
  }

  #say(notice: string | null): void {
    clearTimeout(this.#noticeTimer);
    this._notice = notice;
    if (notice !== null) this.#noticeTimer = setTimeout(() => (this._notice = null), NOTICE_MS);
  }

  #tell<K extends keyof WallEventMap>(name: K, detail: WallEventMap[K]['detail']): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #onKey(event: KeyboardEvent): void {
    const at = event.composedPath()[0];
    if (at instanceof HTMLInputElement || at instanceof HTMLSelectElement) return;
    // A button that has the focus is pressed by the space bar.
    if ((event.key === ' ' && at instanceof HTMLButtonElement) || event.defaultPrevented) return;
    const command = commandOf(event);
    if (command === null || !DOES.has(command) || (command === 'unmark' && this._large === null)) return;
    event.preventDefault();
    void this.#do(command);
  }

  async #do(command: Command): Promise<void> {
    const together = this.#together;
    const now = this.timeMs;
    if (together === null || now === null) return;
    const by = { 'back-10': -10_000, 'on-10': 10_000, 'back-60': -60_000, 'on-60': 60_000 }[command as string];
    if (by !== undefined) {
      // A step back into a gap lands before it, else nobody could step back over one.
      const place = by < 0 ? await together.before(now + by) : null;
      return this.seek(place?.timeMs ?? now + by);
    }
    if (command === 'toggle') return this.#isWanted && !this.#hasEnded ? this.pause() : this.play();
    if (command === 'frame-back' || command === 'frame-on') return this.#step(command === 'frame-on' ? 1 : -1);
    if (command === 'slower' || command === 'faster') this.rate = rateBeside(this.rate, command === 'faster' ? 1 : -1);
    if (command === 'live') return this.live();
    if (command === 'mute') this.muted = !this.muted;
    if (command === 'unmark') this._large = null;
    if (command === 'full-screen') {
      return document.fullscreenElement === null ? this.requestFullscreen() : document.exitFullscreen();
    }
    if (command === 'previous-run' || command === 'next-run') {
      const to = await (command === 'next-run' ? together.nextRun(now) : together.previousRun(now));
      if (to !== null) return this.seek(to);
      this.#say(`There is no ${command === 'next-run' ? 'later' : 'earlier'} footage.`);
    }
  }

  /** A picture on or back, of the camera shown large or the first that shows one; the others follow. */
  async #step(direction: 1 | -1): Promise<void> {
    this.pause();
    const showing = this.#tiles.filter(({ follower }) => follower?.standing === 'in-step');
    const first = showing.find(({ camera }) => camera.src === this._large) ?? showing[0];
    const from = this.timeMs;
    const to = (await first?.follower?.step(direction)) ?? null;
    if (to === null || from === null) return;
    const isNear = Math.abs(to - from) < STEP_MAX_MS;
    if (isNear) return this.seek(to);
    const beside = from + direction * TICK_MS;
    const place = direction < 0 ? await this.#together?.before(beside) : null;
    this.seek(place?.timeMs ?? beside);
  }

  protected override render(): TemplateResult {
    const isPlaying = this.#isWanted && (this._state === 'playing' || this._state === 'loading');
    const count = this.#tiles.length;
    const columns = this._large === null ? columnsOf(count) : Math.min(Math.max(count - 1, 1), 4);
    return html`
      <div id="stage" part="stage">
        <div id="tiles" part="tiles" data-columns=${columns} ?data-few=${count <= 2}>
          ${repeat(
            this.#tiles,
            (tile) => tile,
            (tile) => this.#tile(tile),
          )}
        </div>
        ${this._notice === null ? nothing : html`<p id="message" part="message" role="status"><span>${this._notice}</span></p>`}
      </div>
      <div class="row" part="controls" role="group" aria-label="Controls">
        <div class="group">
          ${this.#button('back-60', 'Back 1 min', '−1 min', 'wide')} ${this.#button('back-10', 'Back 10 seconds', '−10')}
          ${this.#button('frame-back', 'A picture back', icon('frame-back'), 'wide')}
          ${this.#button('toggle', isPlaying ? 'Pause' : 'Play', icon(isPlaying ? 'pause' : 'play'), 'primary')}
          ${this.#button('frame-on', 'A picture on', icon('frame-on'), 'wide')} ${this.#button('on-10', 'On 10 seconds', '+10')}
          ${this.#button('on-60', 'On 1 min', '+1 min', 'wide')}
        </div>
        <time part="time">–</time>
        <select aria-label="Speed" @change=${(event: Event) => (this.rate = Number((event.target as HTMLSelectElement).value))}>
          ${RATES.map((rate) => html`<option value=${rate} ?selected=${rate === this._rate}>${rate}×</option>`)}
        </select>
        <button type="button" aria-pressed=${this._isLive} @click=${() => void this.#do('live')}>Live</button>
        ${this.#button('full-screen', 'Full screen', icon('full-screen'))}
      </div>
      <footage-timeline
        part="timeline"
        label="Timeline of all cameras"
        follow
        .kept=${this.#together}
        .zone=${this.zone}
        @footage-seek=${(event: CustomEvent<{ timeMs: number }>) => this.seek(event.detail.timeMs)}
      ></footage-timeline>
      <div class="row">
        <button type="button" aria-expanded=${this._isChoosing} @click=${() => (this._isChoosing = !this._isChoosing)}>Go to …</button>
        <button type="button" aria-pressed=${this.zone === 'utc'} @click=${() => (this.zone = this.zone === 'utc' ? 'local' : 'utc')}>
          UTC
        </button>
      </div>
      ${this._isChoosing ? this.#calendar() : nothing}
    `;
  }

  #tile(tile: WallTile): TemplateResult {
    const { src } = tile.camera;
    return tileTemplate(tile, {
      zone: this.zone,
      timeMs: this.timeMs ?? 0,
      isLarge: this._large === src,
      hasSound: !this.muted && this.#heard === src,
      isAlone: this.#tiles.length < 2,
      onEnlarge: () => (this._large = this._large === src ? null : src),
      onSound: () => {
        this.muted = !this.muted && this.#heard === src;
        this._sounding = src;
      },
      onRetry: () => tile.follower?.jump(performance.now()),
    });
  }

  #calendar(): TemplateResult {
    return html`<footage-calendar
      part="calendar"
      .kept=${this.#together}
      .timeMs=${this.timeMs}
      .zone=${this.zone}
      @footage-choose=${(event: CustomEvent<{ timeMs: number }>) => {
        this._isChoosing = false;
        this.seek(event.detail.timeMs);
      }}
    ></footage-calendar>`;
  }

  #button(command: Command, words: string, sign: string | SVGTemplateResult, kind = ''): TemplateResult {
    return html`<button type="button" class=${kind} title=${words} aria-label=${words} @click=${() => void this.#do(command)}>
      ${sign}
    </button>`;
  }
}

/** The commands of the player's keys that a wall knows. */
const DOES: ReadonlySet<Command> = new Set<Command>([
  'toggle',
  'frame-back',
  'frame-on',
  'back-10',
  'on-10',
  'back-60',
  'on-60',
  'previous-run',
  'next-run',
  'slower',
  'faster',
  'live',
  'unmark',
  'mute',
  'full-screen',
]);

function columnsOf(count: number): number {
  if (count <= 1) return 1;
  return count <= 4 ? 2 : 3;
}

if (customElements.get('footage-wall') === undefined) customElements.define('footage-wall', FootageWall);

declare global {
  interface HTMLElementTagNameMap {
    'footage-wall': FootageWall;
  }
}
