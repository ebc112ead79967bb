import { describe, expect, it } from 'vitest';
import { videoTypeOf } from '../../src/player/stream-types';

/** A packet with the one section of a table in it, behind so many bytes of adaptation field. */
function packet(pid: number, section: number[], adaptation = 0): number[] {
  const header = [0x47, 0x40 | (pid >> 8), pid & 0xff, adaptation > 0 ? 0x30 : 0x10];
  const field = adaptation > 0 ? [adaptation - 1, ...new Array<number>(adaptation - 1).fill(0)] : [];
  const bytes = [...header, ...field, 0, ...section];
  return [...bytes, ...new Array<number>(188 - bytes.length).fill(0xff)];
}

const CRC = [1, 2, 3, 4];
const pat = (pid: number): number[] => [0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0 | (pid >> 8), pid & 0xff, ...CRC];
const pmt = (...streams: number[][]): number[] => {
  const entries = streams.flat();
  return [2, 0xb0, 13 + 3 + entries.length, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 3, 9, 1, 0, ...entries, ...CRC];
};
const stream = (type: number, info: number[] = []): number[] => [type, 0xe1, 0, 0xf0, info.length, ...info];
const SOUND = stream(0x0f, [10, 2, 1, 1]);

describe('videoTypeOf', () => {
  it('finds H.264 and H.265 beside sound, whatever comes before', () => {
    const h264 = [...packet(0, pat(0x1000)), ...packet(0x1000, pmt(SOUND, stream(0x1b)))];
    expect(videoTypeOf(Uint8Array.from(h264))).toContain('avc1');
    const other = packet(17, [0x42, 0xb0, 0]);
    const h265 = [...other, ...packet(0, pat(0x55), 20), ...packet(0x55, pmt(stream(0x24, [5, 1, 0]), SOUND), 7)];
    expect(videoTypeOf(Uint8Array.from(h265))).toContain('hvc1');
  });

  it('tells nothing of what holds no video, or is no such stream', () => {
    expect(videoTypeOf(Uint8Array.from([...packet(0, pat(0x1000)), ...packet(0x1000, pmt(SOUND))]))).toBeNull();
    expect(videoTypeOf(Uint8Array.from(packet(0, pat(0x1000))))).toBeNull();
    expect(videoTypeOf(new Uint8Array(400))).toBeNull();
    expect(videoTypeOf(new Uint8Array())).toBeNull();
  });
});
