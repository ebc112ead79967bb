import { describe, expect, it } from 'vitest';
import { reaches } from '../../src/app/server';

describe('a scope', () => {
  it.each([
    ['read', [true, false, false]],
    ['write', [true, true, false]],
    ['admin', [true, true, true]],
  ] as const)('%s reaches so far', (scope, wanted) => {
    expect((['read', 'write', 'admin'] as const).map((needed) => reaches(scope, needed))).toEqual(wanted);
  });
});
