import { describe, expect, it } from 'vitest';
import { moved, WHOLE, zoomed } from '../../src/player/picture-zoom';

const SIZE = { width: 800, height: 400 };

describe('a closer look', () => {
  it('keeps what is at the point there', () => {
    const near = zoomed(WHOLE, 4, 200, 100, SIZE);
    expect(near).toEqual({ scale: 4, x: -600, y: -300 });
    // The point of the picture at (200, 100) was 1/4 into it, and is.
    expect((200 - near.x) / near.scale).toBe(200);
    expect((100 - near.y) / near.scale).toBe(100);
  });

  it('never shows what is beside the picture', () => {
    const near = zoomed(WHOLE, 2, 0, 0, SIZE);
    expect(moved(near, 50, 50, SIZE)).toEqual({ scale: 2, x: 0, y: 0 });
    expect(moved(near, -5000, -5000, SIZE)).toEqual({ scale: 2, x: -800, y: -400 });
    expect(moved(WHOLE, 10, 10, SIZE)).toEqual(WHOLE);
  });

  it('goes no farther than the whole picture and no closer than sixteen times', () => {
    expect(zoomed(zoomed(WHOLE, 3, 700, 10, SIZE), 0.1, 5, 5, SIZE)).toEqual(WHOLE);
    expect(zoomed(WHOLE, 1000, 400, 200, SIZE).scale).toBe(16);
  });
});
