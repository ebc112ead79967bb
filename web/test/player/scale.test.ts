import { describe, expect, it } from 'vitest';
import {
  barsOf,
  clamped,
  firstEndingAfter,
  glided,
  MAX_VIEW_MS,
  MIN_VIEW_MS,
  panned,
  timeOf,
  viewAround,
  viewLength,
  xOf,
  zoomed,
  type Edges,
} from '../../src/player/scale';

const T = Date.UTC(2026, 0, 15);
const DAY = 86_400_000;
/** The same on every run. */
function moods(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

function runs(count: number, lengthMs: number, gapMs: number): Edges {
  const starts = Float64Array.from({ length: count }, (_, at) => T + at * (lengthMs + gapMs));
  return { starts, ends: starts.map((start) => start + lengthMs) };
}

describe('zoom', () => {
  it('keeps the moment under the pointer, between ten seconds and two years', () => {
    const random = moods(1);
    let view = { startMs: T, endMs: T + DAY };
    for (let step = 0; step < 3000; step += 1) {
      const x = random() * 900;
      const before = view.startMs + (x / 900) * viewLength(view);
      view = zoomed(view, 0.4 + random() * 1.9, x / 900);
      expect(xOf(view, 900, before)).toBeCloseTo(x, 2);
      expect(viewLength(view)).toBeGreaterThanOrEqual(MIN_VIEW_MS * 0.999);
      expect(viewLength(view)).toBeLessThanOrEqual(MAX_VIEW_MS * 1.001);
    }
  });

  it('comes from the whole to ten seconds and back in small steps without sticking', () => {
    let view = viewAround(T, MAX_VIEW_MS);
    let steps = 0;
    for (; viewLength(view) > MIN_VIEW_MS; steps += 1) view = zoomed(view, 0.97, 0.3);
    expect(steps).toBeLessThan(600);
    for (let back = 0; back <= steps; back += 1) view = zoomed(view, 1 / 0.97, 0.3);
    expect(viewLength(view)).toBeCloseTo(MAX_VIEW_MS, -3);
  });
});

describe('pixels and moments', () => {
  it('lead to each other', () => {
    const random = moods(2);
    for (let at = 0; at < 500; at += 1) {
      const view = viewAround(T + random() * 500 * DAY, MIN_VIEW_MS + random() * 900 * DAY, random());
      const x = random() * 1280;
      const msPerPx = viewLength(view) / 1280;
      expect(Math.abs(xOf(view, 1280, timeOf(view, 1280, x)) - x)).toBeLessThan(0.51 / msPerPx + 1e-6);
    }
  });

  it('follow a pan', () => {
    expect(panned({ startMs: T, endMs: T + DAY }, -DAY)).toEqual({ startMs: T - DAY, endMs: T });
  });
});

describe('limits', () => {
  const limits = { startMs: T, endMs: T + 30 * DAY };

  it('always leave a part of what is kept in view, and the length alone', () => {
    const random = moods(3);
    for (let at = 0; at < 1000; at += 1) {
      const view = viewAround(T + (random() - 0.5) * 4000 * DAY, MIN_VIEW_MS + random() ** 4 * MAX_VIEW_MS);
      const held = clamped(view, limits);
      expect(viewLength(held)).toBeCloseTo(viewLength(view), 0);
      expect(held.endMs).toBeGreaterThan(limits.startMs);
      expect(held.startMs).toBeLessThan(limits.endMs);
    }
  });

  it('leave a view alone that keeps to them', () => {
    const view = { startMs: T + DAY, endMs: T + 2 * DAY };
    expect(clamped(view, limits)).toBe(view);
    expect(clamped(view, null)).toBe(view);
    expect(viewLength(clamped({ startMs: T, endMs: T + 5 }, null))).toBe(MIN_VIEW_MS);
  });
});

describe('a glide', () => {
  it('arrives, and keeps the moment that both ends share where it is', () => {
    const from = { startMs: T, endMs: T + DAY };
    const to = zoomed(from, 0.25, 0.3);
    let view = from;
    let frames = 0;
    for (; view !== to && frames < 100; frames += 1) {
      view = glided(view, to, 16, 800);
      expect(xOf(view, 800, T + 0.3 * DAY)).toBeCloseTo(240, 3);
    }
    expect(view).toBe(to);
    expect(frames).toBeGreaterThan(5);
    expect(frames).toBeLessThan(60);
  });
});

describe('bars', () => {
  const view = { startMs: T, endMs: T + 1000_000 };

  it('lie where the runs do', () => {
    const edges = { starts: Float64Array.of(T - 500_000, T + 500_000), ends: Float64Array.of(T + 100_000, T + 600_000) };
    expect(barsOf(edges, view, 1000)).toEqual([
      { x: 0, width: 100 },
      { x: 500, width: 100 },
    ]);
  });

  it('show a gap of a pixel and merge what is narrower', () => {
    const pair = (gapMs: number): Edges => runs(2, 100_000, gapMs);
    expect(barsOf(pair(1000), view, 1000)).toHaveLength(2);
    expect(barsOf(pair(999), view, 1000)).toEqual([{ x: 0, width: 200.999 }]);
  });

  it('show a run of a moment', () => {
    const [bar] = barsOf({ starts: Float64Array.of(T + 999_999), ends: Float64Array.of(T + 1_000_500) }, view, 1000);
    expect(bar).toEqual({ x: 998.5, width: 1.5 });
  });

  it('never overlap, stay inside, and cover each run, whatever the runs and the view', () => {
    const random = moods(4);
    for (let round = 0; round < 60; round += 1) {
      const edges = runs(200, 1 + random() * 900_000, 1 + random() * 900_000);
      const seen = viewAround(T + random() * 200_000_000, 10_000 + random() ** 3 * 400_000_000, random());
      const bars = barsOf(edges, seen, 700);
      bars.forEach(({ x, width }, at) => {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x + width).toBeLessThanOrEqual(700.001);
        if (at > 0) expect(x - (bars[at - 1]!.x + bars[at - 1]!.width)).toBeGreaterThan(0);
      });
      edges.starts.forEach((start, at) => {
        const middle = xOf(seen, 700, (start + edges.ends[at]!) / 2);
        if (middle < 0 || middle > 698) return;
        expect(bars.some(({ x, width }) => middle >= x - 0.01 && middle <= x + width + 0.01)).toBe(true);
      });
    }
  });

  it('are no more than pixels, of any number of runs', () => {
    const many = runs(100_000, 60_000, 60_000);
    const whole = { startMs: T, endMs: many.ends.at(-1)! };
    expect(barsOf(many, whole, 1000)).toHaveLength(1);
    expect(barsOf(many, { startMs: T + DAY, endMs: T + DAY + 1000 * 60_000 }, 2000)).toHaveLength(500);
  });
});

it('finds the first run that ends after a moment', () => {
  const edges = runs(50, 10, 10);
  for (let at = -5; at < 1010; at += 1) {
    const expected = edges.ends.findIndex((end) => end > T + at);
    expect(firstEndingAfter(edges, T + at)).toBe(expected === -1 ? 50 : expected);
  }
});
