import { describe, expect, it } from 'vitest';
import { daySpan, earlier, later, newestSpan, overlap, resized } from '../../src/app/span';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const kept = { startMs: 1_700_000_000_000, endMs: 1_700_000_000_000 + 30 * DAY };

describe('spans', () => {
  it('start with all that is kept where that is little, else with the newest day', () => {
    const little = { startMs: kept.startMs, endMs: kept.startMs + 15 * MINUTE };
    expect(newestSpan(little)).toEqual({ startMs: little.endMs - 60 * MINUTE, endMs: little.endMs });
    expect(newestSpan(kept)).toEqual({ startMs: kept.endMs - DAY, endMs: kept.endMs });
  });

  it('move by their own length, and not past the newest', () => {
    const newest = newestSpan(kept);
    const before = earlier(newest);
    expect(before).toEqual({ startMs: kept.endMs - 2 * DAY, endMs: kept.endMs - DAY });
    expect(later(before, kept)).toEqual(newest);
    const nearly = { startMs: newest.startMs - MINUTE, endMs: newest.endMs - MINUTE };
    expect(later(nearly, kept)).toEqual(newest);
  });

  it('keep the moment in view when their length changes', () => {
    const around = kept.startMs + 5 * DAY;
    expect(resized(around, 10 * MINUTE, kept)).toEqual({
      startMs: around - 5 * MINUTE,
      endMs: around + 5 * MINUTE,
    });
    expect(resized(kept.endMs, DAY, kept)).toEqual({ startMs: kept.endMs - DAY, endMs: kept.endMs });
  });

  it('read a local day, whatever its length', () => {
    const short = daySpan('2025-03-30')!;
    expect(new Date(short.startMs).toString()).toContain('Mar 30 2025 00:00:00');
    expect(short.endMs - short.startMs).toBe(23 * 60 * MINUTE);
    expect(daySpan('')).toBeNull();
    expect(daySpan('30.03.2025')).toBeNull();
  });

  it('are cut to what is kept', () => {
    expect(overlap({ startMs: 0, endMs: 10 }, { startMs: 5, endMs: 20 })).toEqual({ startMs: 5, endMs: 10 });
    expect(overlap({ startMs: 0, endMs: 5 }, { startMs: 5, endMs: 20 })).toBeNull();
  });
});
