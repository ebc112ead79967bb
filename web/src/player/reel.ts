/**
 * What the player has threaded to play: stretches of an archive, one after the other, as one playlist
 * that only grows at its end. A seek far away adds a stretch and goes there, so the media element
 * keeps its buffer, its last picture and its settings, and no playlist is ever opened anew. Positions
 * are those of the media timeline, in ms; wall time is kept beside each piece. Pure.
 */
import { endOf, type Piece } from './playlist';

interface Threaded extends Piece {
  readonly positionMs: number;
  /** Counts the discontinuities before it; pieces of one count share their timestamps' zero. */
  readonly run: number;
}

/** Where a moment of the archive plays. */
export interface Place {
  readonly timeMs: number;
  readonly positionMs: number;
  readonly run: number;
}

/** How much of what was played stays listed: a step back is quicker inside the list than out of it. */
const KEEP_MS = 600_000;

export class Reel {
  #pieces: Threaded[] = [];
  #dropped = 0;
  /** Index in `#pieces` of the first piece of the stretch that plays. */
  #stretch = 0;

  /** Thread another stretch, from anywhere in the archive; it is what plays from now on. */
  begin(pieces: readonly Piece[]): void {
    this.#stretch = this.#pieces.length;
    this.#thread(pieces);
  }

  /**
   * Add what follows the stretch. Pieces that are there already are left out; a list that begins with
   * the last of them tells whether the next opens a run. Returns how many were new.
   */
  extend(pieces: readonly Piece[]): number {
    const last = this.last;
    const fresh = last === null ? pieces : pieces.filter((piece) => piece.startMs >= endOf(last));
    this.#thread(fresh);
    return fresh.length;
  }

  /** The newest piece; null while there is none. */
  get last(): Piece | null {
    return this.#pieces.at(-1) ?? null;
  }

  get endPositionMs(): number {
    const last = this.#pieces.at(-1);
    return last === undefined ? 0 : last.positionMs + last.durationMs;
  }

  /** The wall time at which the present stretch begins and ends. */
  get stretch(): { startMs: number; endMs: number } | null {
    const first = this.#pieces[this.#stretch];
    const last = this.#pieces.at(-1);
    return first && last ? { startMs: first.startMs, endMs: endOf(last) } : null;
  }

  /** The place of a moment in the present stretch: itself, or where a gap hides it the footage after. */
  find(timeMs: number): Place | null {
    const { startMs } = this.stretch ?? { startMs: Infinity };
    if (timeMs < startMs) return null;
    const index = firstIndex(this.#pieces, this.#stretch, (piece) => endOf(piece) > timeMs);
    const piece = this.#pieces[index];
    if (piece === undefined) return null;
    const at = Math.max(timeMs, piece.startMs);
    return { positionMs: piece.positionMs + (at - piece.startMs), timeMs: at, run: piece.run };
  }

  /** The piece that plays at a position of the media timeline: the nearest where none does. */
  at(positionMs: number): { piece: Piece; positionMs: number; run: number } | null {
    const next = firstIndex(this.#pieces, 0, (piece) => piece.positionMs > positionMs);
    const piece = this.#pieces[Math.max(next - 1, 0)];
    return piece === undefined ? null : { piece, positionMs: piece.positionMs, run: piece.run };
  }

  /** The time between a run and the one before it in the list; null where either is not listed. */
  holeBefore(run: number): { fromMs: number; toMs: number } | null {
    const index = firstIndex(this.#pieces, 0, (piece) => piece.run >= run);
    const [before, first] = [this.#pieces[index - 1], this.#pieces[index]];
    return before && first?.run === run ? { fromMs: endOf(before), toMs: first.startMs } : null;
  }

  /** The playlist as it is now; it has no end, for there may be more tomorrow. */
  text(): string {
    const longest = this.#pieces.reduce((most, piece) => Math.max(most, piece.durationMs), 1000);
    const lines = [
      '#EXTM3U',
      '#EXT-X-VERSION:3',
      `#EXT-X-TARGETDURATION:${Math.ceil(longest / 1000)}`,
      `#EXT-X-MEDIA-SEQUENCE:${this.#dropped}`,
      `#EXT-X-DISCONTINUITY-SEQUENCE:${this.#pieces[0]?.run ?? 0}`,
    ];
    let run = this.#pieces[0]?.run;
    for (const piece of this.#pieces) {
      if (piece.run !== run) lines.push('#EXT-X-DISCONTINUITY');
      run = piece.run;
      lines.push(`#EXTINF:${(piece.durationMs / 1000).toFixed(3)},`, piece.url);
    }
    return lines.join('\n') + '\n';
  }

  /** What ended well before a position is listed no more: a day of play would fill megabytes. */
  forget(beforeMs: number): void {
    const end = (piece: Threaded): number => piece.positionMs + piece.durationMs;
    const excess = firstIndex(this.#pieces, 0, (piece) => end(piece) > beforeMs - KEEP_MS);
    // One piece stays, whatever happens: the next takes its place and run from it.
    const count = Math.min(excess, this.#pieces.length - 1);
    if (count <= 0) return;
    this.#pieces.splice(0, count);
    this.#stretch = Math.max(this.#stretch - count, 0);
    this.#dropped += count;
  }

  #thread(pieces: readonly Piece[]): void {
    let positionMs = this.endPositionMs;
    let run = this.#pieces.at(-1)?.run ?? -1;
    for (const piece of pieces) {
      if (piece.opensRun) run += 1;
      this.#pieces.push({ ...piece, positionMs, run });
      positionMs += piece.durationMs;
    }
  }
}

function firstIndex(pieces: readonly Threaded[], from: number, holds: (piece: Threaded) => boolean): number {
  let low = from;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(pieces[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
