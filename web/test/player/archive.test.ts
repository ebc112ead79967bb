import { describe, expect, it } from 'vitest';
import {
  Archive,
  ArchiveError,
  errorForStatus,
  fragmentFor,
  parseFragment,
  parseSignedLink,
} from '../../src/player/archive';

const ID = '5f0c3a52-8d1e-4b7a-9c34-0123456789ab';
const OTHER_ID = '11111111-2222-4333-8444-555555555555';
const SECRET = 'v1.aB-_+/=';
const signed = (id: string): string =>
  `http://127.0.0.1:8080/archives/${id}?signature=${encodeURIComponent(SECRET)}&exp=1999999999`;

describe('parseSignedLink', () => {
  it('keeps path prefix, port and every part of the token', () => {
    const link = parseSignedLink(
      `  https://example.org:8443/cams/archives/${ID.toUpperCase()}/?signature=s&exp=1&from=5&to=9 `,
    );
    expect(link.archiveUrl).toBe(`https://example.org:8443/cams/archives/${ID.toUpperCase()}`);
    expect(link.archiveId).toBe(ID);
    expect([...new URLSearchParams(link.token)]).toEqual([
      ['signature', 's'],
      ['exp', '1'],
      ['from', '5'],
      ['to', '9'],
    ]);
  });

  it.each([
    ['', /web address/],
    ['yard', /web address/],
    [`javascript:alert(1)//archives/${ID}?signature=s&exp=1`, /web address/],
    ['http://h/archives/not-an-id?signature=s&exp=1', /not the link of an archive/],
    [`http://h/archives/${ID}/timeline?signature=s&exp=1`, /not the link of an archive/],
    [`http://h/archives/${ID}`, /not signed/],
    [`http://h/archives/${ID}?signature=&exp=1`, /not signed/],
    [`http://h/archives/${ID}?signature=hush`, /not signed/],
  ])('refuses %j in words, without repeating it', (text, words) => {
    expect(() => parseSignedLink(text)).toThrow(ArchiveError);
    expect(() => parseSignedLink(text)).toThrow(words);
    try {
      parseSignedLink(text);
    } catch (error) {
      expect((error as ArchiveError).message).not.toContain('hush');
    }
  });
});

describe('parseFragment', () => {
  const pair = (title: string, id: string): string =>
    new URLSearchParams({ title, link: signed(id) }).toString();
  const titles = (fragment: string): string[] => parseFragment(fragment).map(({ title }) => title);

  it('reads pairs in order', () => {
    const cameras = parseFragment(`#${pair('Yard & gate', ID)}&${pair('Hall', OTHER_ID)}`);
    expect(cameras.map(({ title }) => title)).toEqual(['Yard & gate', 'Hall']);
    expect(cameras.map(({ link }) => link.archiveId)).toEqual([ID, OTHER_ID]);
    expect(new URLSearchParams(cameras[0]!.link.token).get('signature')).toBe(SECRET);
  });

  it('pairs titles that come after, or all together', () => {
    const a = new URLSearchParams({ link: signed(ID) }).toString();
    const b = new URLSearchParams({ link: signed(OTHER_ID) }).toString();
    expect(titles(`#${a}&title=A&${b}&title=B`)).toEqual(['A', 'B']);
    expect(titles(`#${a}&${b}&title=A&title=B`)).toEqual(['A', 'B']);
    expect(titles(`#${a}&${b}&title=B`)).toEqual(['Camera 5f0c3a52', 'B']);
    expect(titles(`#title=A&${a}&${b}`)).toEqual(['A', 'Camera 11111111']);
    expect(titles(`#${a}&title=+&${b}`)).toEqual(['Camera 5f0c3a52', 'Camera 11111111']);
  });

  it('reads nothing from nothing, and refuses what is no link', () => {
    expect(parseFragment('')).toEqual([]);
    expect(parseFragment('#')).toEqual([]);
    expect(parseFragment('#title=Lonely')).toEqual([]);
    expect(() => parseFragment('#link=yard')).toThrow(ArchiveError);
  });

  it('reads back what fragmentFor writes', () => {
    expect(parseFragment(fragmentFor(signed(ID)))[0]!.link).toEqual(parseSignedLink(signed(ID)));
  });
});

describe('Archive', () => {
  const span = { startMs: 1000.4, endMs: 2000.2 };

  /** An archive whose server gives one answer, and the URLs that it was asked for. */
  function answering(answer: Response | Error): { archive: Archive; asked: URL[] } {
    const asked: URL[] = [];
    const archive = new Archive(parseSignedLink(signed(ID)), (input) => {
      asked.push(new URL(input as string));
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer.clone());
    });
    return { archive, asked };
  }
  const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });
  const failure = (promise: Promise<unknown>): Promise<ArchiveError> =>
    promise.then(
      () => expect.fail('it should have failed'),
      (error: unknown) => error as ArchiveError,
    );

  it('builds URLs that carry the token and a span rounded outwards', () => {
    const { archive } = answering(json({}));
    const playlist = new URL(archive.playlistUrl(span, true));
    expect(playlist.pathname).toBe(`/archives/${ID}/index.m3u8`);
    expect(Object.fromEntries(playlist.searchParams)).toEqual({
      signature: SECRET,
      exp: '1999999999',
      start: '1000',
      duration: '1001',
      discontinuity: 'true',
    });
    const preview = new URL(archive.previewUrl(1234.6, 320));
    expect(preview.pathname).toBe(`/archives/${ID}/preview`);
    expect(preview.searchParams.get('time')).toBe('1235');
    expect(preview.searchParams.get('width')).toBe('320');
    expect(preview.searchParams.get('signature')).toBe(SECRET);
  });

  it('asks the signed URL itself for the archive', async () => {
    const info = { id: ID, first: null, last: null, bytes: 0, runs: 0, links: {} };
    const { archive, asked } = answering(json(info));
    expect(await archive.info()).toEqual(info);
    expect(asked[0]!.pathname).toBe(`/archives/${ID}`);
    expect(asked[0]!.searchParams.get('signature')).toBe(SECRET);
  });

  it('reads timeline and size of the same span', async () => {
    const entries = [{ time: 1000, duration: 900, offset: 0 }];
    const { archive, asked } = answering(json(entries));
    expect(await archive.timeline(span)).toEqual(entries);
    expect(asked[0]!.searchParams.get('start')).toBe('1000');
    expect(asked[0]!.searchParams.get('duration')).toBe('1001');
    expect(await answering(json({ size: 42 })).archive.sizeBytes(span)).toBe(42);
  });

  it('says what failed without showing the signature', async () => {
    for (const status of [400, 401, 403, 404, 429, 500, 503]) {
      const problem = json({ status, title: 'No', detail: 'start must be a number' }, status);
      const error = await failure(answering(problem).archive.timeline(span));
      expect(error).toEqual(errorForStatus(status, 'start must be a number'));
      expect(error.message).not.toContain('v1.');
    }
    const html = await failure(answering(new Response('<h1>Bad gateway', { status: 502 })).archive.info());
    expect(html.message).toContain('502');
    const offline = await failure(answering(new TypeError('Failed to fetch')).archive.info());
    expect(offline.kind).toBe('network');
  });

  it('refuses answers of another shape', async () => {
    for (const body of [{}, [{ time: 1 }], 'no', null]) {
      expect((await failure(answering(json(body)).archive.timeline(span))).kind).toBe('server');
      expect((await failure(answering(json(body)).archive.info())).kind).toBe('server');
      expect((await failure(answering(json(body)).archive.sizeBytes(span))).kind).toBe('server');
    }
    expect((await failure(answering(new Response('hello')).archive.info())).kind).toBe('server');
  });

  it('lets an abort through as an abort', async () => {
    const abort = new DOMException('aborted', 'AbortError');
    expect(await failure(answering(abort).archive.info())).toBe(abort);
  });
});

describe('errorForStatus', () => {
  it.each([
    [401, 'refused', /ask for a new one/],
    [403, 'refused', /ask for a new one/],
    [404, 'empty', /Nothing is kept/],
    [503, 'busy', /Try again/],
    [500, 'server', /500/],
  ] as const)('%d is %s', (status, kind, words) => {
    const error = errorForStatus(status);
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(words);
  });
});
