import { describe, expect, it } from 'vitest';
import { lengthMs, scaleOf, sectionsOf, stepFor, ticksOf } from '../../src/player/ticks';
import { sectionWords, tickWords } from '../../src/player/words';
import { clockKey, fieldsOf } from '../../src/player/zone';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SPRING = { startMs: Date.UTC(2026, 2, 28, 23), endMs: Date.UTC(2026, 2, 29, 22) };
const AUTUMN = { startMs: Date.UTC(2026, 9, 24, 22), endMs: Date.UTC(2026, 9, 25, 23) };
const clocks = (times: number[]): string[] => times.map((at) => clockKey(at, 'local').slice(0, 5));

describe('ticks across a change of the clocks', () => {
  it('show each hour of a day of 23 and of 25 hours', () => {
    const spring = ticksOf(SPRING, { unit: 'hour', count: 1 }, 'local');
    expect(spring).toHaveLength(23);
    expect(clocks(spring).slice(0, 4)).toEqual(['00:00', '01:00', '03:00', '04:00']);
    const autumn = ticksOf(AUTUMN, { unit: 'hour', count: 1 }, 'local');
    expect(autumn).toHaveLength(25);
    expect(clocks(autumn).slice(0, 5)).toEqual(['00:00', '01:00', '02:00', '02:00', '03:00']);
  });

  it('keep longer steps round: no skipped hour, no hour twice', () => {
    const step = { unit: 'hour', count: 2 } as const;
    expect(clocks(ticksOf(SPRING, step, 'local')).slice(0, 3)).toEqual(['00:00', '04:00', '06:00']);
    expect(clocks(ticksOf(AUTUMN, step, 'local')).slice(0, 3)).toEqual(['00:00', '02:00', '04:00']);
    expect(clocks(ticksOf(AUTUMN, { unit: 'hour', count: 6 }, 'local'))).toEqual([
      '00:00',
      '06:00',
      '12:00',
      '18:00',
    ]);
  });

  it('keep quarters of an hour', () => {
    const ticks = ticksOf(AUTUMN, { unit: 'minute', count: 15 }, 'local');
    expect(ticks).toHaveLength(100);
    expect(ticks.every((at) => at % (15 * 60_000) === 0)).toBe(true);
  });
});

describe('days, months, years', () => {
  it('stand at local midnights, and bigger steps begin anew each month', () => {
    const span = { startMs: Date.UTC(2026, 0, 20), endMs: Date.UTC(2026, 2, 20) };
    const ticks = ticksOf(span, { unit: 'day', count: 5 }, 'local');
    expect(ticks.map((at) => fieldsOf(at, 'local').day)).toEqual([21, 26, 1, 6, 11, 16, 21, 26, 1, 6, 11, 16]);
    expect(clocks(ticks).every((clock) => clock === '00:00')).toBe(true);
  });

  it('count quarters and decades from round ones', () => {
    const span = { startMs: Date.UTC(2025, 1, 3), endMs: Date.UTC(2027, 1, 3) };
    const quarters = ticksOf(span, { unit: 'month', count: 3 }, 'utc').map((at) => fieldsOf(at, 'utc').month);
    expect(quarters).toEqual([4, 7, 10, 1, 4, 7, 10, 1]);
    expect(ticksOf(span, { unit: 'year', count: 1 }, 'utc')).toEqual([Date.UTC(2026, 0), Date.UTC(2027, 0)]);
  });
});

describe('the scale of a view', () => {
  it('keeps labels apart at every zoom, in both zones, also over a change of the clocks', () => {
    for (const zone of ['local', 'utc'] as const) {
      for (let length = 10_000; length < 2 * 366 * DAY; length *= 1.3) {
        const middle = AUTUMN.startMs + 4 * HOUR;
        const view = { startMs: middle - length * 0.4, endMs: middle + length * 0.6 };
        const { major, minor, step } = scaleOf(view, 800, 80, zone);
        expect(major.length).toBeGreaterThan(0);
        expect(minor.length).toBeLessThan(150);
        for (let at = 1; at < major.length; at += 1) {
          const px = ((major[at]! - major[at - 1]!) / length) * 800;
          // Months and days differ in length; nothing else does.
          expect(px).toBeGreaterThan(step.unit === 'month' || step.unit === 'day' ? 48 : 78 * (5 / 6));
        }
        expect(new Set([...minor, ...major]).size).toBeLessThanOrEqual(minor.length + major.length);
        for (const at of major) expect(at >= view.startMs && at < view.endMs).toBe(true);
      }
    }
  });

  it('goes from tenths of a second to years', () => {
    expect(stepFor(90)).toEqual({ unit: 'ms', count: 100 });
    expect(stepFor(1500)).toEqual({ unit: 'second', count: 2 });
    expect(stepFor(20 * DAY)).toEqual({ unit: 'month', count: 1 });
    expect(lengthMs(stepFor(1e13))).toBe(lengthMs({ unit: 'year', count: 10 }));
  });

  it('says what the ticks belong to', () => {
    const days = sectionsOf(SPRING, { unit: 'hour', count: 3 }, 'local');
    expect(days).toEqual([{ unit: 'day', ...SPRING }]);
    const view = { startMs: Date.UTC(2025, 10, 20), endMs: Date.UTC(2026, 1, 2) };
    expect(sectionsOf(view, { unit: 'day', count: 10 }, 'utc').map(({ startMs }) => startMs)).toEqual(
      [10, 11, 12, 13].map((month) => Date.UTC(2025, month)),
    );
    expect(sectionsOf(view, { unit: 'month', count: 1 }, 'utc')).toHaveLength(2);
    expect(sectionsOf(view, { unit: 'year', count: 1 }, 'utc')).toEqual([]);
    expect(sectionWords(days[0]!, 'local')).toContain('29');
  });

  it('labels a tick with what its neighbours don’t share', () => {
    const at = Date.UTC(2026, 4, 3, 10, 20, 30, 400);
    expect(tickWords(at, { unit: 'ms', count: 100 }, 'utc')).toContain('30.4');
    expect(tickWords(at, { unit: 'minute', count: 5 }, 'utc')).toContain('10:20');
    expect(tickWords(at, { unit: 'day', count: 1 }, 'utc')).toBe('3');
    expect(tickWords(at, { unit: 'year', count: 1 }, 'utc')).toBe('2026');
  });
});
