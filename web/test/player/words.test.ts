import { describe, expect, it } from 'vitest';
import {
  clockWords,
  dayValue,
  dayWords,
  fineWords,
  fullDayWords,
  lengthWords,
  longDayWords,
  minuteWords,
  momentWords,
  monthWords,
  sizeWords,
  surelyWords,
  timeWords,
  weekdayWords,
} from '../../src/player/words';

const NOON = Date.UTC(2026, 6, 1, 12, 30, 15, 740);

describe('moments', () => {
  it('are told in the zone asked for', () => {
    expect(timeWords(NOON)).toContain('30:15');
    expect(minuteWords(NOON, 'local')).toContain('2:30');
    expect(minuteWords(NOON, 'utc')).toContain('12:30');
    expect(fineWords(NOON, 'utc')).toContain('30:15.7');
    expect(clockWords(NOON, 'utc')).toContain('2026');
    expect(dayWords(NOON, 'utc')).toMatch(/1/);
    expect(longDayWords(NOON, 'utc')).toContain('2026');
    expect(fullDayWords(NOON, 'utc')).toContain('Wednesday');
    expect(weekdayWords(NOON, 'utc', 'long')).toBe('Wednesday');
    expect(weekdayWords(NOON, 'utc', 'short')).toBe('Wed');
    expect(monthWords(NOON, 'utc')).toBe('July 2026');
    expect(momentWords(NOON)).toContain('2026');
    expect(dayValue(Date.UTC(2026, 6, 1, 23), 'local')).toBe('2026-07-02');
    expect(dayValue(Date.UTC(2026, 6, 1, 23), 'utc')).toBe('2026-07-01');
  });

  it('name the zone where the clocks show them twice', () => {
    const first = Date.UTC(2026, 9, 25, 0, 30);
    expect(surelyWords(first, 'local')).not.toBe(surelyWords(first + 3_600_000, 'local'));
    expect(surelyWords(NOON, 'local')).toBe(timeWords(NOON, 'local'));
  });
});

describe('lengths and sizes', () => {
  it('are told in two units at the most', () => {
    expect(lengthWords(0)).toBe('0 s');
    expect(lengthWords(12_540)).toBe('12.5 s');
    expect(lengthWords(60_000)).toBe('1 min');
    expect(lengthWords(4_815_000)).toBe('1 h 20 min');
    expect(lengthWords(86_400_000 * 3 + 3_600_000)).toBe('3 d 1 h');
    expect(sizeWords(999)).toBe('999 bytes');
    expect(sizeWords(12_345_678)).toBe('12.3 MB');
    expect(sizeWords(123_456_789_012)).toBe('123 GB');
  });
});
