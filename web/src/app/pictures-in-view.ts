/**
 * Newest pictures for those tiles that can be seen: a few at a time, none more often than there is
 * something new to see, so that a thousand cameras cost the server what a screen full of them costs.
 */

/** What wants a picture now and then. */
export interface Wanting extends Element {
  /** Whether there is something new to fetch. */
  isDue(nowMs: number): boolean;
  /** Never fails. */
  load(): Promise<void>;
}

const AT_A_TIME = 4;
const LOOK_MS = 1000;

export class PicturesInView {
  readonly #seen = new Set<Wanting>();
  readonly #busy = new Set<Wanting>();
  readonly #observer = new IntersectionObserver((changes) => this.#note(changes), { rootMargin: '120px' });
  #timer: ReturnType<typeof setInterval> | undefined;

  watch(tile: Wanting): void {
    this.#observer.observe(tile);
  }

  unwatch(tile: Wanting): void {
    this.#observer.unobserve(tile);
    this.#seen.delete(tile);
    if (this.#seen.size === 0) clearInterval(this.#timer);
  }

  #note(changes: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of changes) {
      if (isIntersecting) this.#seen.add(target as Wanting);
      else this.#seen.delete(target as Wanting);
    }
    clearInterval(this.#timer);
    if (this.#seen.size > 0) this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  #look(): void {
    if (document.hidden) return;
    const now = Date.now();
    for (const tile of this.#seen) {
      if (this.#busy.size >= AT_A_TIME) return;
      if (this.#busy.has(tile) || !tile.isDue(now)) continue;
      this.#busy.add(tile);
      void tile.load().finally(() => {
        this.#busy.delete(tile);
        this.#look();
      });
    }
  }
}

/** One for the whole page: what is bounded is what the server bears. */
export const picturesInView = new PicturesInView();
