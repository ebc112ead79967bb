/** Links that open a clip, and nothing else of its camera, on this page. */
import type { Span } from '../player/times';
import type { Camera, Server } from './server';

/** A week: long enough for whoever gets it to look, and then it is no use to anybody. */
const TTL_S = 7 * 86_400;

export async function makeClipLink(server: Server, { id, title }: Camera, clip: Span): Promise<string> {
  const from = Math.floor(clip.startMs);
  const to = Math.ceil(clip.endMs);
  const { archiveApiUrl, signature, exp } = await server.makeToken(id, { ttl: TTL_S, from, to });
  const link = `${archiveApiUrl}?signature=${signature}&exp=${exp}&from=${from}&to=${to}`;
  return `${new URL('./', document.baseURI).href}#${new URLSearchParams({ title, link, start: String(from) })}`;
}
