import { describe, expect, it } from 'vitest';
import { Archive, parseSignedLink } from '../../src/player/archive';
import { Kept } from '../../src/player/kept';
import { KeptTogether } from '../../src/player/kept-together';

const T = Date.UTC(2026, 2, 1, 12);
const MINUTE = 60_000;
const LINK = 'http://server.test/archives/7c9e6679-7425-40de-944b-e07fc1f90ae7?signature=abc&exp=2000000000';

/** What is kept of an archive with these runs, in minutes after T; null for one that refuses. */
function kept(runs: [number, number][] | null): Kept {
  const times = (runs ?? []).map(([start, end]) => ({ start: T + start * MINUTE, end: T + end * MINUTE }));
  const answer = async (input: RequestInfo | URL): Promise<Response> => {
    const url = new URL(String(input));
    if (runs === null) return new Response('{}', { status: 403 });
    if (!url.pathname.endsWith('/timeline')) {
      const [first, last] = [times[0]?.start ?? null, times.at(-1)?.end ?? null];
      return Response.json({ id: 'x', first, last, bytes: 0, runs: runs.length });
    }
    const start = Number(url.searchParams.get('start'));
    const end = start + Number(url.searchParams.get('duration'));
    const met = times.filter((run) => run.end > start && run.start < end);
    return Response.json(met.map((run) => ({ time: run.start, duration: run.end - run.start, offset: 0 })));
  };
  return new Kept(new Archive(parseSignedLink(LINK), answer), () => T + 600 * MINUTE);
}

function together(...archives: ([number, number][] | null)[]): KeptTogether {
  return new KeptTogether(archives.map((runs, at) => ({ label: `Camera ${at}`, kept: kept(runs), pictures: null })));
}

describe('several archives together', () => {
  it('hold what one of them holds', async () => {
    const all = together([[0, 10]], [[5, 20], [30, 40]]);
    await all.newestCommon();
    await all.nextRun(T);
    expect(all.bounds).toEqual({ startMs: T, endMs: T + 40 * MINUTE });
    expect(all.at(T + 2 * MINUTE)).toBe('kept');
    expect(all.at(T + 15 * MINUTE)).toBe('kept');
    expect(all.at(T + 25 * MINUTE)).toBe('gap');
  });

  it('step from run to run of any', async () => {
    const all = together([[0, 10], [50, 60]], [[5, 20], [30, 40]]);
    expect(await all.nextRun(T + 6 * MINUTE)).toBe(T + 30 * MINUTE);
    expect(await all.previousRun(T + 55 * MINUTE)).toBe(T + 50 * MINUTE);
    expect(await all.before(T + 25 * MINUTE)).toEqual({ timeMs: T + 20 * MINUTE - 1000, skippedGap: true });
  });

  it('find the newest moment that all hold', async () => {
    expect(await together([[0, 10], [50, 60]], [[5, 20], [30, 40]]).newestCommon()).toBe(T + 10 * MINUTE - 1000);
    expect(await together([[0, 60]], [[5, 20], [30, 40]], []).newestCommon()).toBe(T + 40 * MINUTE - 1);
  });

  it('fall back on the newest of any where they share none', async () => {
    expect(await together([[0, 10]], [[20, 30]]).newestCommon()).toBe(T + 30 * MINUTE - 1);
    expect(await together([], []).newestCommon()).toBeNull();
  });

  it('do without one that refuses, and fail where all do', async () => {
    const all = together([[0, 10]], null);
    expect(await all.newestCommon()).toBe(T + 10 * MINUTE - 1);
    await expect(together(null, null).newestCommon()).rejects.toMatchObject({ kind: 'refused' });
  });

  it('know a gap by its edges', async () => {
    const one = kept([[0, 10], [20, 30]]);
    await one.locate(T);
    await one.locate(T + 15 * MINUTE);
    expect(one.gapAt(T + 5 * MINUTE)).toBeNull();
    expect(one.gapAt(T + 15 * MINUTE)).toEqual({ startMs: T + 10 * MINUTE, endMs: T + 20 * MINUTE });
    expect(one.gapAt(T - MINUTE)).toEqual({ startMs: -Infinity, endMs: T });
    expect(one.gapAt(T + 31 * MINUTE)).toEqual({ startMs: T + 30 * MINUTE, endMs: Infinity });
  });
});
