/**
 * What is kept of several archives, as one timeline and calendar show it: a moment is kept where one of
 * them holds it. One that can't be asked does not hold the others up: it counts as empty until it can.
 */
import type { Kept, Landing, State } from './kept';
import type { Pictures } from './pictures';
import type { Span } from './times';
import type { Zone } from './zone';

/** One archive among several. */
export interface Lane {
  readonly label: string;
  readonly kept: Kept;
  readonly pictures: Pictures | null;
}

const COMMON_LOOKS_MAX = 50;

/** Says `change` when one of its archives does. Its owner closes the archives, and lets go of it by `close`. */
export class KeptTogether extends EventTarget {
  readonly lanes: readonly Lane[];
  readonly #asked = new Set<Kept>();
  readonly #ended = new AbortController();

  constructor(lanes: readonly Lane[]) {
    super();
    this.lanes = lanes;
    const { signal } = this.#ended;
    for (const { kept } of lanes) {
      const heard = (): void => {
        this.#asked.add(kept);
        this.dispatchEvent(new Event('change'));
      };
      kept.addEventListener('change', heard, { signal });
      kept.addEventListener('error', heard, { signal });
    }
  }

  /** From the first moment kept to the last; null while nothing is kept or known. */
  get bounds(): Span | null {
    if (!this.isLoaded) return null;
    const all = this.#kepts.flatMap(({ bounds }) => bounds ?? []);
    if (all.length === 0) return null;
    return {
      startMs: Math.min(...all.map(({ startMs }) => startMs)),
      endMs: Math.max(...all.map(({ endMs }) => endMs)),
    };
  }

  /** True once every archive has told what it holds, or that it can't tell. */
  get isLoaded(): boolean {
    return this.#kepts.every((kept) => kept.isLoaded || this.#asked.has(kept));
  }

  get presentMs(): number {
    return Math.max(Date.now(), ...this.#kepts.map(({ presentMs }) => presentMs));
  }

  want(view: Span): void {
    for (const kept of this.#kepts) kept.want(view);
  }

  at(timeMs: number): State {
    const states = this.#kepts.map((kept) => kept.at(timeMs));
    if (states.includes('kept')) return 'kept';
    return states.includes('unknown') ? 'unknown' : 'gap';
  }

  async before(timeMs: number, signal?: AbortSignal): Promise<Landing | null> {
    const landings = await this.#ask((kept) => kept.before(timeMs, signal));
    return landings.sort((a, b) => b.timeMs - a.timeMs)[0] ?? null;
  }

  async nextRun(timeMs: number, signal?: AbortSignal): Promise<number | null> {
    const starts = await this.#ask((kept) => kept.nextRun(timeMs, signal));
    return starts.length === 0 ? null : Math.min(...starts);
  }

  async previousRun(timeMs: number, signal?: AbortSignal): Promise<number | null> {
    const starts = await this.#ask((kept) => kept.previousRun(timeMs, signal));
    return starts.length === 0 ? null : Math.max(...starts);
  }

  async days(month: Span, zone: Zone, signal?: AbortSignal): Promise<Set<string>> {
    const days = await this.#ask((kept) => kept.days(month, zone, signal));
    return new Set(days.flatMap((some) => [...some]));
  }

  /** The newest moment that all hold which hold anything; the newest of any where they share none. */
  async newestCommon(signal?: AbortSignal): Promise<number | null> {
    await this.#ask((kept) => kept.locate(0, signal));
    const filled = this.#kepts.filter(({ bounds }) => bounds !== null);
    if (filled.length === 0) return null;
    let timeMs = Math.min(...filled.map(({ bounds }) => bounds!.endMs)) - 1;
    for (let looks = 0; looks < COMMON_LOOKS_MAX; looks += 1) {
      const landings = await this.#ask((kept) => kept.before(timeMs, signal));
      if (landings.length < filled.length) break;
      const earliest = Math.min(...landings.map((landing) => landing.timeMs));
      if (earliest === timeMs) return timeMs;
      timeMs = earliest;
    }
    return Math.max(...filled.map(({ bounds }) => bounds!.endMs)) - 1;
  }

  close(): void {
    this.#ended.abort();
  }

  get #kepts(): readonly Kept[] {
    return this.lanes.map(({ kept }) => kept);
  }

  /** The answers of those that have one. Throws what the first threw where none could be asked. */
  async #ask<T>(question: (kept: Kept) => Promise<T | null>): Promise<T[]> {
    const told = await Promise.allSettled(this.#kepts.map(question));
    const failed = told.filter((one) => one.status === 'rejected');
    if (failed.length > 0 && failed.length === told.length) throw failed[0]!.reason;
    return told.flatMap((one) => (one.status === 'fulfilled' && one.value !== null ? [one.value] : []));
  }
}
