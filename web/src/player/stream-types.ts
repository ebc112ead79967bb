/** Reads off a piece of footage which coding its pictures have, before anything tries to decode it. Pure. */

const PACKET_BYTES = 188;
const SYNC = 0x47;
/** The tables come first; no need to look through all of a piece where they don't. */
const LOOK_PACKETS = 50;
const HEADER_BYTES = 4;

/** Stream types of H.222.0, table 2-34, as a browser is asked whether it plays them. */
const ASKED: Readonly<Record<number, string>> = {
  0x1b: 'video/mp4; codecs="avc1.42e01e"',
  0x24: 'video/mp4; codecs="hvc1.1.6.L93.B0"',
};

/** What to ask the browser for, of the pictures in an MPEG transport stream; null where that is not told. */
export function videoTypeOf(stream: Uint8Array): string | null {
  const program = sectionOf(stream, 0);
  if (program === null) return null;
  // The one program of the association table: its number, then the PID of its map.
  const map = sectionOf(stream, pidAt(program, 10));
  if (map === null) return null;
  const end = 3 + lengthAt(map, 1) - 4;
  for (let at = 12 + lengthAt(map, 10); at + 5 <= end; at += 5 + lengthAt(map, at + 3)) {
    const asked = ASKED[map[at]!];
    if (asked !== undefined) return asked;
  }
  return null;
}

/** The table that begins in the first packet of a PID; ours fit into one. */
function sectionOf(stream: Uint8Array, pid: number): Uint8Array | null {
  const end = Math.min(stream.length - PACKET_BYTES, LOOK_PACKETS * PACKET_BYTES);
  for (let at = 0; at <= end && stream[at] === SYNC; at += PACKET_BYTES) {
    const isStart = (stream[at + 1]! & 0x40) !== 0;
    if (!isStart || pidAt(stream, at + 1) !== pid) continue;
    const hasAdaptation = (stream[at + 3]! & 0x20) !== 0;
    const payload = at + HEADER_BYTES + (hasAdaptation ? 1 + stream[at + HEADER_BYTES]! : 0);
    return stream.subarray(payload + 1 + stream[payload]!, at + PACKET_BYTES);
  }
  return null;
}

function pidAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & 0x1f) << 8) | bytes[at + 1]!;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & 0x0f) << 8) | bytes[at + 1]!;
}
