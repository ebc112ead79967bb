/** hls.js's errors as the player's own: which pass by themselves, and words for those that do not. */
import { ErrorDetails, ErrorTypes, type ErrorData } from 'hls.js';
import { ArchiveError, errorForStatus, networkError } from './archive';
import { UNPLAYABLE } from './piece-loader';

const GONE = new Set([404, 410]);
const REFUSED = new Set([401, 403]);

/** The place in the film, in seconds, of a segment that is there no more; null for any other error. */
export function missingPiece(data: ErrorData): number | null {
  const isGone = data.details === ErrorDetails.FRAG_LOAD_ERROR && GONE.has(data.response?.code ?? 0);
  return isGone && data.frag ? data.frag.start : null;
}

/** What to tell; null for what hls.js mends itself. */
export function errorOf(data: ErrorData): ArchiveError | null {
  const status = data.response?.code ?? 0;
  // hls.js would ask again for a segment that was refused, for a minute: the answer will not change.
  if (REFUSED.has(status)) return errorForStatus(status);
  const codec = codecIn(data);
  if (codec !== null) return codecError(codec);
  if (!data.fatal) return null;
  if (data.type === ErrorTypes.NETWORK_ERROR) return status >= 400 ? errorForStatus(status) : networkError();
  return new ArchiveError('picture', 'The video can’t be played at this point. Try another moment.');
}

/** True for what asking again may heal: the network, or a server that is busy. */
export function isPassing(error: ArchiveError): boolean {
  return error.kind === 'network' || error.kind === 'busy';
}

function codecIn(data: ErrorData): string | null {
  if (data.response?.code === UNPLAYABLE) return data.response.text ?? '';
  const isCodec =
    data.details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR ||
    data.details === ErrorDetails.BUFFER_ADD_CODEC_ERROR ||
    data.details === ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR;
  return isCodec ? (data.mimeType ?? '') : null;
}

/** Names the codec as people do who bought a camera. */
export function codecError(mimeType: string): ArchiveError {
  const isH265 = /hvc1|hev1/.test(mimeType);
  const named = isH265 ? 'H.265 (HEVC)' : (/codecs="?([^";]+)/.exec(mimeType)?.[1] ?? 'of this camera');
  return new ArchiveError('codec', `This browser can’t play video in the format ${named}.`);
}
