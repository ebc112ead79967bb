/**
 * Draws a timeline on a canvas: the ruler with its labels, the lane with what is kept, the clip's marks,
 * the present and the playhead. It is given all that it draws and remembers nothing but a pattern.
 */
import { barsOf, viewLength, xOf, type Edges } from './scale';
import { missingFrom, shared } from './spans';
import { scaleOf, sectionsOf, type Scale } from './ticks';
import type { Span } from './times';
import { sectionWords, tickWords } from './words';
import type { Zone } from './zone';

export const RULER_PX = 38;
const LANE_PX = 40;
/** Of several lanes, with the space below each. */
const THIN_LANE_PX = 20;
const BETWEEN_PX = 3;
const BELOW_PX = 6;

export const COLOURS = [
  'ink',
  'muted',
  'line',
  'lane',
  'kept',
  'unknown',
  'playhead',
  'live',
  'mark',
  'on-mark',
  'surface',
] as const;
export type Colours = Record<(typeof COLOURS)[number], string>;

export interface Marks {
  readonly inMs: number | null;
  readonly outMs: number | null;
}

/** What is kept of one archive, and as far as it is known. */
export interface DrawnLane {
  /** Written on it where it is one of several. */
  readonly label: string;
  readonly edges: Edges;
  readonly known: readonly Span[];
}

export interface Scene {
  readonly widthPx: number;
  readonly ratio: number;
  readonly view: Span;
  readonly zone: Zone;
  readonly lanes: readonly DrawnLane[];
  readonly presentMs: number;
  readonly nowMs: number | null;
  readonly liveMs: number | null;
  readonly marks: Marks;
  readonly pointerMs: number | null;
  readonly isFocused: boolean;
  readonly colours: Colours;
  readonly font: string;
}

const LABEL_PX = 84;
const NARROW_LABEL_PX = 62;
const NARROW_PX = 480;
const SECTION_Y = 12;
const TICK_LABEL_Y = 28;
const LANE_RADIUS_PX = 5;
const PAD_PX = 6;
const THIN_PAD_PX = 3;
/** How long before the present the newest footage may still be on its way: no reason to hatch. */
const ON_ITS_WAY_MS = 60_000;

export class Drawing {
  readonly #context: CanvasRenderingContext2D;
  #pattern: { key: string; fill: CanvasPattern | null } | null = null;

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  draw(scene: Scene): void {
    const { widthPx, ratio } = scene;
    const context = this.#context;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, widthPx, heightOf(scene.lanes.length));
    const labelPx = widthPx < NARROW_PX ? NARROW_LABEL_PX : LABEL_PX;
    const scale = scaleOf(scene.view, widthPx, labelPx, scene.zone);
    scene.lanes.forEach((lane, index) => this.#lane(scene, scale, lane, index));
    this.#ruler(scene, scale);
    this.#marks(scene);
    this.#live(scene);
    this.#pointer(scene);
    this.#playhead(scene);
  }

  #lane(scene: Scene, scale: Scale, lane: DrawnLane, index: number): void {
    const { widthPx, view, colours, lanes } = scene;
    const context = this.#context;
    const box = boxOf(index, lanes.length);
    const padPx = lanes.length > 1 ? THIN_PAD_PX : PAD_PX;
    context.save();
    context.beginPath();
    context.roundRect(0, box.top, widthPx, box.height, LANE_RADIUS_PX);
    context.clip();
    context.fillStyle = colours.lane;
    context.fillRect(0, box.top, widthPx, box.height);
    this.#unknown(scene, lane, box);
    context.globalAlpha = 0.5;
    this.#lines(scene, scale.major, box.top, box.top + box.height);
    context.globalAlpha = 1;
    context.fillStyle = colours.kept;
    for (const { x, width } of barsOf(lane.edges, view, widthPx)) {
      context.fillRect(x, box.top + padPx, width, box.height - 2 * padPx);
    }
    if (lanes.length > 1) this.#label(scene, lane.label, box);
    context.restore();
  }

  /** On a ground of its own: what it lies over may have any colour. */
  #label({ colours, font, widthPx }: Scene, label: string, { top, height }: Box): void {
    const context = this.#context;
    context.font = `600 10px ${font}`;
    context.textAlign = 'left';
    const mostPx = Math.min(widthPx / 3, 160);
    const width = Math.min(context.measureText(label).width, mostPx);
    context.fillStyle = colours.surface;
    context.globalAlpha = 0.85;
    context.beginPath();
    context.roundRect(3, top + height / 2 - 7, width + 8, 14, 4);
    context.fill();
    context.globalAlpha = 1;
    context.fillStyle = colours.ink;
    context.fillText(label, 7, top + height / 2 + 3.5, mostPx);
  }

  /** What has not been loaded yet is hatched; the future is nothing at all. */
  #unknown(scene: Scene, { known }: DrawnLane, { top, height }: Box): void {
    const { view, widthPx, presentMs } = scene;
    const context = this.#context;
    const past = { startMs: view.startMs, endMs: Math.min(view.endMs, presentMs - ON_ITS_WAY_MS) };
    const parts = missingFrom(known, past);
    if (parts.length > 0) context.fillStyle = this.#hatch(scene) ?? scene.colours.unknown;
    for (const { startMs, endMs } of parts) {
      const x = xOf(view, widthPx, startMs);
      context.fillRect(x, top, xOf(view, widthPx, endMs) - x, height);
    }
    const future = shared(view, { startMs: presentMs, endMs: Infinity });
    if (future === null) return;
    context.fillStyle = scene.colours.surface;
    const x = xOf(view, widthPx, future.startMs);
    context.fillRect(x, top, widthPx - x, height);
  }

  #hatch({ colours, ratio }: Scene): CanvasPattern | null {
    const key = `${colours.unknown} ${ratio}`;
    if (this.#pattern?.key === key) return this.#pattern.fill;
    const tile = document.createElement('canvas');
    const size = 8;
    tile.width = tile.height = size * ratio;
    const context = tile.getContext('2d')!;
    context.scale(ratio, ratio);
    context.strokeStyle = colours.unknown;
    context.lineWidth = 1.5;
    for (const shift of [-size, 0, size]) {
      context.moveTo(shift - 1, size + 1);
      context.lineTo(shift + size + 1, -1);
    }
    context.stroke();
    const fill = this.#context.createPattern(tile, 'repeat');
    fill?.setTransform(new DOMMatrix().scale(1 / ratio));
    this.#pattern = { key, fill };
    return fill;
  }

  #lines(scene: Scene, times: readonly number[], top: number, bottom: number): void {
    const { view, widthPx, ratio } = scene;
    const context = this.#context;
    context.fillStyle = scene.colours.line;
    for (const timeMs of times) {
      // On a device pixel: a hairline between two is a blur.
      const x = Math.round(xOf(view, widthPx, timeMs) * ratio) / ratio;
      context.fillRect(x, top, 1, bottom - top);
    }
  }

  #ruler(scene: Scene, scale: Scale): void {
    const { view, widthPx, zone, colours, font } = scene;
    const context = this.#context;
    this.#lines(scene, scale.minor, RULER_PX - 3, RULER_PX);
    this.#lines(scene, scale.major, RULER_PX - 6, RULER_PX);
    context.font = `11px ${font}`;
    context.fillStyle = colours.muted;
    context.textAlign = 'center';
    for (const timeMs of scale.major) {
      const label = tickWords(timeMs, scale.step, zone);
      const half = context.measureText(label).width / 2;
      const x = xOf(view, widthPx, timeMs);
      if (x - half >= 0 && x + half <= widthPx) context.fillText(label, x, TICK_LABEL_Y);
    }
    this.#sections(scene, scale);
  }

  /** The day, month or year of the ticks below: at its start, or at the left edge while it lasts. */
  #sections(scene: Scene, scale: Scale): void {
    const { view, widthPx, zone, colours, font } = scene;
    const context = this.#context;
    context.font = `600 11px ${font}`;
    context.textAlign = 'left';
    const gap = 10;
    for (const section of sectionsOf(view, scale.step, zone)) {
      const label = sectionWords(section, zone);
      const width = context.measureText(label).width;
      const startX = xOf(view, widthPx, section.startMs);
      const endX = xOf(view, widthPx, section.endMs);
      const x = Math.min(Math.max(startX + (startX > 0 ? 5 : 0), 2), endX - width - gap);
      if (startX > 0) {
        context.fillStyle = colours.line;
        context.fillRect(Math.round(startX), 2, 1, RULER_PX - 2);
      }
      context.fillStyle = colours.ink;
      if (endX - startX > width + gap || startX <= 0 || endX >= widthPx) {
        if (x + width <= widthPx && x >= Math.min(startX, 2) - width) context.fillText(label, x, SECTION_Y);
      }
    }
  }

  #marks(scene: Scene): void {
    const { view, widthPx, marks, colours, lanes } = scene;
    const context = this.#context;
    const height = lanesHeight(lanes.length);
    const bottom = RULER_PX + height;
    if (marks.inMs !== null && marks.outMs !== null && marks.inMs < marks.outMs) {
      const x = Math.max(xOf(view, widthPx, marks.inMs), 0);
      const end = Math.min(xOf(view, widthPx, marks.outMs), widthPx);
      context.fillStyle = colours.mark;
      context.globalAlpha = 0.28;
      if (end > x) context.fillRect(x, RULER_PX, end - x, height);
      context.globalAlpha = 1;
      if (end > x) {
        context.fillRect(x, RULER_PX, end - x, 2);
        context.fillRect(x, bottom - 2, end - x, 2);
      }
    }
    for (const [timeMs, side] of [[marks.inMs, -1], [marks.outMs, 1]] as const) {
      if (timeMs !== null) this.#handle(scene, xOf(view, widthPx, timeMs), side);
    }
  }

  /** A tab beside the edge, outside the clip, so that it hides nothing of it. */
  #handle({ colours, lanes }: Scene, x: number, side: -1 | 1): void {
    const context = this.#context;
    const height = lanesHeight(lanes.length);
    const left = side < 0 ? x - 11 : x;
    context.fillStyle = colours.mark;
    context.beginPath();
    context.roundRect(left, RULER_PX, 11, height, side < 0 ? [5, 0, 0, 5] : [0, 5, 5, 0]);
    context.fill();
    context.fillStyle = colours['on-mark'];
    context.fillRect(left + 5, RULER_PX + 13, 1.5, height - 26);
  }

  #live({ view, widthPx, liveMs, colours, font, lanes }: Scene): void {
    if (liveMs === null || liveMs < view.startMs || liveMs > view.endMs) return;
    const height = lanesHeight(lanes.length);
    const x = xOf(view, widthPx, liveMs);
    const context = this.#context;
    context.fillStyle = colours.live;
    context.fillRect(x - 1, RULER_PX - 6, 2, height + 12);
    // On a ground of its own: what it lies over may have any colour.
    context.font = `600 10px ${font}`;
    context.textAlign = 'center';
    const half = context.measureText('now').width / 2 + 5;
    const middle = x + half + 4 > widthPx ? x - half : x + half;
    context.beginPath();
    context.roundRect(middle - half, RULER_PX + height / 2 - 8, 2 * half, 16, 4);
    context.fill();
    context.fillStyle = colours.surface;
    context.fillText('now', middle, RULER_PX + height / 2 + 3.5);
  }

  #pointer({ view, widthPx, pointerMs, colours, lanes }: Scene): void {
    if (pointerMs === null) return;
    const x = xOf(view, widthPx, pointerMs);
    this.#context.fillStyle = colours.ink;
    this.#context.globalAlpha = 0.55;
    this.#context.fillRect(x - 0.5, RULER_PX - 6, 1, lanesHeight(lanes.length) + 12);
    this.#context.globalAlpha = 1;
  }

  #playhead({ view, widthPx, nowMs, colours, isFocused, lanes }: Scene): void {
    if (nowMs === null) return;
    const x = xOf(view, widthPx, nowMs);
    if (x < -8 || x > widthPx + 8) return;
    const context = this.#context;
    const top = RULER_PX - 9;
    const bottom = heightOf(lanes.length);
    // An edge in the colour of the ground keeps it apart from whatever lies below.
    context.strokeStyle = colours.surface;
    context.lineWidth = isFocused ? 3 : 2;
    context.fillStyle = colours.playhead;
    context.beginPath();
    context.moveTo(x - 6, top);
    context.lineTo(x + 6, top);
    context.lineTo(x + 6, top + 5);
    context.lineTo(x + 1, top + 11);
    context.lineTo(x + 1, bottom);
    context.lineTo(x - 1, bottom);
    context.lineTo(x - 1, top + 11);
    context.lineTo(x - 6, top + 5);
    context.closePath();
    context.stroke();
    context.fill();
  }
}

interface Box {
  readonly top: number;
  readonly height: number;
}

function boxOf(index: number, count: number): Box {
  const height = count > 1 ? THIN_LANE_PX : LANE_PX;
  return { top: RULER_PX + index * (height + BETWEEN_PX), height };
}

function lanesHeight(count: number): number {
  const last = boxOf(Math.max(count, 1) - 1, count);
  return last.top + last.height - RULER_PX;
}

/** The height of a timeline with so many lanes, in pixels. */
export function heightOf(count: number): number {
  return RULER_PX + lanesHeight(count) + BELOW_PX;
}

/** Which lane a pixel is on: the nearest. */
export function laneAt(y: number, count: number): number {
  const { height } = boxOf(0, count);
  return Math.min(Math.max(Math.floor((y - RULER_PX) / (height + BETWEEN_PX)), 0), count - 1);
}

/** Milliseconds to the pixel. */
export function msPerPx(view: Span, widthPx: number): number {
  return viewLength(view) / Math.max(widthPx, 1);
}
