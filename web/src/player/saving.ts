/**
 * Saves what was made on the viewer's disk. A file that is not closed is not there: what broke off is
 * thrown away, never left behind as if it were whole.
 */

/** Takes a file piece by piece. */
export interface Sink {
  /** Fulfilled once the piece is taken; rejects where the disk takes no more. */
  write(piece: Uint8Array<ArrayBuffer>): Promise<void>;
  /** All was written: now the file is there. */
  close(): Promise<void>;
  /** Throws away what was written. */
  discard(): Promise<void>;
}

type PickSaveFile = (options: {
  suggestedName: string;
  types: { description: string; accept: Record<string, string[]> }[];
}) => Promise<FileSystemFileHandle>;

/** Pieces become a Blob at this size: a browser can move that out of its memory. */
const FOLD_BYTES = 16 << 20;
/** A browser takes its time to begin to save; an address given up before that saves nothing. */
const KEEP_URL_MS = 60_000;

/** A name that every file system takes: of what, and the moment in UTC. */
export function fileName(label: string, timeMs: number, suffix: string): string {
  const moment = new Date(timeMs).toISOString().replace(/:/g, '-');
  return `${label.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, '-').trim() || 'Footage'} ${moment}.${suffix}`;
}

/** Gives the browser a file to save. */
export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEEP_URL_MS);
}

/**
 * Where an MP4 goes: to a file that the viewer picks, written as it comes, or where the browser has no
 * such thing to its downloads, once it is whole. Null where the viewer picked none. Call it in a click.
 */
export async function openMp4(name: string): Promise<Sink | null> {
  const pick = (globalThis as { showSaveFilePicker?: PickSaveFile }).showSaveFilePicker;
  if (pick === undefined) return blobSink(name);
  try {
    const types = [{ description: 'MP4', accept: { 'video/mp4': ['.mp4'] } }];
    const file = await pick.call(globalThis, { suggestedName: name, types });
    return await diskSink(file);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    // A frame of another origin may not ask, and not every disk can be written piece by piece.
    return blobSink(name);
  }
}

async function diskSink(file: FileSystemFileHandle): Promise<Sink> {
  const stream = await file.createWritable();
  return {
    write: (piece) => stream.write(piece),
    close: () => stream.close(),
    discard: () => stream.abort(),
  };
}

function blobSink(name: string): Sink {
  let whole = new Blob([], { type: 'video/mp4' });
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const fold = (): void => {
    whole = new Blob([whole, ...pieces], { type: 'video/mp4' });
    pieces = [];
    bytes = 0;
  };
  return {
    write: async (piece) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= FOLD_BYTES) fold();
    },
    close: async () => {
      fold();
      saveBlob(whole, name);
    },
    discard: async () => {
      pieces = [];
      whole = new Blob([]);
    },
  };
}
