/**
 * The runs that are known of an archive, put together from answers about single spans. An answer holds
 * the whole segments that overlap its span, so neighbouring answers tell of one run twice, in pieces
 * that overlap: those become one again. Segments of different runs never overlap (invariant 4), so
 * pieces that only touch are two runs. Pure but for the list that it keeps.
 */
import { firstEndingAfter, type Edges } from './scale';
import type { Entry, Span } from './times';

export class Runs {
  #list: Entry[] = [];
  #edges: Edges | null = null;

  get list(): readonly Entry[] {
    return this.#list;
  }

  get edges(): Edges {
    this.#edges ??= {
      starts: Float64Array.from(this.#list, (run) => run.time),
      ends: Float64Array.from(this.#list, endOf),
    };
    return this.#edges;
  }

  /** Puts what an answer tells of a span in the place of what was known of it. */
  replace(span: Span, told: readonly Entry[]): void {
    const { before, after } = this.#around(span);
    this.#list = [];
    for (const piece of [...before, ...told, ...after]) this.#append(piece);
    this.#edges = null;
  }

  /** Forgets what lies outside a span, up to the runs that reach into it. */
  keep(span: Span): void {
    this.#list = this.within(span);
    this.#edges = null;
  }

  /** The runs that overlap a span, whole as far as they are known. */
  within(span: Span): Entry[] {
    return this.#list.slice(this.indexAfter(span.startMs), this.#firstFrom(span.endMs));
  }

  /** Index of the first run that ends after a moment: the one that holds it, or the next. */
  indexAfter(timeMs: number): number {
    return firstEndingAfter(this.edges, timeMs);
  }

  /** The first run that ends after a moment. */
  after(timeMs: number): Entry | null {
    return this.#list[this.indexAfter(timeMs)] ?? null;
  }

  /** The last run that starts before a moment. */
  before(timeMs: number): Entry | null {
    return this.#list[this.#firstFrom(timeMs) - 1] ?? null;
  }

  #firstFrom(timeMs: number): number {
    const index = this.indexAfter(timeMs);
    return (this.#list[index]?.time ?? Infinity) < timeMs ? index + 1 : index;
  }

  #around(span: Span): { before: Entry[]; after: Entry[] } {
    const before = this.#list
      .slice(0, this.#firstFrom(span.startMs))
      .map((run) => piece(run.time, Math.min(endOf(run), span.startMs)));
    const after = this.#list
      .slice(this.indexAfter(span.endMs))
      .map((run) => piece(Math.max(run.time, span.endMs), endOf(run)));
    return { before, after };
  }

  #append(added: Entry): void {
    const last = this.#list.at(-1);
    if (last !== undefined && added.time < endOf(last)) {
      this.#list[this.#list.length - 1] = piece(last.time, Math.max(endOf(last), endOf(added)));
    } else if (added.duration > 0) {
      this.#list.push(piece(added.time, endOf(added)));
    }
  }
}

export function endOf(run: Entry): number {
  return run.time + run.duration;
}

/** Pieces are of no one playlist, hence no offset. */
function piece(startMs: number, endMs: number): Entry {
  return { time: startMs, duration: endMs - startMs, offset: 0 };
}
