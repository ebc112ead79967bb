/**
 * Carries a clip from the archive to a sink, and sees to it that a clip is saved whole or not at all.
 * Every failure is an `ArchiveError` in words; an abort comes through as it is.
 */
import { ArchiveError, isAbort, type Archive } from './archive';
import type { Sink } from './saving';
import type { Span } from './times';

/** Saves a span as MP4, and says how many bytes it has; `onBytes` hears how many have come so far. */
export async function saveClip(
  archive: Archive,
  span: Span,
  sink: Sink,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<number> {
  try {
    const body = await archive.clip(span, signal);
    let received = 0;
    for (let piece = await next(body, signal); piece !== null; piece = await next(body, signal)) {
      await written(sink.write(piece));
      received += piece.length;
      onBytes(received);
    }
    signal.throwIfAborted();
    await written(sink.close());
    return received;
  } catch (error) {
    // A sink that can't be written may not be discarded either; what counts is why.
    await sink.discard().catch(() => undefined);
    throw error;
  }
}

type Pieces = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

async function next(body: Pieces, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const { value, done } = await body.read();
    return done ? null : value;
  } catch (error) {
    if (isAbort(error) || signal.aborted) throw signal.reason ?? error;
    throw new ArchiveError('broken', 'The clip broke off before its end, so it was not saved. Try again.');
  }
}

async function written(done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch {
    throw new ArchiveError('disk', 'The clip could not be written. Is the disk full? It was not saved.');
  }
}
