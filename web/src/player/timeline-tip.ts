/**
 * The tip beside a moment of the timeline: its time, its picture, and whether anything is kept there. A
 * picture is shown as soon as it is there, also one of a moment just passed: that is how looking through
 * an archive looks. It tells its own time where that is not the moment's.
 */
import type { Kept } from './kept';
import type { Picture, Pictures } from './pictures';
import type { Entry, Span } from './times';
import { dayWords, fineWords, surelyWords, timeWords } from './words';
import type { Zone } from './zone';

/** Finer than this the pointer tells tenths of a second. */
const FINE_MS_PER_PX = 100;
/** A picture this near to the moment need not tell its own time. */
const SAME_MS = 1000;

export interface Spot {
  readonly timeMs: number;
  readonly x: number;
  readonly widthPx: number;
  readonly msPerPx: number;
  readonly zone: Zone;
  readonly kept: Kept | null;
  readonly pictures: Pictures | null;
}

export class Tip {
  readonly #root: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #time: HTMLElement;
  readonly #note: HTMLElement;
  #spot: Spot | null = null;
  #wished = 0;
  #shown = 0;
  #pictureMs: number | null = null;
  #halfPx = 0;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#canvas = root.querySelector('canvas')!;
    this.#time = root.querySelector('b')!;
    this.#note = root.querySelector('span')!;
  }

  show(spot: Spot): void {
    const before = this.#spot;
    this.#spot = spot;
    this.#root.hidden = false;
    const [run] = spot.kept?.entries({ startMs: spot.timeMs, endMs: spot.timeMs + 1 }) ?? [];
    if (run !== undefined) this.#wish(spot, spanOf(run));
    else this.#withoutPicture(spot);
    this.#write();
    if (before === null) this.#measure();
    this.#place();
  }

  hide(): void {
    this.#spot?.pictures?.rest();
    this.#spot = null;
    this.#wished += 1;
    this.#root.hidden = true;
    this.#canvas.hidden = true;
    this.#pictureMs = null;
  }

  /** Looks again at the same moment: what is known of it may have changed. */
  refresh(): void {
    if (this.#spot !== null && this.#canvas.hidden) this.show(this.#spot);
  }

  #wish(spot: Spot, run: Span): void {
    const { timeMs, msPerPx, pictures } = spot;
    const number = (this.#wished += 1);
    void pictures?.at({ timeMs, msPerPx, run }).then((picture) => {
      if (picture !== null && number > this.#shown && this.#spot !== null) this.#draw(picture, number);
    });
  }

  #withoutPicture({ pictures }: Spot): void {
    this.#wished += 1;
    this.#shown = this.#wished;
    pictures?.rest();
    if (!this.#canvas.hidden) {
      this.#canvas.hidden = true;
      this.#pictureMs = null;
      this.#measure();
    }
  }

  #draw({ image, frameMs }: Picture, number: number): void {
    this.#shown = number;
    const canvas = this.#canvas;
    if (canvas.width !== image.width || canvas.height !== image.height) {
      canvas.width = image.width;
      canvas.height = image.height;
    }
    canvas.getContext('2d')!.drawImage(image, 0, 0);
    this.#pictureMs = frameMs;
    canvas.dataset['frameMs'] = String(frameMs);
    const isNew = canvas.hidden;
    canvas.hidden = false;
    this.#write();
    if (isNew) this.#measure();
    this.#place();
  }

  #write(): void {
    const { timeMs, zone, kept, msPerPx } = this.#spot!;
    const time = msPerPx < FINE_MS_PER_PX ? fineWords(timeMs, zone) : surelyWords(timeMs, zone);
    put(this.#time, `${dayWords(timeMs, zone)}, ${time}`);
    const state = kept?.at(timeMs) ?? 'unknown';
    const pictureMs = this.#pictureMs;
    if (state === 'gap') put(this.#note, 'Nothing kept');
    else if (state === 'unknown') put(this.#note, 'Loading…');
    else if (pictureMs === null || Math.abs(pictureMs - timeMs) < SAME_MS) put(this.#note, '\u00a0');
    else put(this.#note, `Picture from ${timeWords(pictureMs, zone)}`);
  }

  /** The one read of the layout, when the tip's width may have changed. */
  #measure(): void {
    this.#halfPx = this.#root.offsetWidth / 2;
  }

  /** Centred over the moment, but never over the edge of the timeline. */
  #place(): void {
    const { x, widthPx } = this.#spot!;
    const left = Math.min(Math.max(x, this.#halfPx), Math.max(widthPx - this.#halfPx, this.#halfPx));
    this.#root.style.setProperty('transform', `translateX(${left - this.#halfPx}px)`);
  }
}

function put(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function spanOf(run: Entry): Span {
  return { startMs: run.time, endMs: run.time + run.duration };
}
