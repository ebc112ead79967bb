/**
 * Which view the page shows is all in the fragment of its address, so that reload, back and bookmarks
 * work, and so that what it names reaches no server's log. Pure: text in, route out, and back.
 */
import { ArchiveError, parseFragment, type LinkedCamera } from '../player/archive';

export const SORTS = ['title', 'state', 'newest', 'bytes'] as const;
export const SHOWS = ['all', 'recording', 'trouble', 'off'] as const;
export type Sort = (typeof SORTS)[number];
/** Which cameras are shown, by how their recording goes. */
export type Show = (typeof SHOWS)[number];

export interface CamerasRoute {
  readonly view: 'cameras';
  readonly search: string;
  readonly sort: Sort;
  readonly show: Show;
  /** The ids of those that are chosen for a wall. */
  readonly chosen: readonly string[];
}

export interface CameraRoute {
  readonly view: 'camera';
  readonly id: string;
  /** The moment shown, ms; null for the newest. */
  readonly atMs: number | null;
}

export interface WallRoute {
  readonly view: 'wall';
  readonly ids: readonly string[];
  readonly atMs: number | null;
}

/** Signed links, which need nobody to be signed in. */
export interface LinksRoute {
  readonly view: 'links';
  readonly cameras: readonly LinkedCamera[];
  readonly atMs: number | null;
  /** Why they can't be opened. */
  readonly problem: string | null;
}

export type Route = CamerasRoute | CameraRoute | WallRoute | LinksRoute;

export const OVERVIEW: CamerasRoute = { view: 'cameras', search: '', sort: 'title', show: 'all', chosen: [] };

/** The route that a fragment names; the overview where it names none. */
export function parseRoute(fragment: string): Route {
  const text = fragment.replace(/^#/, '');
  if (/(^|&)link=/.test(text)) return linksRoute(text);
  const [path = '', query = ''] = text.split('?', 2);
  const [, view, ids = ''] = path.split('/');
  const given = new URLSearchParams(query);
  const atMs = moment(given.get('at'));
  if (view === 'camera' && ids !== '') return { view, id: ids, atMs };
  if (view === 'wall' && ids !== '') return { view, ids: ids.split(','), atMs };
  return {
    view: 'cameras',
    search: given.get('search') ?? '',
    sort: oneOf(SORTS, given.get('sort')),
    show: oneOf(SHOWS, given.get('show')),
    chosen: (given.get('chosen') ?? '').split(',').filter((id) => id !== ''),
  };
}

/** The fragment that `parseRoute` reads as this route; what is as usual is left out. */
export function fragmentOf(route: CamerasRoute | CameraRoute | WallRoute): string {
  if (route.view === 'cameras') {
    const { search, sort, show, chosen } = route;
    const query = new URLSearchParams({
      ...(search !== '' && { search }),
      ...(sort !== 'title' && { sort }),
      ...(show !== 'all' && { show }),
    });
    // Commas stand as they are: this is an address that people read.
    const all = [query.toString(), chosen.length > 0 && `chosen=${chosen.join(',')}`].filter(Boolean).join('&');
    return all === '' ? '#/' : `#/?${all}`;
  }
  const at = route.atMs === null ? '' : `?at=${Math.round(route.atMs)}`;
  return `#/${route.view}/${route.view === 'camera' ? route.id : route.ids.join(',')}${at}`;
}

/** Whether two routes are the same place, if not the same moment or choice of it. */
export function isSamePlace(one: Route, other: Route): boolean {
  if (one.view === 'camera' && other.view === 'camera') return one.id === other.id;
  if (one.view === 'wall' && other.view === 'wall') return one.ids.join() === other.ids.join();
  return one.view === other.view && one.view !== 'links';
}

function linksRoute(text: string): LinksRoute {
  try {
    const cameras = parseFragment(text);
    const start = moment(new URLSearchParams(text).get('start'));
    return { view: 'links', cameras, atMs: start, problem: null };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return { view: 'links', cameras: [], atMs: null, problem: error.message };
  }
}

function moment(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function oneOf<T extends string>(known: readonly [T, ...T[]], text: string | null): T {
  return known.find((one) => one === text) ?? known[0];
}
