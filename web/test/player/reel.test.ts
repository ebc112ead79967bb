import { describe, expect, it } from 'vitest';
import { endOf, parsePlaylist, type Piece } from '../../src/player/playlist';
import { Reel } from '../../src/player/reel';

const T = Date.UTC(2026, 10, 23, 12);
const piece = (startMs: number, opensRun = false, durationMs = 6000): Piece => ({
  url: `https://a/archives/x/${startMs}.ts`,
  startMs,
  durationMs,
  opensRun,
});
const run = (startMs: number, count: number): Piece[] =>
  Array.from({ length: count }, (_, index) => piece(startMs + index * 6000, index === 0));

describe('parsePlaylist', () => {
  const text = [
    '#EXTM3U',
    '#EXT-X-TARGETDURATION:6',
    '#EXT-X-PROGRAM-DATE-TIME:2026-11-23T12:00:00.000Z',
    '#EXTINF:6.000,',
    `${T}.ts?signature=s&exp=1`,
    '#EXTINF:5.480,',
    `${T + 6000}.ts?signature=s&exp=1`,
    '#EXT-X-DISCONTINUITY',
    '#EXT-X-PROGRAM-DATE-TIME:2026-11-23T13:00:00.250Z',
    '#EXTINF:6.000,',
    `${T + 3600250}.ts?signature=s&exp=1`,
    '#EXT-X-ENDLIST',
  ].join('\n');

  it('gives every segment its wall time, and no token', () => {
    const pieces = parsePlaylist(text, 'https://a/archives/x/index.m3u8?signature=s');
    expect(pieces).toEqual([
      { url: `https://a/archives/x/${T}.ts`, startMs: T, durationMs: 6000, opensRun: true },
      { url: `https://a/archives/x/${T + 6000}.ts`, startMs: T + 6000, durationMs: 5480, opensRun: false },
      { url: `https://a/archives/x/${T + 3600250}.ts`, startMs: T + 3600250, durationMs: 6000, opensRun: true },
    ]);
    expect(endOf(pieces[1]!)).toBe(T + 11480);
  });

  it('refuses what is no playlist, or tells no time', () => {
    expect(() => parsePlaylist('<html>', 'https://a/')).toThrow(SyntaxError);
    expect(() => parsePlaylist('#EXTM3U\n#EXTINF:6,\n1.ts', 'https://a/')).toThrow(SyntaxError);
  });
});

describe('Reel', () => {
  it('places moments, and what a gap hides at the footage after it', () => {
    const reel = new Reel();
    reel.begin([...run(T, 2), ...run(T + 60_000, 2)]);
    expect(reel.find(T + 7000)).toEqual({ positionMs: 7000, timeMs: T + 7000, run: 0 });
    expect(reel.find(T + 30_000)).toEqual({ positionMs: 12_000, timeMs: T + 60_000, run: 1 });
    expect(reel.find(T - 1)).toBeNull();
    expect(reel.find(T + 72_000)).toBeNull();
    expect(reel.at(13_000)).toMatchObject({ positionMs: 12_000, run: 1 });
    expect(reel.endPositionMs).toBe(24_000);
  });

  it('leaves out what is there when it is extended, and sees whether the run goes on', () => {
    const reel = new Reel();
    reel.begin(run(T, 2));
    expect(reel.extend([piece(T + 6000, true), piece(T + 12_000), piece(T + 18_000, true)])).toBe(2);
    expect(reel.find(T + 13_000)).toMatchObject({ positionMs: 13_000, run: 0 });
    expect(reel.find(T + 19_000)).toMatchObject({ positionMs: 19_000, run: 1 });
    expect(reel.extend([piece(T + 18_000, true)])).toBe(0);
  });

  it('goes anywhere by another stretch, back in time too, and only that is looked into', () => {
    const reel = new Reel();
    reel.begin(run(T, 3));
    reel.begin(run(T - 3_600_000, 2));
    expect(reel.stretch).toEqual({ startMs: T - 3_600_000, endMs: T - 3_588_000 });
    expect(reel.find(T)).toBeNull();
    expect(reel.find(T - 3_599_000)).toEqual({ positionMs: 19_000, timeMs: T - 3_599_000, run: 1 });
  });

  it('is a playlist that only grows, a discontinuity before each run', () => {
    const reel = new Reel();
    reel.begin([...run(T, 2), ...run(T + 60_000, 1)]);
    const before = reel.text().split('\n');
    reel.extend([piece(T + 66_000)]);
    const after = reel.text().split('\n');
    expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    expect(after.filter((line) => line === '#EXT-X-DISCONTINUITY')).toHaveLength(1);
    expect(after.join('\n')).not.toContain('ENDLIST');
  });

  it('forgets what was played long ago, and counts it', () => {
    const reel = new Reel();
    reel.begin([...run(T, 100), ...run(T + 3_600_000, 200)]);
    reel.forget(1_500_000);
    const lines = reel.text().split('\n');
    // 600 s before the playhead stay: 150 pieces of 6 s are gone, the first run with them.
    expect(lines).toContain('#EXT-X-MEDIA-SEQUENCE:150');
    expect(lines).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:1');
    expect(reel.find(T + 3_600_000 + 600_000)).toMatchObject({ positionMs: 1_200_000, run: 1 });
  });

  it('tells the time between two runs, and of none else', () => {
    const reel = new Reel();
    reel.begin([...run(T, 2), ...run(T + 60_000, 1)]);
    expect(reel.holeBefore(1)).toEqual({ fromMs: T + 12_000, toMs: T + 60_000 });
    expect(reel.holeBefore(0)).toBeNull();
    expect(reel.holeBefore(2)).toBeNull();
  });
});
