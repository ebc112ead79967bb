/**
 * Looks closer at a picture: by Ctrl and the wheel, by two fingers, by a double click, and moved by
 * dragging. The picture is the box of `pane`, which is moved and scaled in its `frame`; it always fills it.
 */

export interface Look {
  readonly scale: number;
  /** How far the scaled picture is moved, in px of the frame. */
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const WHOLE: Look = { scale: 1, x: 0, y: 0 };
const SCALE_MAX = 16;
const KEY_FACTOR = 1.5;
const DOUBLE_CLICK_SCALE = 3;
const WHEEL = { perPx: 0.01, reachPx: 40, linePx: 20 };
/** A press that moves less is a click. */
const CLICK_PX = 6;
const MIN_SPREAD_PX = 20;
const KEY_PAN = 0.15;

/** Closer or farther by a factor; what is at the point stays there. */
export function zoomed(look: Look, factor: number, atX: number, atY: number, size: Size): Look {
  const scale = Math.min(Math.max(look.scale * factor, 1), SCALE_MAX);
  const by = scale / look.scale;
  return inside({ scale, x: atX - (atX - look.x) * by, y: atY - (atY - look.y) * by }, size);
}

export function moved(look: Look, dx: number, dy: number, size: Size): Look {
  return inside({ ...look, x: look.x + dx, y: look.y + dy }, size);
}

function inside({ scale, x, y }: Look, { width, height }: Size): Look {
  return {
    scale,
    x: Math.min(Math.max(x, width * (1 - scale)), 0),
    y: Math.min(Math.max(y, height * (1 - scale)), 0),
  };
}

interface Finger {
  readonly x: number;
  readonly y: number;
}

export class PictureZoom {
  readonly #frame: HTMLElement;
  readonly #pane: HTMLElement;
  readonly #onChange: (scale: number) => void;
  readonly #onClick: () => void;
  readonly #fingers = new Map<number, Finger>();
  #look = WHOLE;
  #pressed: Finger | null = null;

  constructor(
    frame: HTMLElement,
    pane: HTMLElement,
    { onChange, onClick }: { onChange(scale: number): void; onClick(): void },
  ) {
    this.#frame = frame;
    this.#pane = pane;
    this.#onChange = onChange;
    this.#onClick = onClick;
    frame.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false });
    frame.addEventListener('dblclick', (event) => this.#onDoubleClick(event));
    frame.addEventListener('pointerdown', (event) => this.#onDown(event));
    frame.addEventListener('pointermove', (event) => this.#onMove(event));
    frame.addEventListener('pointerup', (event) => this.#onUp(event));
    frame.addEventListener('pointercancel', (event) => this.#lift(event));
    frame.addEventListener('keydown', (event) => this.#onKey(event));
    // Two fingers, or one on a picture that is larger than its frame, move it and not the page.
    frame.addEventListener(
      'touchmove',
      (event) => {
        if (event.cancelable && (event.touches.length > 1 || this.#look.scale > 1)) event.preventDefault();
      },
      { passive: false },
    );
  }

  get scale(): number {
    return this.#look.scale;
  }

  /** Closer by a step, or farther, around the middle of what is seen. */
  step(direction: 1 | -1): void {
    const { width, height } = this.#size;
    this.#set(zoomed(this.#look, KEY_FACTOR ** direction, width / 2, height / 2, this.#size));
  }

  /** The whole picture again. */
  reset(): void {
    this.#set(WHOLE);
  }

  get #size(): Size {
    return { width: this.#frame.clientWidth, height: this.#frame.clientHeight };
  }

  #set(look: Look): void {
    this.#look = look;
    this.#pane.style.transform = look.scale === 1 ? '' : `translate(${look.x}px, ${look.y}px) scale(${look.scale})`;
    this.#frame.toggleAttribute('data-zoomed', look.scale > 1);
    this.#onChange(look.scale);
  }

  #at(event: MouseEvent): Finger {
    const box = this.#frame.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #onWheel(event: WheelEvent): void {
    // A pinch on a trackpad comes as a wheel with Ctrl; the bare wheel scrolls the page.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const dy = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : WHEEL.linePx);
    const reach = Math.min(Math.max(dy, -WHEEL.reachPx), WHEEL.reachPx);
    const { x, y } = this.#at(event);
    this.#set(zoomed(this.#look, Math.exp(-reach * WHEEL.perPx), x, y, this.#size));
  }

  #onDoubleClick(event: MouseEvent): void {
    if (isControl(event)) return;
    const { x, y } = this.#at(event);
    this.#set(this.#look.scale > 1 ? WHOLE : zoomed(WHOLE, DOUBLE_CLICK_SCALE, x, y, this.#size));
  }

  #onDown(event: PointerEvent): void {
    if (event.button !== 0 || isControl(event)) return;
    this.#frame.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, this.#at(event));
    this.#pressed = this.#fingers.size === 1 ? this.#at(event) : null;
  }

  #onMove(event: PointerEvent): void {
    const before = this.#fingers.get(event.pointerId);
    if (before === undefined) return;
    const now = this.#at(event);
    this.#fingers.set(event.pointerId, now);
    if (this.#pressed !== null && far(this.#pressed, now) > CLICK_PX) this.#pressed = null;
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined) {
      if (this.#look.scale > 1) this.#set(moved(this.#look, now.x - before.x, now.y - before.y, this.#size));
      return;
    }
    const factor = Math.max(far(now, other), MIN_SPREAD_PX) / Math.max(far(before, other), MIN_SPREAD_PX);
    const centre = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    const panned = moved(this.#look, (now.x - before.x) / 2, (now.y - before.y) / 2, this.#size);
    this.#set(zoomed(panned, factor, centre.x, centre.y, this.#size));
  }

  #onUp(event: PointerEvent): void {
    const isClick = this.#pressed !== null && this.#fingers.size === 1;
    this.#lift(event);
    if (isClick) this.#onClick();
  }

  #lift(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    this.#pressed = null;
  }

  /** Arrows move a picture that is larger than its frame. */
  #onKey(event: KeyboardEvent): void {
    if (this.#look.scale === 1 || event.target !== this.#frame) return;
    const { width, height } = this.#size;
    const by = {
      ArrowLeft: [KEY_PAN * width, 0],
      ArrowRight: [-KEY_PAN * width, 0],
      ArrowUp: [0, KEY_PAN * height],
      ArrowDown: [0, -KEY_PAN * height],
    }[event.key] as [number, number] | undefined;
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#set(moved(this.#look, by[0], by[1], this.#size));
  }
}

function far(a: Finger, b: Finger): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** The frame's own buttons are pressed, not dragged. */
function isControl(event: Event): boolean {
  return event.composedPath().some((at) => at instanceof HTMLButtonElement || at instanceof HTMLDialogElement);
}
