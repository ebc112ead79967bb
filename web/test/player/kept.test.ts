import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Archive, parseSignedLink, type ArchiveError } from '../../src/player/archive';
import { Kept } from '../../src/player/kept';
import type { Span } from '../../src/player/times';

const T = Date.UTC(2026, 2, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SEGMENT = 6000;
const LINK = parseSignedLink(
  'http://server.test/archives/7c9e6679-7425-40de-944b-e07fc1f90ae7?signature=abc&exp=2000000000',
);

/** The far end of the network: an archive of whole segments that answers as the server does. */
class FarEnd {
  readonly asked: Span[] = [];
  runs: [number, number][];
  status = 200;
  delayMs = 1;
  inFlight = 0;
  most = 0;
  aborted = 0;

  constructor(runs: [number, number][]) {
    this.runs = runs;
  }

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const url = new URL(String(input));
    this.inFlight += 1;
    this.most = Math.max(this.most, this.inFlight);
    try {
      await this.wait(init?.signal ?? null);
    } finally {
      this.inFlight -= 1;
    }
    if (this.status === 0) throw new TypeError('no network');
    if (this.status !== 200) return new Response('{}', { status: this.status });
    return Response.json(url.pathname.endsWith('/timeline') ? this.timeline(url) : this.info());
  };

  private wait(signal: AbortSignal | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, this.delayMs);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        this.aborted += 1;
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  }

  private info(): object {
    const [first, last] = [this.runs[0]?.[0] ?? null, this.runs.at(-1)?.[1] ?? null];
    return { id: 'x', first, last, bytes: 0, runs: this.runs.length };
  }

  private timeline(url: URL): object[] {
    const startMs = Number(url.searchParams.get('start'));
    const endMs = startMs + Number(url.searchParams.get('duration'));
    this.asked.push({ startMs, endMs });
    return this.runs
      .filter(([start, end]) => start < endMs && end > startMs)
      .map(([start, end]) => {
        const from = start + Math.max(Math.floor((startMs - start) / SEGMENT), 0) * SEGMENT;
        const to = Math.min(end, start + Math.ceil((endMs - start) / SEGMENT) * SEGMENT);
        return { time: from, duration: to - from, offset: 0 };
      });
  }
}

let opened: Kept[] = [];

function open(far: FarEnd): Kept {
  const kept = new Kept(new Archive(LINK, far.fetch), Date.now);
  opened.push(kept);
  return kept;
}

const pause = (ms: number): Promise<void> => vi.advanceTimersByTimeAsync(ms).then(() => undefined);
/** Time goes on by itself until the promise is kept. */
async function meanwhile<V>(promise: Promise<V>): Promise<V> {
  let isDone = false;
  void promise.then(
    () => (isDone = true),
    () => (isDone = true),
  );
  while (!isDone) await pause(1);
  return promise;
}

beforeEach(() => {
  vi.useFakeTimers({ now: T + 30 * DAY });
});

afterEach(() => {
  for (const kept of opened) kept.close();
  opened = [];
  vi.useRealTimers();
});

/** Ten minutes of every hour for ten days, a run of each. */
const hourly = (): [number, number][] =>
  Array.from({ length: 240 }, (_, hour) => [T + hour * HOUR, T + hour * HOUR + 10 * MINUTE]);

describe('what is in view', () => {
  it('is loaded with a margin, and told apart: kept, gap, unknown', async () => {
    const far = new FarEnd(hourly());
    const kept = open(far);
    let changes = 0;
    kept.addEventListener('change', () => (changes += 1));
    const view = { startMs: T + 5 * DAY, endMs: T + 5 * DAY + 4 * HOUR };
    kept.want(view);
    expect(kept.at(view.startMs)).toBe('unknown');
    await pause(50);
    expect(kept.bounds).toEqual({ startMs: T, endMs: T + 239 * HOUR + 10 * MINUTE });
    expect(kept.isKnown({ startMs: view.startMs - HOUR, endMs: view.endMs + HOUR })).toBe(true);
    expect(kept.isKnown({ startMs: T, endMs: T + DAY })).toBe(false);
    expect(kept.entries(view)).toHaveLength(4);
    expect(kept.at(view.startMs + MINUTE)).toBe('kept');
    expect(kept.at(view.startMs + 20 * MINUTE)).toBe('gap');
    expect(kept.at(T + DAY)).toBe('unknown');
    expect(kept.at(T - 1)).toBe('gap');
    expect(kept.at(T + 31 * DAY)).toBe('gap');
    expect(changes).toBeGreaterThanOrEqual(2);
  });

  it('is asked for once, however often it is wanted, and a zoom in asks for nothing', async () => {
    const far = new FarEnd(hourly());
    const kept = open(far);
    for (let frame = 0; frame < 60; frame += 1) {
      kept.want({ startMs: T + DAY, endMs: T + 2 * DAY });
      await pause(1);
    }
    expect(far.asked).toHaveLength(1);
    for (let length = DAY; length > 10_000; length /= 2) {
      kept.want({ startMs: T + DAY, endMs: T + DAY + length });
      await pause(5);
    }
    expect(far.asked).toHaveLength(1);
  });

  it('costs two requests at a time, and drops those that are out of view', async () => {
    const far = new FarEnd(hourly());
    far.delayMs = 40;
    const kept = open(far);
    kept.want({ startMs: T, endMs: T + HOUR });
    await pause(50);
    for (let hour = 0; hour < 200; hour += 10) {
      kept.want({ startMs: T + hour * HOUR, endMs: T + (hour + 1) * HOUR });
      await pause(10);
    }
    await pause(300);
    expect(far.most).toBeLessThanOrEqual(2);
    expect(far.aborted).toBeGreaterThan(5);
    expect(kept.at(T + 190 * HOUR + 1)).toBe('kept');
  });

  it('is whole again where tiles cut a run, and two runs where they touch', async () => {
    const middle = T + 64 * MINUTE;
    const far = new FarEnd([
      [T + 1000, middle],
      [middle, T + DAY],
    ]);
    const kept = open(far);
    for (let at = 0; at < DAY; at += 7 * MINUTE) {
      kept.want({ startMs: T + at, endMs: T + at + 8 * MINUTE });
      await pause(20);
    }
    expect(far.asked.length).toBeGreaterThan(10);
    expect(kept.entries({ startMs: T, endMs: T + DAY }).map(({ time, duration }) => [time, time + duration])).toEqual([
      [T + 1000, middle],
      [middle, T + DAY],
    ]);
  });

  it('is given up in part where it is more than can be held', async () => {
    const far = new FarEnd(
      Array.from({ length: 150_000 }, (_, at) => [T + at * 12_000, T + at * 12_000 + SEGMENT]),
    );
    const kept = open(far);
    kept.want({ startMs: T, endMs: T + 20 * DAY });
    await pause(50);
    kept.want({ startMs: T + 20 * DAY, endMs: T + 20 * DAY + HOUR });
    await pause(50);
    await meanwhile(kept.refresh());
    expect(kept.edges.starts.length).toBeLessThan(100_000);
    expect(kept.at(T + 20 * DAY + 1)).toBe('kept');
    expect(kept.isKnown({ startMs: T, endMs: T + DAY })).toBe(false);
  });
});

describe('the present', () => {
  it('grows while it is in view, and little is asked for each time', async () => {
    const now = Date.now();
    const far = new FarEnd([[now - DAY, now - 3000]]);
    const kept = open(far);
    kept.want({ startMs: now - HOUR, endMs: now + 10 * MINUTE });
    await pause(50);
    for (let tick = 0; tick < 24; tick += 1) {
      far.runs = [[now - DAY, Date.now() - 3000]];
      await pause(5000);
    }
    expect(kept.at(Date.now() - 15_000)).toBe('kept');
    expect(kept.bounds?.endMs).toBeGreaterThan(now + 100_000);
    for (const { startMs } of far.asked.slice(3)) expect(startMs).toBeGreaterThan(now - 2 * MINUTE);
    expect(kept.entries({ startMs: now - HOUR, endMs: now + HOUR })).toHaveLength(1);
  });

  it('is let be while something old is in view', async () => {
    const far = new FarEnd(hourly());
    const kept = open(far);
    kept.want({ startMs: T, endMs: T + HOUR });
    await pause(50);
    const asked = far.asked.length;
    await pause(120_000);
    expect(far.asked).toHaveLength(asked);
  });

  it('is seen where the recorder’s clock is ahead', async () => {
    const now = Date.now();
    const far = new FarEnd([[now - DAY, now + 2 * HOUR]]);
    const kept = open(far);
    kept.want({ startMs: now, endMs: now + 2 * HOUR });
    await pause(50);
    far.runs = [[now - DAY, now + 3 * HOUR]];
    await pause(6000);
    expect(kept.at(now + 2 * HOUR + 30 * MINUTE)).toBe('kept');
  });

  it('begins in an archive that was empty', async () => {
    const far = new FarEnd([]);
    const kept = open(far);
    const now = Date.now();
    kept.want({ startMs: now - DAY, endMs: now });
    await pause(50);
    expect(kept.bounds).toBeNull();
    expect(kept.isLoaded).toBe(true);
    expect(await meanwhile(kept.locate(now - HOUR))).toBeNull();
    far.runs = [[now, now + 4000]];
    await pause(11_000);
    expect(kept.bounds?.startMs).toBe(now);
  });
});

describe('refresh', () => {
  it('takes away what retention removed', async () => {
    const far = new FarEnd(hourly());
    const kept = open(far);
    kept.want({ startMs: T, endMs: T + DAY });
    await pause(50);
    expect(kept.at(T + 1)).toBe('kept');
    far.runs = far.runs.slice(12);
    await meanwhile(kept.refresh());
    expect(kept.at(T + 1)).toBe('gap');
    expect(kept.bounds?.startMs).toBe(T + 12 * HOUR);
    expect(kept.entries({ startMs: T, endMs: T + DAY })).toHaveLength(12);
  });
});

describe('errors', () => {
  it('are told, and tried again with pauses that grow', async () => {
    const far = new FarEnd(hourly());
    const kept = open(far);
    const errors: ArchiveError[] = [];
    kept.addEventListener('error', (event) => errors.push((event as CustomEvent<ArchiveError>).detail));
    far.status = 0;
    kept.want({ startMs: T, endMs: T + DAY });
    await pause(20_000);
    expect(errors.length).toBeGreaterThan(2);
    expect(errors.length).toBeLessThan(7);
    expect(errors[0]?.kind).toBe('network');
    far.status = 200;
    await pause(31_000);
    expect(kept.at(T + 1)).toBe('kept');
  });

  it('end the asking where the link is refused, until a refresh', async () => {
    const far = new FarEnd(hourly());
    const kept = open(far);
    const errors: ArchiveError[] = [];
    kept.addEventListener('error', (event) => errors.push((event as CustomEvent<ArchiveError>).detail));
    far.status = 403;
    kept.want({ startMs: T, endMs: T + DAY });
    await pause(60_000);
    expect(errors.map(({ kind }) => kind)).toEqual(['refused']);
    far.status = 200;
    await meanwhile(kept.refresh());
    await pause(50);
    expect(kept.at(T + 1)).toBe('kept');
  });
});

describe('moments', () => {
  it('are found over gaps and unknown stretches', async () => {
    const far = new FarEnd([
      [T, T + MINUTE],
      [T + 9 * DAY, T + 9 * DAY + MINUTE],
    ]);
    const kept = open(far);
    expect(await meanwhile(kept.locate(T + 1000))).toEqual({ timeMs: T + 1000, skippedGap: false });
    expect(await meanwhile(kept.locate(T + MINUTE))).toEqual({ timeMs: T + 9 * DAY, skippedGap: true });
    expect(await meanwhile(kept.locate(T - DAY))).toEqual({ timeMs: T, skippedGap: true });
    expect(await meanwhile(kept.locate(T + 10 * DAY))).toBeNull();
    expect(far.asked.length).toBeLessThan(10);
    const asked = far.asked.length;
    expect(await meanwhile(kept.locate(T + 5 * DAY))).toEqual({ timeMs: T + 9 * DAY, skippedGap: true });
    expect(far.asked).toHaveLength(asked);
  });

  it('before a gap are a second before it', async () => {
    const kept = open(new FarEnd([[T, T + MINUTE], [T + 5 * DAY, T + 5 * DAY + 300]]));
    expect(await meanwhile(kept.before(T + 4 * DAY))).toEqual({ timeMs: T + 59_000, skippedGap: true });
    expect(await meanwhile(kept.before(T + 5 * DAY))).toEqual({ timeMs: T + 5 * DAY, skippedGap: false });
    expect(await meanwhile(kept.before(T + 6 * DAY))).toEqual({ timeMs: T + 5 * DAY, skippedGap: true });
    expect(await meanwhile(kept.before(T - 1))).toBeNull();
  });

  it('stay unanswered where the caller gives up', async () => {
    const kept = open(new FarEnd(hourly()));
    const abort = new AbortController();
    const answer = kept.locate(T, abort.signal);
    abort.abort();
    await expect(meanwhile(answer)).rejects.toThrow('aborted');
  });
});

describe('runs', () => {
  it('follow each other, also those that touch', async () => {
    const kept = open(
      new FarEnd([
        [T, T + 3 * DAY],
        [T + 3 * DAY, T + 4 * DAY],
        [T + 8 * DAY, T + 9 * DAY],
      ]),
    );
    expect(await meanwhile(kept.nextRun(T + DAY))).toBe(T + 3 * DAY);
    expect(await meanwhile(kept.nextRun(T + 3 * DAY))).toBe(T + 8 * DAY);
    expect(await meanwhile(kept.nextRun(T + 5 * DAY))).toBe(T + 8 * DAY);
    expect(await meanwhile(kept.nextRun(T + 8 * DAY))).toBeNull();
    expect(await meanwhile(kept.previousRun(T + 8 * DAY + 5000))).toBe(T + 8 * DAY);
    expect(await meanwhile(kept.previousRun(T + 8 * DAY + 1000))).toBe(T + 3 * DAY);
    expect(await meanwhile(kept.previousRun(T + 6 * DAY))).toBe(T + 3 * DAY);
    expect(await meanwhile(kept.previousRun(T + 3 * DAY))).toBe(T);
    expect(await meanwhile(kept.previousRun(T + 1))).toBe(T);
    expect(await meanwhile(kept.previousRun(T - 1))).toBeNull();
  });

  it('are gone back to their true start, however little of them is known', async () => {
    const kept = open(new FarEnd([[T, T + 20 * DAY]]));
    kept.want({ startMs: T + 15 * DAY, endMs: T + 15 * DAY + MINUTE });
    await pause(50);
    expect(await meanwhile(kept.previousRun(T + 15 * DAY))).toBe(T);
  });
});

describe('days of a month', () => {
  it('are those of the zone, across a change of the clocks', async () => {
    const at = (day: number, hour: number): number => Date.UTC(2026, 2, day, hour);
    vi.setSystemTime(Date.UTC(2026, 4, 1));
    const kept = open(
      new FarEnd([
        [at(3, 23) + 1000, at(3, 23) + 2000],
        [at(28, 20), at(29, 21)],
      ]),
    );
    const month = { startMs: at(10, 0), endMs: at(11, 0) };
    expect(await meanwhile(kept.days(month, 'utc'))).toEqual(new Set(['2026-03-03', '2026-03-28', '2026-03-29']));
    expect(await meanwhile(kept.days(month, 'local'))).toEqual(new Set(['2026-03-04', '2026-03-28', '2026-03-29']));
    const april = { startMs: at(40, 0), endMs: at(41, 0) };
    expect(await meanwhile(kept.days(april, 'local'))).toEqual(new Set());
  });
});
