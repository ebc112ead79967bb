/**
 * A client of the Archive API: reads signed links, builds the URLs of the methods, fetches, and turns
 * every failure into an `ArchiveError` whose message can be shown as it is. A signature is part of the
 * URLs made here and of nothing else: no message carries one.
 */
import type { Entry, Span } from './times';

export type ArchiveErrorKind =
  | 'link'
  | 'refused'
  | 'empty'
  | 'busy'
  | 'network'
  | 'server'
  /** This browser has no decoder for the footage. */
  | 'codec'
  /** The footage of this moment does not decode. */
  | 'picture'
  /** A clip that was being saved did not come to its end. */
  | 'broken'
  /** What was saved could not be written. */
  | 'disk';

/** What went wrong, in words for the person in front of the page. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';

  constructor(
    readonly kind: ArchiveErrorKind,
    message: string,
  ) {
    super(message);
  }
}

/** A signed archive URL taken apart: where the archive is, and the token that opens it. */
export interface SignedLink {
  /** `…/archives/{archiveId}`, without query or trailing slash. */
  readonly archiveUrl: string;
  readonly archiveId: string;
  /** signature, exp and whatever else the link carried (from, to); repeated on every request. */
  readonly token: string;
}

export interface LinkedCamera {
  readonly title: string;
  readonly link: SignedLink;
}

export interface ArchiveInfo {
  readonly id: string;
  /** First and last moment kept, ms since the epoch; null while nothing is kept. */
  readonly first: number | null;
  readonly last: number | null;
  readonly bytes: number;
  readonly runs: number;
}

export interface FetchedPicture {
  readonly jpeg: Blob;
  /** The moment that the picture shows. */
  readonly frameMs: number;
}

const ARCHIVE_PATH = /\/archives\/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\/?$/i;

/** Throws an ArchiveError of kind `link` for anything but a signed archive URL. */
export function parseSignedLink(text: string): SignedLink {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ArchiveError('link', 'This is not a web address. A link starts with http:// or https://.');
  }
  const archiveId = ARCHIVE_PATH.exec(url.pathname)?.[1];
  if (archiveId === undefined) {
    throw new ArchiveError('link', 'This is not the link of an archive. It contains /archives/ and an id.');
  }
  if (!url.searchParams.get('signature') || !url.searchParams.get('exp')) {
    throw new ArchiveError('link', 'This link is not signed. It ends in ?signature=…&exp=….');
  }
  return {
    archiveUrl: url.origin + url.pathname.replace(/\/$/, ''),
    archiveId: archiveId.toLowerCase(),
    token: url.searchParams.toString(),
  };
}

/**
 * The cameras named in a page's fragment, as `link=…` pairs with an optional `title=…` each. With as
 * many titles as links they pair up by order; with fewer, a title belongs to the link beside it: the
 * next one if the fragment opens with a title, else the one before.
 */
export function parseFragment(fragment: string): LinkedCamera[] {
  const pairs = [...new URLSearchParams(fragment.replace(/^#/, ''))].filter(
    ([key]) => key === 'link' || key === 'title',
  );
  const links = pairs.filter(([key]) => key === 'link').map(([, value]) => parseSignedLink(value));
  return pairTitles(pairs, links.length).map((title, index) => {
    const link = links[index]!;
    return { title: title?.trim() || `Camera ${link.archiveId.slice(0, 8)}`, link };
  });
}

function pairTitles(pairs: [string, string][], count: number): (string | undefined)[] {
  const titles = pairs.filter(([key]) => key === 'title').map(([, value]) => value);
  if (titles.length === count) return titles;
  const titlesLead = pairs[0]?.[0] === 'title';
  const paired = new Array<string | undefined>(count).fill(undefined);
  let linksSeen = 0;
  for (const [key, value] of pairs) {
    if (key === 'link') linksSeen += 1;
    else {
      const index = titlesLead ? linksSeen : linksSeen - 1;
      if (index < count) paired[index] = value;
    }
  }
  return paired;
}

/** The fragment that opens one link; what `parseFragment` reads back. */
export function fragmentFor(text: string): string {
  return `#${new URLSearchParams({ link: text.trim() })}`;
}

/** Words for an HTTP status of the Archive API; `detail` is the problem document's own, if any. */
export function errorForStatus(status: number, detail?: string): ArchiveError {
  if (status === 401 || status === 403) {
    return new ArchiveError('refused', 'This link is not valid any more, or never was: ask for a new one.');
  }
  if (status === 404 || status === 410) return new ArchiveError('empty', 'Nothing is kept for this time.');
  if (status === 429 || status === 503) {
    return new ArchiveError('busy', 'The archive can’t be reached just now. Try again in a moment.');
  }
  const reason = detail === undefined ? '' : ` ${detail}`;
  return new ArchiveError('server', `The server could not answer (${status}).${reason}`);
}

export function networkError(): ArchiveError {
  return new ArchiveError('network', 'The server can’t be reached. Check the network, then try again.');
}

/** What opens an archive: a signature, its expiry in Unix seconds, and the limits it carries, if any. */
export interface Token {
  readonly signature: string;
  readonly exp: number;
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** One archive, opened by a signed link. Spans are cut to whole milliseconds, outwards. */
export class Archive {
  readonly #fetch: typeof fetch;
  #link: SignedLink;

  constructor(link: SignedLink, fetcher: typeof fetch = (input, init) => fetch(input, init)) {
    this.#link = link;
    this.#fetch = fetcher;
  }

  get link(): SignedLink {
    return this.#link;
  }

  get signature(): string {
    return new URLSearchParams(this.#link.token).get('signature')!;
  }

  /** Another token for the same archive: every URL made or signed from now on carries it. */
  renew(token: Token): void {
    const query = new URLSearchParams({ signature: token.signature, exp: String(token.exp) });
    if (token.fromMs !== undefined) query.set('from', String(token.fromMs));
    if (token.toMs !== undefined) query.set('to', String(token.toMs));
    this.#link = { ...this.#link, token: query.toString() };
  }

  /** A URL of this archive with the token that is good now, whatever token it was made with. */
  signed(url: string): string {
    const renewed = new URL(url);
    for (const [key, value] of new URLSearchParams(this.#link.token)) renewed.searchParams.set(key, value);
    return renewed.href;
  }

  liveUrl(): string {
    return this.#url('/live.m3u8', {});
  }

  playlistUrl(span: Span, discontinuity: boolean): string {
    return this.#url('/index.m3u8', { ...range(span), discontinuity: String(discontinuity) });
  }

  /** The text of a span's playlist, runs parted by the discontinuity tag; null where nothing is kept. */
  async playlist(span: Span, signal?: AbortSignal): Promise<string | null> {
    const response = await this.#get(this.playlistUrl(span, true), signal);
    if (response.status === 404) return null;
    if (!response.ok) throw errorForStatus(response.status);
    return response.text();
  }

  /** A span as one MP4, as it is sent. One that was read to its end is whole. */
  async clip(span: Span, signal?: AbortSignal): Promise<ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>> {
    const response = await this.#get(this.#url('/export.mp4', range(span)), signal);
    if (response.ok && response.body !== null) return response.body.getReader();
    const body: unknown = await response.json().catch(() => null);
    // Footage that does not fit into one file: the answer names the moment where another has to begin.
    const detail = detailOf(body);
    if (response.status === 409 && detail !== undefined) throw new ArchiveError('server', detail);
    throw errorForStatus(response.status, detail);
  }

  previewUrl(timeMs: number, width: number): string {
    return this.#url('/preview', { time: String(Math.round(timeMs)), width: String(width) });
  }

  async info(signal?: AbortSignal): Promise<ArchiveInfo> {
    const body = await this.#json(this.#url('', {}), signal);
    if (!isInfo(body)) throw unexpected();
    return body;
  }

  async timeline(span: Span, signal?: AbortSignal): Promise<Entry[]> {
    const body = await this.#json(this.#url('/timeline', range(span)), signal);
    if (!Array.isArray(body) || !body.every(isEntry)) throw unexpected();
    return body;
  }

  async sizeBytes(span: Span, signal?: AbortSignal): Promise<number> {
    const body = await this.#json(this.#url('/size', range(span)), signal);
    if (!isRecord(body) || typeof body['size'] !== 'number') throw unexpected();
    return body['size'];
  }

  /** The picture of a moment's keyframe as JPEG, and that frame's own time where the server tells it. */
  async picture(timeMs: number, width: number, signal?: AbortSignal): Promise<FetchedPicture> {
    const response = await this.#get(this.previewUrl(timeMs, width), signal);
    if (!response.ok) throw errorForStatus(response.status);
    const frameMs = Number(response.headers.get('Footage-Frame-Time') ?? NaN);
    try {
      return { jpeg: await response.blob(), frameMs: Number.isFinite(frameMs) ? frameMs : timeMs };
    } catch (error) {
      throw isAbort(error) ? error : networkError();
    }
  }

  #url(method: string, parameters: Record<string, string>): string {
    const query = new URLSearchParams(this.link.token);
    for (const [key, value] of Object.entries(parameters)) query.set(key, value);
    return `${this.link.archiveUrl}${method}?${query}`;
  }

  /** Lets an abort through as it is, so that callers can tell it from a failure. */
  async #get(url: string, signal?: AbortSignal): Promise<Response> {
    try {
      return await this.#fetch(url, {
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        ...(signal && { signal }),
      });
    } catch (error) {
      throw isAbort(error) ? error : networkError();
    }
  }

  async #json(url: string, signal?: AbortSignal): Promise<unknown> {
    const response = await this.#get(url, signal);
    try {
      const body: unknown = await response.json();
      if (response.ok) return body;
      throw errorForStatus(response.status, detailOf(body));
    } catch (error) {
      if (error instanceof ArchiveError || isAbort(error)) throw error;
      throw response.ok ? unexpected() : errorForStatus(response.status);
    }
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

function range(span: Span): { start: string; duration: string } {
  const start = Math.floor(span.startMs);
  return { start: String(start), duration: String(Math.ceil(span.endMs) - start) };
}

function unexpected(): ArchiveError {
  return new ArchiveError('server', 'The server’s answer makes no sense. Is this the address of an archive?');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isMoment(value: unknown): value is number | null {
  return value === null || typeof value === 'number';
}

function isInfo(value: unknown): value is ArchiveInfo {
  return (
    isRecord(value) &&
    typeof value['id'] === 'string' &&
    isMoment(value['first']) &&
    isMoment(value['last']) &&
    typeof value['bytes'] === 'number' &&
    typeof value['runs'] === 'number'
  );
}

function isEntry(value: unknown): value is Entry {
  return (
    isRecord(value) &&
    typeof value['time'] === 'number' &&
    typeof value['duration'] === 'number' &&
    typeof value['offset'] === 'number'
  );
}

function detailOf(body: unknown): string | undefined {
  return isRecord(body) && typeof body['detail'] === 'string' ? body['detail'] : undefined;
}
