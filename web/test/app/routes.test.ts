import { describe, expect, it } from 'vitest';
import { fragmentOf, isSamePlace, OVERVIEW, parseRoute, type CamerasRoute } from '../../src/app/routes';

const ID = '0b6f6a0e-8f5e-4f0f-a1f7-5d2f5a3c9e77';
const OTHER = '5f3c9a52-6d0e-4d0a-9f0a-2f5b7e6f1c11';
const LINK = `https://video.example/archives/${OTHER}?signature=abc&exp=1796032151`;

describe('routes', () => {
  it('are the overview where the address names nothing else', () => {
    for (const fragment of ['', '#', '#/', '#/nowhere', '#/camera', '#/camera/', '#/wall/', '#x?y']) {
      expect(parseRoute(fragment)).toEqual(OVERVIEW);
    }
  });

  it('come back as they went', () => {
    const overview: CamerasRoute = {
      view: 'cameras',
      search: 'gate & yard, 50% #1',
      sort: 'bytes',
      show: 'trouble',
      chosen: [ID, OTHER],
    };
    for (const route of [
      OVERVIEW,
      overview,
      { ...OVERVIEW, chosen: [ID] },
      { view: 'camera', id: ID, atMs: null } as const,
      { view: 'camera', id: ID, atMs: 1_790_000_000_123 } as const,
      { view: 'wall', ids: [ID, OTHER], atMs: 1_790_000_000_123 } as const,
    ]) {
      expect(parseRoute(fragmentOf(route))).toEqual(route);
    }
    expect(fragmentOf(OVERVIEW)).toBe('#/');
    expect(fragmentOf({ view: 'wall', ids: [ID, OTHER], atMs: 1.4 })).toBe(`#/wall/${ID},${OTHER}?at=1`);
  });

  it('take nothing that they do not know', () => {
    expect(parseRoute('#/?sort=colour&show=some')).toEqual(OVERVIEW);
    for (const at of ['', '-1', '1e3', 'now', '1'.repeat(16)]) {
      expect(parseRoute(`#/camera/${ID}?at=${at}`)).toEqual({ view: 'camera', id: ID, atMs: null });
    }
  });

  it('are the links that stand in the address, with the moment to open them at', () => {
    const query = new URLSearchParams({ title: 'Gate', link: LINK, start: '1790000000000' });
    const route = parseRoute(`#${query}`);
    expect(route).toMatchObject({ view: 'links', atMs: 1_790_000_000_000, problem: null });
    expect(route.view === 'links' && route.cameras.map(({ title }) => title)).toEqual(['Gate']);
    expect(parseRoute(`#link=${encodeURIComponent(LINK)}`)).toMatchObject({ view: 'links', atMs: null });
  });

  it('say what is wrong with a link', () => {
    const route = parseRoute('#link=nonsense');
    expect(route).toMatchObject({ view: 'links', cameras: [] });
    expect(route.view === 'links' && route.problem).toContain('not a web address');
  });

  it('are the same place at another moment, or with another choice', () => {
    const camera = { view: 'camera', id: ID, atMs: null } as const;
    const wall = { view: 'wall', ids: [ID], atMs: null } as const;
    expect(isSamePlace(camera, { ...camera, atMs: 1 })).toBe(true);
    expect(isSamePlace(camera, { ...camera, id: OTHER })).toBe(false);
    expect(isSamePlace(wall, { ...wall, atMs: 1 })).toBe(true);
    expect(isSamePlace(wall, { ...wall, ids: [OTHER] })).toBe(false);
    expect(isSamePlace(OVERVIEW, { ...OVERVIEW, search: 'x' })).toBe(true);
    expect(isSamePlace(OVERVIEW, camera)).toBe(false);
    const links = parseRoute(`#link=${encodeURIComponent(LINK)}`);
    expect(isSamePlace(links, links)).toBe(false);
  });
});
