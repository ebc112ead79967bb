import { beforeEach, describe, expect, it } from 'vitest';
import { Archive, ArchiveError, parseSignedLink } from '../../src/player/archive';
import { saveClip } from '../../src/player/clip-saving';
import { fileName, type Sink } from '../../src/player/saving';

const LINK = parseSignedLink(
  'http://server.test/archives/7c9e6679-7425-40de-944b-e07fc1f90ae7?signature=abc&exp=2000000000',
);
const SPAN = { startMs: 1000.4, endMs: 5000 };
let sent: number[][] = [];
let end: 'whole' | 'broken' | 'open' = 'whole';
let status = 200;
let asked = '';
let written: number[] = [];
let outcome = '';
let isFull = false;

/** A server that sends pieces, and then ends, breaks off or goes on for ever. */
const farEnd = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
  asked = String(input);
  if (status !== 200) return Promise.resolve(Response.json({ detail: 'of two sizes' }, { status }));
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      init?.signal?.addEventListener('abort', () => controller.error(init.signal!.reason));
      for (const piece of sent) controller.enqueue(Uint8Array.from(piece));
      if (end === 'whole') controller.close();
    },
    pull(controller) {
      if (end === 'broken') controller.error(new TypeError('network error'));
    },
  });
  return Promise.resolve(new Response(body));
};

const sink: Sink = {
  write: async (piece) => {
    if (isFull) throw new DOMException('no room', 'QuotaExceededError');
    written.push(...piece);
  },
  close: async () => void (outcome = 'closed'),
  discard: async () => void (outcome = 'discarded'),
};

const save = (onBytes: (bytes: number) => void = () => undefined, abort = new AbortController()): Promise<number> =>
  saveClip(new Archive(LINK, farEnd), SPAN, sink, onBytes, abort.signal);

beforeEach(() => {
  [sent, end, status, written, outcome, isFull] = [[[1, 2], [3]], 'whole', 200, [], '', false];
});

describe('saveClip', () => {
  it('writes every piece, tells how many bytes there are, and closes', async () => {
    const heard: number[] = [];
    expect(await save((bytes) => heard.push(bytes))).toBe(3);
    expect(asked).toContain('/export.mp4?');
    expect(asked).toContain('start=1000&duration=4000');
    expect([written, heard, outcome]).toEqual([[1, 2, 3], [2, 3], 'closed']);
  });

  it.each([
    ['breaks off', () => (end = 'broken'), 'broken'],
    ['is refused', () => (status = 403), 'refused'],
    ['finds the server busy', () => (status = 503), 'busy'],
    ['finds the disk full', () => (isFull = true), 'disk'],
  ])('throws away what %s', async (_what, arrange, kind) => {
    arrange();
    await expect(save()).rejects.toMatchObject({ name: 'ArchiveError', kind });
    expect(outcome).toBe('discarded');
  });

  it('says in the server’s words what does not fit into one file', async () => {
    status = 409;
    await expect(save()).rejects.toEqual(new ArchiveError('server', 'of two sizes'));
  });

  it('throws away what is cancelled, which is no error of the archive', async () => {
    end = 'open';
    const abort = new AbortController();
    await expect(save(() => abort.abort(), abort)).rejects.toMatchObject({ name: 'AbortError' });
    expect(outcome).toBe('discarded');
  });
});

describe('fileName', () => {
  it('is one that every disk takes', () => {
    expect(fileName('Gate: north/east', 1_790_000_000_123, 'mp4')).toBe('Gate- north-east 2026-09-21T14-13-20.123Z.mp4');
    expect(fileName(' ', 0, 'jpg')).toBe('Footage 1970-01-01T00-00-00.000Z.jpg');
  });
});
