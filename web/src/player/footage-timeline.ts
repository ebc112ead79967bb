/**
 * `<footage-timeline>`: an archive's wall time on a canvas, from two years to ten seconds. It shows what
 * is kept, the playhead, the present and a clip's marks, and turns pointers, fingers and keys into events:
 * it never seeks, it says where to. Everything is drawn in one go, in the frame after something changed.
 */
import { html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import type { Kept } from './kept';
import { KeptTogether, type Lane } from './kept-together';
import type { Pictures } from './pictures';
import {
  clamped,
  glided,
  panned,
  timeOf,
  viewAround,
  viewLength,
  xOf,
  zoomed,
} from './scale';
import { lengthMs, stepFor } from './ticks';
import {
  Drawing,
  heightOf,
  laneAt,
  msPerPx,
  RULER_PX,
  type Colours,
  type Marks,
} from './timeline-drawing';
import { Gestures, type Place, type Pointer } from './timeline-gestures';
import { coloursOf, PROBES, timelineStyles } from './timeline-styles';
import { Tip } from './timeline-tip';
import type { Span } from './times';
import { clockWords } from './words';
import type { Zone } from './zone';

export type { Marks } from './timeline-drawing';

export interface TimelineEvents {
  'footage-seek': { readonly timeMs: number };
  /** Null at its end. */
  'footage-scrub': { readonly timeMs: number | null };
  'footage-view': { readonly view: Span };
  'footage-marks': Marks;
}

const DAY_MS = 86_400_000;
const GRAB_PX = { mouse: 7, touch: 20 };
const HANDLE_PX = 11;
/** So long after the view was moved by hand it doesn't follow the playhead. */
const HANDS_OFF_MS = 5000;
const WHEEL = { zoom: 0.0022, pinch: 0.011, linePx: 24, notchPx: 240 };
const KEY_ZOOM = 1.6;
/** Words for screen readers change at most this often while the playhead runs. */
const WORDS_EVERY_MS = 1000;

export class FootageTimeline extends LitElement {
  static override styles = timelineStyles;
  static override properties = {
    kept: { attribute: false },
    pictures: { attribute: false },
    zone: { type: String },
    follow: { type: Boolean },
    label: { type: String },
  };

  /** What is kept of one archive, or of several, each on a lane of its own. */
  declare kept: Kept | KeptTogether | null;
  /** Of the one archive; lanes bring their own. */
  declare pictures: Pictures | null;
  declare zone: Zone;
  declare follow: boolean;
  /** The name that screen readers give it. */
  declare label: string;

  #view: Span | null = null;
  #target: Span | null = null;
  #nowMs: number | null = null;
  #liveMs: number | null = null;
  #marks: Marks = { inMs: null, outMs: null };
  #marksBefore: Marks | null = null;
  #pointerMs: number | null = null;
  #widthPx = 0;
  #frame = 0;
  #frameMs = 0;
  #movedMs = -Infinity;
  #wordsMs = -Infinity;
  #wordsTimer: ReturnType<typeof setTimeout> | undefined;
  #hasMoved = false;
  #isFocused = false;
  #colours: Colours | null = null;
  #font = 'sans-serif';
  #drawing: Drawing | null = null;
  #tip: Tip | null = null;
  #watched: Kept | KeptTogether | null = null;
  #pointerY = 0;
  readonly #gestures = new Gestures({
    placeAt: (x, y, isTouch) => this.#placeAt(x, y, isTouch),
    click: (x) => this.#seek(this.#timeAt(x)),
    pan: (byPx) => this.#panBy(-byPx),
    pinch: (centreX, byPx, spread) => {
      this.#panBy(-byPx);
      this.#zoomAt(1 / spread, centreX, false);
    },
    scrub: (x) => this.#scrub(x),
    scrubEnd: (x, isCancelled) => this.#scrubEnd(x, isCancelled),
    mark: (which, x) => this.#moveMark(which, x),
    markEnd: (isCancelled) => this.#markEnd(isCancelled),
  });
  readonly #resized = new ResizeObserver(([entry]) => {
    this.#widthPx = entry?.contentRect.width ?? 0;
    this.#dirty();
  });

  constructor() {
    super();
    this.kept = null;
    this.pictures = null;
    this.zone = 'local';
    this.follow = false;
    this.label = 'Timeline';
  }

  /** What is shown; null until it was set or the archive has told what it holds. */
  get view(): Span | null {
    return this.#target ?? this.#view;
  }

  set view(view: Span | null) {
    this.#target = null;
    this.#view = view === null ? null : clamped(view, this.#limits);
    this.#dirty();
  }

  /** The wall time of the playhead, or null for none. */
  get nowMs(): number | null {
    return this.#nowMs;
  }

  set nowMs(timeMs: number | null) {
    if (timeMs === this.#nowMs) return;
    this.#nowMs = timeMs;
    this.#followPlayhead();
    this.#dirty();
  }

  /** Where the present is drawn, or null for nowhere. */
  get liveMs(): number | null {
    return this.#liveMs;
  }

  set liveMs(timeMs: number | null) {
    this.#liveMs = timeMs;
    this.#dirty();
  }

  /** The clip's ends. */
  get marks(): Marks {
    return this.#marks;
  }

  set marks(marks: Marks) {
    this.#marks = marks;
    this.#dirty();
  }

  /** Shows another view, gliding there unless the viewer wants less motion. */
  show(view: Span): void {
    this.#goTo(clamped(view, this.#limits), true);
  }

  /** Shows `factor` times as much, around the playhead where it is in view. */
  zoomBy(factor: number): void {
    const view = this.view;
    if (view === null) return;
    const x = this.#nowMs === null ? NaN : xOf(view, this.#widthPx, this.#nowMs);
    this.#zoomAt(factor, x >= 0 && x <= this.#widthPx ? x : this.#widthPx / 2, true);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#watch(this.kept);
    this.#dirty();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch(null);
    this.#gestures.cancel();
    this.#unhover();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#wordsTimer);
    this.#wordsTimer = undefined;
    this.#frame = 0;
  }

  protected override render(): TemplateResult {
    return html`
      <div
        id="track"
        part="track"
        role="slider"
        tabindex="0"
        aria-label=${this.label}
        aria-orientation="horizontal"
        aria-valuemin="0"
        aria-valuemax="0"
        aria-valuenow="0"
      >
        <canvas part="canvas" aria-hidden="true"></canvas>
      </div>
      <div id="tip" part="tip" aria-hidden="true" hidden>
        <canvas part="picture" hidden></canvas><b part="time"></b><span part="note"></span>
      </div>
      <div id="colours" aria-hidden="true">${PROBES.map((name) => html`<i class=${name}></i>`)}</div>
    `;
  }

  protected override firstUpdated(): void {
    const track = this.#track;
    this.#drawing = new Drawing(track.querySelector('canvas')!.getContext('2d')!);
    this.#tip = new Tip(this.renderRoot.querySelector('#tip')!);
    this.#listen(track);
    this.renderRoot.querySelector('#colours')!.addEventListener('transitionend', () => {
      this.#colours = null;
      this.#dirty();
    });
    this.#resized.observe(track);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('kept') && this.isConnected) this.#watch(this.kept);
    if (changed.has('zone')) this.#wordsMs = -Infinity;
    this.#dirty();
  }

  get #track(): HTMLElement {
    return this.renderRoot.querySelector('#track')!;
  }

  get #lanes(): readonly Lane[] {
    const { kept, pictures } = this;
    if (kept === null) return [];
    return kept instanceof KeptTogether ? kept.lanes : [{ label: '', kept, pictures }];
  }

  get #limits(): Span | null {
    const kept = this.kept;
    const bounds = kept?.bounds;
    return kept && bounds ? { startMs: bounds.startMs, endMs: kept.presentMs } : null;
  }

  readonly #onChange = (): void => {
    if (this.#view === null) this.#showNewest();
    this.#tip?.refresh();
    this.#dirty();
  };

  #watch(kept: Kept | KeptTogether | null): void {
    this.#watched?.removeEventListener('change', this.#onChange);
    this.#watched = kept;
    kept?.addEventListener('change', this.#onChange);
    if (kept === null) return;
    // A Kept asks for nothing until it is told what is looked at.
    const now = kept.presentMs;
    kept.want(this.#view ?? { startMs: now - DAY_MS, endMs: now });
    if (this.#view === null && kept.isLoaded) this.#showNewest();
  }

  /** All that is kept, or the last day of it. */
  #showNewest(): void {
    const bounds = this.kept?.bounds;
    if (!bounds) return;
    const length = Math.min(viewLength(bounds) * 1.1, DAY_MS);
    this.view = viewAround(bounds.endMs, length, 0.96);
    this.#hasMoved = true;
  }

  #listen(track: HTMLElement): void {
    const listen = <K extends keyof HTMLElementEventMap>(
      name: K,
      listener: (event: HTMLElementEventMap[K]) => void,
      options?: AddEventListenerOptions,
    ): void => track.addEventListener(name, listener, options);
    listen('pointerdown', (event) => this.#onDown(event));
    listen('pointermove', (event) => this.#onMove(event));
    listen('pointerup', (event) => {
      this.#gestures.release(this.#pointerOf(event));
      this.#afterGesture(event.pointerType === 'touch');
    });
    listen('pointercancel', () => {
      this.#gestures.cancel();
      this.#afterGesture(true);
    });
    listen('pointerleave', () => {
      if (this.#gestures.mode === 'none') this.#unhover();
    });
    listen('wheel', (event) => this.#onWheel(event), { passive: false });
    // Once fingers zoom or scrub, the page stays where it is.
    listen(
      'touchmove',
      (event) => {
        const { mode } = this.#gestures;
        if (event.cancelable && mode !== 'press' && mode !== 'none') event.preventDefault();
      },
      { passive: false },
    );
    listen('contextmenu', (event) => {
      if (this.#gestures.mode !== 'none') event.preventDefault();
    });
    listen('keydown', (event) => this.#onKey(event));
    listen('focus', () => this.#focusChanged(true));
    listen('blur', () => this.#focusChanged(false));
  }

  #focusChanged(isFocused: boolean): void {
    this.#isFocused = isFocused;
    this.#wordsMs = -Infinity;
    this.#dirty();
  }

  #pointerOf(event: PointerEvent): Pointer {
    const box = this.#track.getBoundingClientRect();
    return {
      id: event.pointerId,
      x: event.clientX - box.left,
      y: event.clientY - box.top,
      isTouch: event.pointerType === 'touch',
      shift: event.shiftKey,
    };
  }

  #onDown(event: PointerEvent): void {
    if (event.button !== 0 || this.#view === null) return;
    this.#track.setPointerCapture(event.pointerId);
    this.#target = null;
    this.#gestures.press(this.#pointerOf(event));
  }

  #onMove(event: PointerEvent): void {
    if (this.#view === null) return;
    const pointer = this.#pointerOf(event);
    if (this.#gestures.mode === 'none') {
      if (!pointer.isTouch) this.#hover(pointer.x, pointer.y);
      return;
    }
    this.#gestures.move(pointer);
    const { mode } = this.#gestures;
    this.#track.dataset['mode'] = mode;
    if (mode === 'pan' || mode === 'pinch') this.#unhover();
  }

  #afterGesture(isTouch: boolean): void {
    delete this.#track.dataset['mode'];
    if (isTouch && this.#gestures.mode === 'none') this.#unhover();
  }

  #placeAt(x: number, y: number, isTouch: boolean): Place {
    const grab = isTouch ? GRAB_PX.touch : GRAB_PX.mouse;
    const view = this.#view!;
    const away = (timeMs: number | null): number =>
      timeMs === null ? Infinity : x - xOf(view, this.#widthPx, timeMs);
    if (y >= RULER_PX) {
      // The tabs lie outside the clip: left of its start, right of its end.
      const fromIn = away(this.#marks.inMs);
      const fromOut = away(this.#marks.outMs);
      if (fromIn >= -HANDLE_PX - grab / 2 && fromIn <= grab / 2) return 'in';
      if (fromOut >= -grab / 2 && fromOut <= HANDLE_PX + grab / 2) return 'out';
    }
    if (Math.abs(away(this.#nowMs)) <= grab) return 'playhead';
    return y < RULER_PX ? 'ruler' : 'lane';
  }

  #timeAt(x: number): number {
    return timeOf(this.#view!, this.#widthPx, Math.min(Math.max(x, 0), this.#widthPx));
  }

  #hover(x: number, y: number): void {
    this.#track.dataset['place'] = this.#placeAt(x, y, false);
    this.#pointerY = y;
    this.#look(x);
  }

  /** Shows the moment under a pixel, its time and its picture. */
  #look(x: number): void {
    const timeMs = this.#timeAt(x);
    this.#pointerMs = timeMs;
    const lanes = this.#lanes;
    const lane = lanes[laneAt(this.#pointerY, lanes.length)];
    this.#tip?.show({
      timeMs,
      x: xOf(this.#view!, this.#widthPx, timeMs),
      widthPx: this.#widthPx,
      msPerPx: msPerPx(this.#view!, this.#widthPx),
      zone: this.zone,
      kept: lane?.kept ?? null,
      pictures: lane?.pictures ?? null,
    });
    this.#dirty();
  }

  #unhover(): void {
    if (this.#pointerMs === null) return;
    this.#pointerMs = null;
    this.#tip?.hide();
    this.#dirty();
  }

  #scrub(x: number): void {
    this.#look(x);
    this.#say('footage-scrub', { timeMs: this.#pointerMs });
  }

  #scrubEnd(x: number, isCancelled: boolean): void {
    const timeMs = this.#timeAt(x);
    this.#say('footage-scrub', { timeMs: null });
    if (!isCancelled) this.#seek(timeMs);
  }

  #seek(timeMs: number): void {
    this.#say('footage-seek', { timeMs });
  }

  #moveMark(which: 'in' | 'out', x: number): void {
    this.#marksBefore ??= this.#marks;
    const timeMs = this.#timeAt(x);
    const { inMs, outMs } = this.#marks;
    this.marks =
      which === 'in'
        ? { inMs: Math.min(timeMs, (outMs ?? Infinity) - 1), outMs }
        : { inMs, outMs: Math.max(timeMs, (inMs ?? -Infinity) + 1) };
    this.#look(x);
  }

  #markEnd(isCancelled: boolean): void {
    if (isCancelled && this.#marksBefore !== null) this.marks = this.#marksBefore;
    this.#marksBefore = null;
    if (!isCancelled) this.#say('footage-marks', this.#marks);
  }

  #onWheel(event: WheelEvent): void {
    if (this.#view === null) return;
    event.preventDefault();
    const scale = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : WHEEL.linePx;
    const [dx, dy] = [event.deltaX * scale, event.deltaY * scale];
    const x = event.clientX - this.#track.getBoundingClientRect().left;
    if (event.shiftKey || Math.abs(dx) > Math.abs(dy)) this.#panBy(dx || dy);
    else {
      const reach = Math.min(Math.max(dy, -WHEEL.notchPx), WHEEL.notchPx);
      // A pinch on a trackpad comes as a wheel with Ctrl, in small steps that need no gliding.
      this.#zoomAt(Math.exp(reach * (event.ctrlKey ? WHEEL.pinch : WHEEL.zoom)), x, !event.ctrlKey);
    }
    if (this.#pointerMs !== null) this.#look(x);
  }

  #onKey(event: KeyboardEvent): void {
    const view = this.view;
    if (view === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && this.#gestures.mode !== 'none') {
      this.#gestures.cancel();
      this.#unhover();
      return;
    }
    const length = viewLength(view);
    const stepMs = lengthMs(stepFor(length / 100));
    const steps: Record<string, () => void> = {
      ArrowLeft: () => (event.shiftKey ? this.#panBy(-this.#widthPx / 8, true) : this.#stepBy(-stepMs)),
      ArrowRight: () => (event.shiftKey ? this.#panBy(this.#widthPx / 8, true) : this.#stepBy(stepMs)),
      ArrowDown: () => this.#stepBy(-stepMs),
      ArrowUp: () => this.#stepBy(stepMs),
      PageDown: () => this.#stepBy(-length / 10),
      PageUp: () => this.#stepBy(length / 10),
      Home: () => this.#toEnd('startMs'),
      End: () => this.#toEnd('endMs'),
      '+': () => this.zoomBy(1 / KEY_ZOOM),
      '=': () => this.zoomBy(1 / KEY_ZOOM),
      '-': () => this.zoomBy(KEY_ZOOM),
      _: () => this.zoomBy(KEY_ZOOM),
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    step();
  }

  /** A step back into a gap lands before it: were it to go on to the next footage, nobody could cross it. */
  #stepBy(byMs: number): void {
    const view = this.view!;
    const timeMs = Math.round((this.#nowMs ?? (view.startMs + view.endMs) / 2) + byMs);
    if (byMs > 0 || this.kept?.at(timeMs) !== 'gap') return this.#seek(timeMs);
    this.kept.before(timeMs).then(
      (landing) => this.#seek(landing?.timeMs ?? timeMs),
      () => this.#seek(timeMs),
    );
  }

  #toEnd(end: 'startMs' | 'endMs'): void {
    const bounds = this.kept?.bounds;
    if (!bounds) return;
    this.#movedMs = -Infinity;
    this.#seek(end === 'startMs' ? bounds.startMs : bounds.endMs - 1);
  }

  #panBy(byPx: number, isGliding = false): void {
    const view = this.view;
    if (view === null) return;
    const moved = panned(view, byPx * msPerPx(view, this.#widthPx));
    this.#movedMs = performance.now();
    this.#goTo(clamped(moved, this.#limits), isGliding);
  }

  #zoomAt(factor: number, x: number, isGliding: boolean): void {
    const from = this.view;
    if (from === null || this.#view === null) return;
    const fraction = x / Math.max(this.#widthPx, 1);
    // The moment that is drawn under the pointer stays there, also where a glide is under way.
    const anchorMs = this.#view.startMs + fraction * viewLength(this.#view);
    const length = viewLength(zoomed(from, factor, 0));
    this.#movedMs = performance.now();
    this.#goTo(clamped(viewAround(anchorMs, length, fraction), this.#limits), isGliding);
  }

  #goTo(view: Span, isGliding: boolean): void {
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (isGliding && !isStill && this.#view !== null) {
      if (this.#target === null) this.#frameMs = performance.now();
      this.#target = view;
    } else {
      this.#target = null;
      this.#view = view;
    }
    this.#hasMoved = true;
    this.#dirty();
  }

  #followPlayhead(): void {
    const view = this.view;
    const now = this.#nowMs;
    if (!this.follow || view === null || now === null || this.#gestures.mode !== 'none') return;
    if (performance.now() - this.#movedMs < HANDS_OFF_MS) return;
    if (now >= view.startMs && now < view.endMs) return;
    const length = viewLength(view);
    const hasRunOut = now >= view.endMs && now < view.endMs + length / 5;
    this.#goTo(clamped(viewAround(now, length, hasRunOut ? 0.1 : 0.5), this.#limits), true);
  }

  #say<K extends keyof TimelineEvents>(name: K, detail: TimelineEvents[K]): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #dirty(): void {
    if (this.#frame === 0 && this.isConnected) {
      this.#frame = requestAnimationFrame((atMs) => this.#onFrame(atMs));
    }
  }

  #onFrame(atMs: number): void {
    this.#frame = 0;
    if (this.#target !== null && this.#view !== null) {
      const elapsedMs = Math.min(Math.max(atMs - this.#frameMs, 8), 50);
      this.#view = glided(this.#view, this.#target, elapsedMs, this.#widthPx);
      if (this.#view === this.#target) this.#target = null;
      this.#hasMoved = true;
      this.#frameMs = atMs;
      this.#dirty();
    }
    const view = this.#view;
    if (view === null || this.#drawing === null || this.#widthPx === 0) return;
    this.kept?.want(view);
    this.#draw(view);
    this.#describe(view);
    if (this.#hasMoved) {
      this.#hasMoved = false;
      this.#say('footage-view', { view });
    }
  }

  #draw(view: Span): void {
    const ratio = devicePixelRatio || 1;
    const canvas = this.#track.querySelector('canvas')!;
    const lanes = this.#lanes;
    const heightPx = heightOf(lanes.length);
    const [width, height] = [Math.round(this.#widthPx * ratio), Math.round(heightPx * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      this.#track.style.height = canvas.style.height = `${heightPx}px`;
    }
    if (this.#colours === null) {
      this.#colours = coloursOf(this.renderRoot.querySelector('#colours')!);
      this.#font = getComputedStyle(this).fontFamily;
    }
    this.#drawing!.draw({
      widthPx: this.#widthPx,
      ratio,
      view,
      zone: this.zone,
      lanes: lanes.map(({ label, kept: { edges, known } }) => ({ label, edges, known })),
      presentMs: this.kept?.presentMs ?? Infinity,
      nowMs: this.#nowMs,
      liveMs: this.#liveMs,
      marks: this.#marks,
      pointerMs: this.#pointerMs,
      isFocused: this.#isFocused,
      colours: this.#colours,
      font: this.#font,
    });
  }

  /** What screen readers tell of the slider. */
  #describe(view: Span): void {
    const atMs = performance.now();
    if (atMs - this.#wordsMs < WORDS_EVERY_MS) {
      this.#wordsTimer ??= setTimeout(() => {
        this.#wordsTimer = undefined;
        this.#dirty();
      }, WORDS_EVERY_MS);
      return;
    }
    this.#wordsMs = atMs;
    const limits = this.#limits ?? view;
    const now = this.#nowMs;
    const track = this.#track;
    track.setAttribute('aria-valuemin', String(Math.round(limits.startMs)));
    track.setAttribute('aria-valuemax', String(Math.round(limits.endMs)));
    track.setAttribute('aria-valuenow', String(Math.round(now ?? limits.startMs)));
    const state = now === null ? null : this.kept?.at(now);
    const words = now === null ? 'Nothing playing' : clockWords(now, this.zone);
    track.setAttribute('aria-valuetext', state === 'gap' ? `${words}, nothing kept` : words);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'footage-timeline': FootageTimeline;
  }
}

if (customElements.get('footage-timeline') === undefined) {
  customElements.define('footage-timeline', FootageTimeline);
}
