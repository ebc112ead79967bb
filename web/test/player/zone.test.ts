import { describe, expect, it } from 'vitest';
import {
  addDays,
  addMonths,
  clockKey,
  dayKey,
  fieldsOf,
  isNearClockChange,
  momentOf,
  parseMoment,
  startOfDay,
  startOfMonth,
  startOfYear,
} from '../../src/player/zone';

const HOUR = 3_600_000;
// In Berlin the clocks go from 2 to 3 on this day, and from 3 to 2 on the other.
const SPRING = Date.UTC(2026, 2, 28, 23);
const AUTUMN = Date.UTC(2026, 9, 24, 22);

describe('fields of a moment', () => {
  it('are those of the zone', () => {
    const noon = Date.UTC(2026, 0, 31, 23, 30, 15, 250);
    expect(fieldsOf(noon, 'utc')).toEqual({
      year: 2026,
      month: 1,
      day: 31,
      hour: 23,
      minute: 30,
      second: 15,
      ms: 250,
      weekday: 6,
    });
    expect(fieldsOf(noon, 'local')).toMatchObject({ month: 2, day: 1, hour: 0, minute: 30, weekday: 0 });
  });

  it('agree with the browser’s own at any moment, and lead back to it', () => {
    for (let at = 0; at < 4000; at += 1) {
      const timeMs = Date.UTC(2024, 0, 1) + at * 7_919_000;
      const date = new Date(timeMs);
      const fields = fieldsOf(timeMs, 'local');
      expect(fields.hour).toBe(date.getHours());
      expect(fields.day).toBe(date.getDate());
      const { year, month, day, hour, minute, second } = fields;
      const back = momentOf('local', year, month, day, hour, minute, second);
      // Of the hour that comes twice it is the first.
      expect([0, HOUR]).toContain(timeMs - back);
      expect(momentOf('utc', 2026, 1, 1)).toBe(Date.UTC(2026, 0, 1));
    }
  });
});

describe('days', () => {
  it('have 23 and 25 hours when the clocks change', () => {
    expect(startOfDay(SPRING + 12 * HOUR, 'local')).toBe(SPRING);
    expect(addDays(SPRING, 1, 'local') - SPRING).toBe(23 * HOUR);
    expect(addDays(AUTUMN, 1, 'local') - AUTUMN).toBe(25 * HOUR);
    expect(addDays(SPRING, 1, 'utc') - SPRING).toBe(24 * HOUR);
    expect(addDays(AUTUMN + 26 * HOUR + 5, -1, 'local')).toBe(AUTUMN + HOUR + 5);
  });

  it('begin where the zone’s clock shows midnight', () => {
    for (let day = 0; day < 800; day += 1) {
      const start = startOfDay(SPRING + day * 24 * HOUR + 5 * HOUR, 'local');
      expect(clockKey(start, 'local')).toBe('00:00:00');
      expect(dayKey(start - 1, 'local')).not.toBe(dayKey(start, 'local'));
    }
  });
});

describe('months and years', () => {
  it('begin on the first, and keep the day where they have it', () => {
    const at = Date.UTC(2026, 0, 31, 12);
    expect(startOfMonth(at, 'utc')).toBe(Date.UTC(2026, 0, 1));
    expect(startOfYear(at, 'local')).toBe(Date.UTC(2025, 11, 31, 23));
    expect(addMonths(at, 1, 'utc')).toBe(Date.UTC(2026, 1, 28, 12));
    expect(addMonths(at, 13, 'utc')).toBe(Date.UTC(2027, 1, 28, 12));
    expect(addMonths(at, -2, 'utc')).toBe(Date.UTC(2025, 10, 30, 12));
    expect(addMonths(Date.UTC(2024, 0, 31), 1, 'utc')).toBe(Date.UTC(2024, 1, 29));
  });
});

describe('reading a moment', () => {
  it('takes a day, a minute or a second of a zone', () => {
    expect(parseMoment('2026-03-01', 'utc')).toBe(Date.UTC(2026, 2, 1));
    expect(parseMoment('2026-03-01T10:20', 'local')).toBe(Date.UTC(2026, 2, 1, 9, 20));
    expect(parseMoment(' 2026-07-01T10:20:30 ', 'local')).toBe(Date.UTC(2026, 6, 1, 8, 20, 30));
    expect(parseMoment('2026-07-01 10:20:30', 'utc')).toBe(Date.UTC(2026, 6, 1, 10, 20, 30));
  });

  it('refuses what no calendar has', () => {
    for (const text of ['', 'today', '2026-02-29', '2026-13-01', '2026-00-10', '2026-01-01T24:00', '2026-1-1']) {
      expect(parseMoment(text, 'utc')).toBeNull();
    }
    expect(parseMoment('2028-02-29', 'utc')).not.toBeNull();
  });
});

it('tells when a time of day could be mistaken', () => {
  expect(isNearClockChange(AUTUMN + 3 * HOUR, 'local')).toBe(true);
  expect(isNearClockChange(AUTUMN + 12 * HOUR, 'local')).toBe(false);
  expect(isNearClockChange(AUTUMN + 3 * HOUR, 'utc')).toBe(false);
});
