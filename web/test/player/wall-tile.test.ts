import { describe, expect, it } from 'vitest';
import { gapWords } from '../../src/player/wall-tile';
import { timeWords } from '../../src/player/words';

const T = Date.UTC(2026, 2, 1, 12);
const HOUR = 3_600_000;
const at = { zone: 'utc', timeMs: T } as const;

describe('the words of a gap', () => {
  it('tell since when and until when', () => {
    const [title, words] = gapWords({ startMs: T - HOUR, endMs: T + HOUR }, at);
    expect(title).toBe('Nothing kept');
    expect(words).toBe(`${timeWords(T - HOUR, 'utc')} to ${timeWords(T + HOUR, 'utc')}`);
  });

  it('name the day where it is another', () => {
    const [, words] = gapWords({ startMs: T - 30 * HOUR, endMs: Infinity }, at);
    expect(words).toMatch(/^since .*28.*, /);
  });

  it('tell one edge, or none, where no footage bounds it', () => {
    expect(gapWords({ startMs: -Infinity, endMs: T + HOUR }, at)[1]).toBe(`before ${timeWords(T + HOUR, 'utc')}`);
    expect(gapWords({ startMs: -Infinity, endMs: Infinity }, at)).toEqual(['Nothing kept', 'of this camera']);
  });
});
