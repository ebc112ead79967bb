import { describe, expect, it } from 'vitest';
import { bars, locate, stepped, ticks, timeAt, timeToX, xToTime, type Entry } from '../../src/player/times';

const HOUR = 3_600_000;
const T = Date.UTC(2025, 0, 15, 12);
// Two runs with an hour between them, then one that follows without a gap.
const entries: Entry[] = [
  { time: T, duration: 60_000, offset: 0 },
  { time: T + HOUR, duration: 30_000, offset: 60_000 },
  { time: T + HOUR + 30_000, duration: 10_000, offset: 90_000 },
];

describe('pixels', () => {
  const span = { startMs: T, endMs: T + HOUR };

  it('maps both ways', () => {
    expect(timeToX(span, 600, T)).toBe(0);
    expect(timeToX(span, 600, T + HOUR / 2)).toBe(300);
    expect(xToTime(span, 600, 150)).toBe(T + HOUR / 4);
    for (const x of [0, 1, 77, 599]) expect(timeToX(span, 600, xToTime(span, 600, x))).toBeCloseTo(x, 3);
  });

  it('holds a pointer beside the span inside the half-open span', () => {
    expect(xToTime(span, 600, -20)).toBe(T);
    expect(xToTime(span, 600, 600)).toBe(T + HOUR - 1);
    expect(xToTime(span, 600, 9000)).toBe(T + HOUR - 1);
  });
});

describe('locate', () => {
  it('finds a moment at offset + (t - time)', () => {
    expect(locate(entries, T + 12_345)).toEqual({
      timeMs: T + 12_345,
      positionMs: 12_345,
      skippedGap: false,
    });
    expect(locate(entries, T + HOUR + 5_000)?.positionMs).toBe(65_000);
    expect(locate(entries, T + HOUR + 30_000)?.positionMs).toBe(90_000);
  });

  it('goes to the next footage from a gap, whose start is the end of a run', () => {
    const next = { timeMs: T + HOUR, positionMs: 60_000, skippedGap: true };
    expect(locate(entries, T + 60_000)).toEqual(next);
    expect(locate(entries, T + HOUR / 2)).toEqual(next);
    expect(locate(entries, T - 1)).toEqual({ timeMs: T, positionMs: 0, skippedGap: true });
  });

  it('finds nothing after the last run, or in nothing', () => {
    expect(locate(entries, T + HOUR + 39_999)?.positionMs).toBe(99_999);
    expect(locate(entries, T + HOUR + 40_000)).toBeNull();
    expect(locate([], T)).toBeNull();
  });
});

describe('stepped', () => {
  it('steps inside a run and over gaps, both ways', () => {
    expect(stepped(entries, T + 20_000, 10_000)).toBe(T + 30_000);
    expect(stepped(entries, T + 20_000, -10_000)).toBe(T + 10_000);
    expect(stepped(entries, T + 55_000, 10_000)).toBe(T + HOUR);
    expect(stepped(entries, T + HOUR, -10_000)).toBe(T + 59_000);
    expect(stepped(entries, T + HOUR + 35_000, -10_000)).toBe(T + HOUR + 25_000);
  });

  it('ends at the first and the last footage', () => {
    expect(stepped(entries, T + 5_000, -10_000)).toBe(T);
    expect(stepped(entries, T - HOUR, 0)).toBe(T);
    expect(stepped(entries, T + 5 * HOUR, -10_000)).toBe(T + HOUR + 39_000);
    expect(stepped(entries, T + HOUR + 39_000, 10_000)).toBe(T + HOUR + 49_000);
    expect(stepped([], T, -5)).toBe(T - 5);
  });
});

describe('timeAt', () => {
  it('undoes locate at every kept moment', () => {
    for (const entry of entries) {
      for (const into of [0, 1, 1234.5, entry.duration - 0.5]) {
        const moment = locate(entries, entry.time + into);
        expect(timeAt(entries, moment!.positionMs)).toBeCloseTo(entry.time + into, 3);
      }
    }
  });

  it('jumps over a gap as the position passes it', () => {
    expect(timeAt(entries, 59_999)).toBe(T + 59_999);
    expect(timeAt(entries, 60_000)).toBe(T + HOUR);
  });

  it('holds positions beside the playlist at its ends', () => {
    expect(timeAt(entries, -5)).toBe(T);
    expect(timeAt(entries, 200_000)).toBe(T + HOUR + 40_000);
    expect(timeAt([], 0)).toBeNull();
  });
});

describe('bars', () => {
  const span = { startMs: T, endMs: T + 2 * HOUR };

  it('shows gaps, and joins runs without one', () => {
    expect(bars(entries, span, 7200)).toEqual([
      { x: 0, width: 60 },
      { x: 3600, width: 40 },
    ]);
  });

  it('cuts to the span and leaves out what lies beside it', () => {
    const late = { startMs: T + 30_000, endMs: T + 30_000 + HOUR };
    expect(bars(entries, late, 3600)).toEqual([
      { x: 0, width: 30 },
      { x: 3570, width: 30 },
    ]);
    expect(bars(entries, { startMs: T + 2 * HOUR, endMs: T + 3 * HOUR }, 3600)).toEqual([]);
  });

  it('keeps a short run visible and never draws more bars than pixels', () => {
    expect(bars([{ time: T, duration: 100, offset: 0 }], span, 720)).toEqual([{ x: 0, width: 2 }]);
    const last = { time: T + 2 * HOUR - 100, duration: 100, offset: 0 };
    expect(bars([last], span, 720)).toEqual([{ x: 718, width: 2 }]);
    const many = Array.from({ length: 20_000 }, (_, i) => ({
      time: T + i * 360,
      duration: 100,
      offset: i * 100,
    }));
    expect(bars(many, span, 720).length).toBeLessThanOrEqual(720);
  });
});

describe('ticks', () => {
  const local = (times: { timeMs: number }[]): string[] =>
    times.map(({ timeMs }) => new Date(timeMs).toTimeString().slice(0, 5));

  it('stand on round local times, no closer than asked', () => {
    const startMs = new Date(2025, 0, 15, 9, 7).getTime();
    const found = ticks({ startMs, endMs: startMs + HOUR }, 600, 80);
    expect(local(found)).toEqual(['09:10', '09:20', '09:30', '09:40', '09:50', '10:00']);
  });

  it('mark the local midnight', () => {
    const startMs = new Date(2025, 0, 15, 18).getTime();
    const found = ticks({ startMs, endMs: startMs + 12 * HOUR }, 400, 90);
    expect(local(found)).toEqual(['18:00', '21:00', '00:00', '03:00']);
    expect(found.map((tick) => tick.isMidnight)).toEqual([false, false, true, false]);
  });

  it('keep round hours on days of 23 and 25 hours', () => {
    for (const [month, date, hours] of [
      [2, 30, 23],
      [9, 26, 25],
    ] as const) {
      const startMs = new Date(2025, month, date).getTime();
      const endMs = new Date(2025, month, date + 1).getTime();
      expect(endMs - startMs, 'the test needs a zone with summer time').toBe(hours * HOUR);
      const found = local(ticks({ startMs, endMs }, 500, 70));
      expect(found).toEqual(['00:00', '06:00', '12:00', '18:00']);
      expect(ticks({ startMs, endMs }, 2500, 70)).toHaveLength(hours);
    }
  });

  it('never fail on a long span in a small space', () => {
    const found = ticks({ startMs: T, endMs: T + 20 * 24 * HOUR }, 10, 76);
    expect(found.length).toBeLessThanOrEqual(20);
  });
});
