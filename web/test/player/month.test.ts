import { describe, expect, it } from 'vitest';
import { dayAfterKey, firstWeekdayOf, isSameDay, isSameMonth, weeksOf } from '../../src/player/month';
import { clockKey, dayKey, fieldsOf } from '../../src/player/zone';

describe('the weeks of a month', () => {
  it('are whole, in order, and hold every day of it once', () => {
    for (const zone of ['local', 'utc'] as const) {
      for (let month = 0; month < 30; month += 1) {
        for (const first of [0, 1, 6]) {
          const at = Date.UTC(2025, month, 15);
          const days = weeksOf(at, zone, first).flat();
          expect(days.length % 7).toBe(0);
          expect(fieldsOf(days[0]!, zone).weekday).toBe(first);
          expect(days.every((day) => clockKey(day, zone) === '00:00:00')).toBe(true);
          expect(new Set(days.map((day) => dayKey(day, zone))).size).toBe(days.length);
          const own = days.filter((day) => isSameMonth(day, at, zone));
          expect(own.length).toBeGreaterThanOrEqual(28);
          expect(isSameDay(own[0]!, own[0]! + 3_600_000, zone)).toBe(true);
        }
      }
    }
  });
});

it('keys lead from day to day, over a change of the clocks too', () => {
  const day = new Date(2026, 2, 28).getTime();
  const led = (key: string): string => dayKey(dayAfterKey(key, day, 'local', 1) ?? 0, 'local');
  expect(led('ArrowRight')).toBe('2026-03-29');
  expect(led('ArrowDown')).toBe('2026-04-04');
  expect(led('ArrowUp')).toBe('2026-03-21');
  expect(led('ArrowLeft')).toBe('2026-03-27');
  expect(led('Home')).toBe('2026-03-23');
  expect(led('End')).toBe('2026-03-29');
  expect(led('PageUp')).toBe('2026-02-28');
  expect(led('PageDown')).toBe('2026-04-28');
  expect(dayAfterKey('a', day, 'local', 1)).toBeNull();
});

it('a week begins where the language is spoken as it does there', () => {
  expect(firstWeekdayOf('de-DE')).toBe(1);
  expect(firstWeekdayOf('en-US')).toBe(0);
  expect(firstWeekdayOf('?')).toBe(1);
});
