import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Archive, parseSignedLink } from '../../src/player/archive';
import { gridMoment, gridStep, Pictures, type Wish } from '../../src/player/pictures';

const T = Date.UTC(2026, 2, 1);
const RUN = { startMs: T + 500, endMs: T + 3_600_000 };
const LINK = parseSignedLink(
  'http://server.test/archives/7c9e6679-7425-40de-944b-e07fc1f90ae7?signature=abc&exp=2000000000',
);
const wish = (timeMs: number, msPerPx = 500): Wish => ({ timeMs, msPerPx, run: RUN });

let asked: number[] = [];
let answered: number[] = [];
let aborted = 0;
let inFlight = 0;
let most = 0;
let delayMs = 40;
let status = 200;
let closed = 0;
let pictures: Pictures;

async function farEnd(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const timeMs = Number(new URL(String(input)).searchParams.get('time'));
  asked.push(timeMs);
  inFlight += 1;
  most = Math.max(most, inFlight);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      inFlight -= 1;
      resolve();
    }, delayMs);
    init?.signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      aborted += 1;
      inFlight -= 1;
      reject(new DOMException('aborted', 'AbortError'));
    });
  });
  answered.push(timeMs);
  const frameMs = Math.floor(timeMs / 2000) * 2000;
  return new Response('jpeg', { status, headers: { 'Footage-Frame-Time': String(frameMs) } });
}

beforeEach(() => {
  vi.useFakeTimers({ now: T });
  [asked, answered, aborted, inFlight, most, delayMs, status, closed] = [[], [], 0, 0, 0, 40, 200, 0];
  // What decodes a JPEG is the browser's; the browser tests see it happen.
  vi.stubGlobal('createImageBitmap', () => Promise.resolve({ close: () => (closed += 1) }));
  pictures = new Pictures(new Archive(LINK, farEnd));
});

afterEach(() => {
  pictures.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const pause = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('the grid', () => {
  it('fits the zoom, and finer grids hold the points of coarser ones', () => {
    expect(gridStep(1)).toBe(1000);
    expect(gridStep(500)).toBe(1000);
    expect(gridStep(1000)).toBe(2000);
    expect(gridStep(60_000)).toBe(64_000);
    for (let msPerPx = 1; msPerPx < 1e8; msPerPx *= 1.7) {
      const step = gridStep(msPerPx);
      expect(step).toBeLessThanOrEqual(Math.max(2 * msPerPx, 1000));
      expect(gridMoment({ timeMs: T + 1_234_567, msPerPx: 1, run: { startMs: 0, endMs: 2 * T } }) % 1000).toBe(0);
    }
  });

  it('never leads out of the run', () => {
    expect(gridMoment(wish(T + 900))).toBe(T + 500);
    expect(gridMoment(wish(T + 1000, 1e7))).toBe(T + 500);
    expect(gridMoment(wish(T + 1999))).toBe(T + 1000);
  });
});

describe('pictures', () => {
  it('are asked for at once, and tell the moment that they show', async () => {
    const asking = pictures.at(wish(T + 5300));
    expect(asked).toEqual([T + 5000]);
    await pause(41);
    expect(await asking).toMatchObject({ timeMs: T + 5000, frameMs: T + 4000 });
    expect(pictures.kept(wish(T + 5999))?.frameMs).toBe(T + 4000);
    expect(pictures.kept(wish(T + 6000))).toBeNull();
    expect(await pictures.at(wish(T + 5800))).toMatchObject({ timeMs: T + 5000 });
    expect(asked).toHaveLength(1);
  });

  it('come through while the pointer sweeps: few in flight, the latest wins', async () => {
    const shown: number[] = [];
    for (let at = 0; at < 60; at += 1) {
      void pictures.at(wish(T + 10_000 + at * 1000)).then((picture) => {
        if (picture !== null) shown.push(picture.timeMs);
      });
      await pause(10);
    }
    await pause(60);
    expect(most).toBeLessThanOrEqual(3);
    expect(shown.length).toBeGreaterThan(10);
    expect(shown.at(-1)).toBe(T + 69_000);
    expect(asked.length).toBeLessThan(60);
    expect(aborted).toBe(0);
  });

  it('that take long give way', async () => {
    delayMs = 5000;
    for (let at = 0; at < 3; at += 1) void pictures.at(wish(T + 10_000 + at * 1000));
    await pause(300);
    delayMs = 10;
    const asking = pictures.at(wish(T + 60_000));
    await pause(11);
    expect(await asking).toMatchObject({ timeMs: T + 60_000 });
    expect(aborted).toBe(1);
  });

  it('of neighbours come when nobody asks, and make way for who does', async () => {
    void pictures.at(wish(T + 60_000));
    await pause(400);
    expect(new Set(asked)).toEqual(new Set([60, 61, 59, 62, 58].map((second) => T + second * 1000)));
    delayMs = 5000;
    void pictures.at(wish(T + 90_000));
    await pause(100);
    for (const second of [100, 110, 120]) void pictures.at(wish(T + second * 1000));
    expect(asked.slice(-2)).toEqual([T + 100_000, T + 110_000]);
    expect(aborted).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('that there are none of are null, and a busy server is asked once more', async () => {
    status = 404;
    const none = pictures.at(wish(T + 5000));
    await pause(41);
    expect(await none).toBeNull();
    status = 503;
    const busy = pictures.at(wish(T + 8000));
    await pause(60);
    status = 200;
    await pause(400);
    expect(await busy).toMatchObject({ timeMs: T + 8000 });
  });

  it('are let go of when there are many, and when all ends', async () => {
    delayMs = 1;
    for (let at = 0; at < 400; at += 1) {
      void pictures.at(wish(T + 1000 + at * 1000));
      await pause(2);
    }
    await pause(1000);
    expect(closed).toBeGreaterThan(230);
    expect(pictures.kept(wish(T + 400_000))).not.toBeNull();
    expect(pictures.kept(wish(T + 2000))).toBeNull();
    pictures.close();
    expect(closed).toBe(answered.length);
    expect(await pictures.at(wish(T + 400_000))).toBeNull();
  });

  it('stop at a rest', async () => {
    void pictures.at(wish(T + 5000));
    pictures.rest();
    await pause(500);
    expect(aborted).toBe(1);
    expect(asked).toHaveLength(1);
  });
});
