/** Links that open a clip, and nothing else of its camera, on this page. */
import type { Span } from '../player/times';
import { reaches, type Camera, type Scope, type Server } from './server';

/** A week: long enough for whoever gets it to look, and then it is no use to anybody. Who only reads may
 * not hand out links that outlast the usual ones. */
const TTL_S = 7 * 86_400;

export async function makeClipLink(server: Server, scope: Scope, { id, title }: Camera, clip: Span): Promise<string> {
  const from = Math.floor(clip.startMs);
  const to = Math.ceil(clip.endMs);
  const { archiveApiUrl, signature, exp } = await server.makeToken(id, { ...(reaches(scope, 'write') && { ttl: TTL_S }), from, to });
  const link = `${archiveApiUrl}?signature=${signature}&exp=${exp}&from=${from}&to=${to}`;
  return `${new URL('./', document.baseURI).href}#${new URLSearchParams({ title, link, start: String(from) })}`;
}
