/** Writes the moment that is watched into the address, now and then, so that a reload goes on there. */
import { stay } from './events';

const WRITE_MS = 2000;

export class MomentInAddress {
  readonly #view: EventTarget;
  readonly #fragment: (atMs: number | null) => string;
  #wroteMs = 0;

  constructor(view: EventTarget, fragment: (atMs: number | null) => string) {
    this.#view = view;
    this.#fragment = fragment;
  }

  /** Null is the newest footage. */
  note(atMs: number | null): void {
    const now = Date.now();
    // Browsers refuse an address that changes with every picture.
    if (now - this.#wroteMs < WRITE_MS) return;
    this.#wroteMs = now;
    stay(this.#view, this.#fragment(atMs));
  }
}
