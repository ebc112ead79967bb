/**
 * Reads the playlists that the Archive API answers for a span, as the pieces of footage they list.
 * Pure. Only what our own server writes is understood: media playlists whose runs each begin with
 * EXT-X-PROGRAM-DATE-TIME (RFC 8216, 4.3.2.6), so that the wall time of every segment is known.
 */

/** A segment: whole pictures from `startMs` of wall time on, decodable alone. */
export interface Piece {
  /** Its URL without the token. */
  readonly url: string;
  readonly startMs: number;
  readonly durationMs: number;
  /** True where it opens a run: its timestamps, or the encoding, do not go on from the piece before. */
  readonly opensRun: boolean;
}

export function endOf(piece: Piece): number {
  return piece.startMs + piece.durationMs;
}

/** The pieces of a playlist, ascending. Throws SyntaxError for what is no such playlist. */
export function parsePlaylist(text: string, playlistUrl: string): Piece[] {
  const lines = text.split('\n');
  if (lines[0]?.trim() !== '#EXTM3U') throw new SyntaxError('not a playlist');
  const pieces: Piece[] = [];
  let atMs = NaN;
  let durationMs = NaN;
  let opensRun = true;
  for (const raw of lines) {
    const line = raw.trim();
    if (line.startsWith('#EXTINF:')) durationMs = Math.round(parseFloat(line.slice(8)) * 1000);
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) {
      atMs = Date.parse(line.slice(25));
      opensRun = true;
    } else if (line !== '' && !line.startsWith('#')) {
      if (Number.isNaN(atMs) || Number.isNaN(durationMs)) throw new SyntaxError('a segment without a time');
      const url = new URL(line, playlistUrl);
      pieces.push({ url: url.origin + url.pathname, startMs: atMs, durationMs, opensRun });
      atMs += durationMs;
      opensRun = false;
    }
  }
  return pieces;
}
