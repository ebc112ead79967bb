import { describe, expect, it } from 'vitest';
import { BINDINGS, commandOf, RATES, rateBeside } from '../../src/player/keys';

const press = (key: string, held: Partial<KeyboardEvent> = {}): ReturnType<typeof commandOf> =>
  commandOf({ key, ctrlKey: false, metaKey: false, altKey: false, ...held });

describe('keys', () => {
  it('each belongs to one command', () => {
    const keys = BINDINGS.flatMap((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('work in either case, but never with a modifier', () => {
    expect(press('i')).toBe('mark-in');
    expect(press('I')).toBe('mark-in');
    expect(press('Escape')).toBe('unmark');
    expect(press('s', { ctrlKey: true })).toBeNull();
    expect(press('q')).toBeNull();
  });
});

describe('rateBeside', () => {
  it('goes up and down by one, to either end', () => {
    expect(rateBeside(1, 1)).toBe(2);
    expect(rateBeside(1, -1)).toBe(0.5);
    expect(rateBeside(16, 1)).toBe(16);
    expect(rateBeside(0.25, -1)).toBe(0.25);
    for (const rate of RATES) expect(RATES).toContain(rateBeside(rate, 1));
  });
});
