import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Gestures, type Place, type Pointer } from '../../src/player/timeline-gestures';

let said: unknown[] = [];
let place: Place = 'lane';
let gestures: Gestures;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  place = 'lane';
  gestures = new Gestures({
    placeAt: () => place,
    click: (x) => said.push(['click', x]),
    pan: (px) => said.push(['pan', px]),
    pinch: (x, px, spread) => said.push(['pinch', x, px, spread]),
    scrub: (x) => said.push(['scrub', x]),
    scrubEnd: (x, isCancelled) => said.push(['scrubEnd', x, isCancelled]),
    mark: (which, x) => said.push(['mark', which, x]),
    markEnd: (isCancelled) => said.push(['markEnd', isCancelled]),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

const at = (x: number, more: Partial<Pointer> = {}): Pointer => ({
  id: 1,
  x,
  y: 60,
  isTouch: false,
  shift: false,
  ...more,
});
const finger = (id: number, x: number): Pointer => at(x, { id, isTouch: true });

describe('one pointer', () => {
  it('clicks, also with an unsteady hand', () => {
    gestures.press(at(100));
    gestures.move(at(103));
    gestures.release(at(103));
    expect(said).toEqual([['click', 103]]);
    expect(gestures.mode).toBe('none');
  });

  it('pans the lane, the slop included', () => {
    gestures.press(at(100));
    for (const x of [103, 110, 90]) gestures.move(at(x));
    gestures.release(at(90));
    expect(said).toEqual([
      ['pan', 10],
      ['pan', -20],
    ]);
  });

  it.each([
    ['ruler', {}],
    ['playhead', {}],
    ['lane', { shift: true }],
  ] as const)('scrubs on the %s, and seeks at release', (where, more) => {
    place = where;
    gestures.press(at(100, more));
    gestures.move(at(120, more));
    gestures.move(at(130, more));
    gestures.release(at(131, more));
    expect(said).toEqual([
      ['scrub', 120],
      ['scrub', 130],
      ['scrubEnd', 131, false],
    ]);
  });

  it('moves a mark', () => {
    place = 'out';
    gestures.press(at(100));
    gestures.move(at(140));
    gestures.release(at(140));
    expect(said).toEqual([
      ['mark', 'out', 140],
      ['markEnd', false],
    ]);
  });

  it('is given up at a cancel', () => {
    place = 'in';
    gestures.press(at(100));
    gestures.move(at(140));
    gestures.cancel();
    gestures.release(at(150));
    place = 'ruler';
    gestures.press(at(100));
    gestures.move(at(140));
    gestures.cancel();
    expect(said).toEqual([
      ['mark', 'in', 140],
      ['markEnd', true],
      ['scrub', 140],
      ['scrubEnd', 140, true],
    ]);
  });

  it('says nothing that was not pressed', () => {
    gestures.move(at(100));
    gestures.release(at(100));
    expect(said).toEqual([]);
  });
});

describe('fingers', () => {
  it('scrub once held', () => {
    gestures.press(finger(1, 100));
    gestures.move(finger(1, 104));
    vi.advanceTimersByTime(500);
    gestures.move(finger(1, 150));
    gestures.release(finger(1, 150));
    expect(said).toEqual([
      ['scrub', 104],
      ['scrub', 150],
      ['scrubEnd', 150, false],
    ]);
  });

  it('that pan are not held', () => {
    gestures.press(finger(1, 100));
    gestures.move(finger(1, 130));
    vi.advanceTimersByTime(500);
    gestures.release(finger(1, 130));
    expect(said).toEqual([['pan', 30]]);
  });

  it('pinch about their middle; the one that stays pans, and its lifting is no click', () => {
    gestures.press(finger(1, 100));
    gestures.press(finger(2, 200));
    gestures.move(finger(2, 300));
    expect(said).toEqual([['pinch', 200, 50, 2]]);
    gestures.release(finger(1, 100));
    gestures.move(finger(2, 310));
    gestures.release(finger(2, 310));
    expect(said.slice(1)).toEqual([['pan', 10]]);
  });

  it('that come close together do not zoom without bounds', () => {
    gestures.press(finger(1, 100));
    gestures.press(finger(2, 200));
    gestures.move(finger(2, 100));
    expect(said).toEqual([['pinch', 100, -50, 0.24]]);
  });
});
