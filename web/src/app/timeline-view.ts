/**
 * Draws a span of an archive: bars where footage is kept, gaps between, local hours, the playhead, and
 * a picture of the moment under the pointer. It is a slider to the keyboard and to screen readers. It
 * decides nothing: it reports the moment that was chosen, and draws the one it is told.
 */
import { bars, locate, stepped, ticks, timeToX, xToTime, type Entry, type Span } from '../player/times';
import { clockWords, dayWords, minuteWords, timeWords } from '../player/words';

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT_PX = 64;
const BAR_TOP_PX = 8;
const BAR_HEIGHT_PX = 30;
const LABEL_GAP_PX = 76;
const LABEL_EDGE_PX = 26;
const STEP_MS = 10_000;
/** The pointer has to rest this long before a picture is asked for: each one is decoded for us. */
const PREVIEW_DELAY_MS = 120;
export const PREVIEW_WIDTH_PX = 320;

export interface TimelineSource {
  onChoose(timeMs: number): void;
  previewUrl(timeMs: number): string;
}

export class TimelineView {
  readonly #root: HTMLElement;
  readonly #source: TimelineSource;
  readonly #svg = svg('svg', { 'aria-hidden': 'true', height: HEIGHT_PX });
  readonly #footage = svg('g', { class: 'footage' });
  readonly #scale = svg('g', { class: 'scale' });
  readonly #pointer = svg('line', { class: 'pointer', y1: 0, y2: BAR_TOP_PX + BAR_HEIGHT_PX + 4 });
  readonly #playhead = svg('path', { class: 'playhead' });
  readonly #tip = document.createElement('div');
  readonly #picture = document.createElement('img');
  readonly #caption = document.createElement('span');
  #span: Span | null = null;
  #entries: readonly Entry[] = [];
  #timeMs: number | null = null;
  #previewTimer = 0;
  #pointerX = 0;

  constructor(root: HTMLElement, source: TimelineSource) {
    this.#root = root;
    this.#source = source;
    root.tabIndex = 0;
    root.setAttribute('role', 'slider');
    root.setAttribute('aria-label', 'Timeline of the archive');
    this.#tip.className = 'tip';
    this.#tip.hidden = true;
    this.#tip.ariaHidden = 'true';
    this.#picture.alt = '';
    this.#picture.hidden = true;
    this.#picture.referrerPolicy = 'no-referrer';
    this.#picture.addEventListener('load', () => this.#showPicture());
    this.#picture.addEventListener('error', () => (this.#picture.hidden = true));
    this.#tip.append(this.#picture, this.#caption);
    this.#svg.append(this.#footage, this.#scale, this.#pointer, this.#playhead);
    root.append(this.#svg, this.#tip);
    root.addEventListener('click', (event) => this.#choose(this.#timeUnder(event)));
    root.addEventListener('pointermove', (event) => this.#hover(event));
    root.addEventListener('pointerleave', () => this.#unhover());
    root.addEventListener('keydown', (event) => this.#onKey(event));
    new ResizeObserver(() => this.#draw()).observe(root);
    this.#unhover();
  }

  show(span: Span, entries: readonly Entry[]): void {
    this.#span = span;
    this.#entries = entries;
    this.#timeMs = null;
    this.#root.setAttribute('aria-valuemin', String(span.startMs));
    this.#root.setAttribute('aria-valuemax', String(span.endMs));
    this.#unhover();
    this.#draw();
  }

  clear(): void {
    this.#span = null;
    this.#entries = [];
    this.#footage.replaceChildren();
    this.#scale.replaceChildren();
    this.#unhover();
    this.mark(null);
  }

  /** Puts the playhead at a moment; null takes it away. */
  mark(timeMs: number | null): void {
    this.#timeMs = timeMs;
    this.#root.setAttribute('aria-valuenow', String(Math.round(timeMs ?? this.#span?.startMs ?? 0)));
    this.#root.setAttribute('aria-valuetext', timeMs === null ? 'Nothing playing' : clockWords(timeMs));
    if (this.#span === null || timeMs === null) {
      this.#playhead.setAttribute('d', '');
      return;
    }
    const x = timeToX(this.#span, this.#width(), timeMs).toFixed(1);
    this.#playhead.setAttribute('d', `M${x} ${BAR_TOP_PX + BAR_HEIGHT_PX + 4}V4m-5-4h10l-5 7z`);
  }

  #width(): number {
    return this.#root.clientWidth;
  }

  #draw(): void {
    const span = this.#span;
    const width = this.#width();
    if (span === null || width === 0) return;
    this.#svg.setAttribute('width', String(width));
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT_PX}`);
    const lane = { y: BAR_TOP_PX, height: BAR_HEIGHT_PX };
    this.#footage.replaceChildren(
      svg('rect', { class: 'lane', x: 0, width, ...lane }),
      ...bars(this.#entries, span, width).map((bar) => svg('rect', { class: 'bar', ...bar, ...lane })),
    );
    this.#scale.replaceChildren(
      ...ticks(span, width, LABEL_GAP_PX).flatMap(({ timeMs, isMidnight }) => {
        const x = timeToX(span, width, timeMs);
        const bottom = BAR_TOP_PX + BAR_HEIGHT_PX;
        const line = svg('line', { x1: x, x2: x, y1: bottom, y2: bottom + 6 });
        if (x < LABEL_EDGE_PX || x > width - LABEL_EDGE_PX) return [line];
        const label = svg('text', { x, y: HEIGHT_PX - 7, ...(isMidnight && { class: 'day' }) });
        label.textContent = isMidnight ? dayWords(timeMs) : minuteWords(timeMs);
        return [line, label];
      }),
    );
    this.mark(this.#timeMs);
  }

  #timeUnder(event: MouseEvent): number {
    const box = this.#root.getBoundingClientRect();
    return xToTime(this.#span ?? { startMs: 0, endMs: 1 }, box.width, event.clientX - box.left);
  }

  #choose(timeMs: number): void {
    if (this.#span !== null) this.#source.onChoose(timeMs);
  }

  #onKey(event: KeyboardEvent): void {
    const span = this.#span;
    if (span === null) return;
    const now = this.#timeMs ?? span.startMs;
    const leapMs = Math.round((span.endMs - span.startMs) / 10);
    const step = {
      ArrowLeft: [now, -STEP_MS],
      ArrowDown: [now, -STEP_MS],
      ArrowRight: [now, STEP_MS],
      ArrowUp: [now, STEP_MS],
      PageDown: [now, -leapMs],
      PageUp: [now, leapMs],
      Home: [span.startMs, 0],
      End: [span.endMs, -STEP_MS],
    }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.#choose(stepped(this.#entries, step[0]!, step[1]!));
  }

  #hover(event: PointerEvent): void {
    if (this.#span === null) return;
    const timeMs = this.#timeUnder(event);
    const x = timeToX(this.#span, this.#width(), timeMs);
    const isKept = locate(this.#entries, timeMs)?.skippedGap === false;
    this.#pointer.setAttribute('visibility', 'visible');
    this.#pointer.setAttribute('x1', String(x));
    this.#pointer.setAttribute('x2', String(x));
    this.#caption.textContent = isKept ? timeWords(timeMs) : `${timeWords(timeMs)} · nothing kept`;
    this.#tip.hidden = false;
    this.#pointerX = x;
    this.#placeTip();
    clearTimeout(this.#previewTimer);
    if (!isKept) this.#picture.hidden = true;
    else this.#previewTimer = window.setTimeout(() => this.#preview(timeMs), PREVIEW_DELAY_MS);
  }

  #preview(timeMs: number): void {
    const url = this.#source.previewUrl(timeMs);
    if (this.#picture.src === url) this.#showPicture();
    else this.#picture.src = url;
  }

  #showPicture(): void {
    this.#picture.hidden = false;
    this.#placeTip();
  }

  /** Centred over the pointer, but never over the edge of the timeline. */
  #placeTip(): void {
    const half = this.#tip.offsetWidth / 2;
    const left = Math.min(Math.max(this.#pointerX, half), Math.max(this.#width() - half, half));
    this.#tip.style.setProperty('left', `${left}px`);
  }

  #unhover(): void {
    clearTimeout(this.#previewTimer);
    this.#tip.hidden = true;
    this.#picture.hidden = true;
    this.#picture.removeAttribute('src');
    this.#pointer.setAttribute('visibility', 'hidden');
  }
}

function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Record<string, string | number>,
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
