/** What is known of a camera and of the storage, in words, and which cameras a search means. Pure. */
import { clockWords, dayWords, lengthWords, momentWords, sizeWords, timeWords } from '../player/words';
import type { CamerasRoute, Show, Sort } from './routes';
import type { Camera, CameraState, Lock, Storage } from './server';

/** A camera and how its recording goes. */
export interface Entry {
  readonly camera: Camera;
  readonly state: CameraState;
}

/** How good or bad a state is: recorded, on its way, in trouble, or not to be recorded. */
export type Tone = 'good' | 'wait' | 'bad' | 'off';

const DAY_MS = 86_400_000;
const SHORT: Record<string, string> = {
  refused: 'Nobody listens at its address',
  unreachable: 'No way to its address',
  no_answer: 'It does not answer',
  wrong_password: 'Wrong name or password',
  not_found: 'No stream of that name',
  stalled: 'It sends nothing',
  lost: 'The connection broke',
  garbage: 'Its stream can’t be read',
  no_video: 'No video in its stream',
  unsupported: 'Its protocol or codec is not recorded',
  storage_full: 'The disk is full',
  storage_locked: 'No room can be made: all is locked',
  storage_away: 'The storage does not answer',
  storage_slow: 'The disk does not keep up',
  failed: 'A fault of the recorder',
  no_recorder: 'No recorder is running',
};
const ADVICE: Record<string, string> = {
  refused: 'Is it on? Is the port right?',
  unreachable: 'Check the network, the name, the address.',
  no_answer: 'It may be overloaded, or allow few viewers: end other connections, restart it.',
  wrong_password: 'Correct its address; that is tried at once.',
  not_found: 'Look the path up in its manual.',
  stalled: 'Wi-Fi, or a camera near its limit? Try the other transport.',
  lost: 'Now and then is normal; often: check cable, switch, power.',
  garbage: 'Is it a video stream? Try the other transport, update its firmware.',
  no_video: 'Another stream of the camera has it.',
  unsupported: 'Set it to H.264 or H.265.',
  storage_full: 'Make room; recording goes on by itself.',
  storage_locked: 'Remove locks, or raise the limit.',
  storage_away: 'Is the disk mounted, the right one?',
  storage_slow: 'A faster disk, or fewer cameras on it.',
  failed: 'The server’s log tells more.',
  no_recorder: 'Is footage serve, or footage record, running?',
};

export function toneOf({ state }: CameraState): Tone {
  if (state === 'recording') return 'good';
  if (state === 'off') return 'off';
  return state === 'connecting' ? 'wait' : 'bad';
}

/** The state and its reason in a few words. */
export function stateWords({ camera, state }: Entry): string {
  if (state.state === 'recording') return 'Recording';
  if (state.state === 'connecting') return 'Connecting';
  if (state.state === 'off') return camera.isRecorded ? 'No source' : 'Switched off';
  const reason = state.reason === null ? 'Waiting' : (SHORT[state.reason] ?? state.reason.replaceAll('_', ' '));
  return state.state === 'halted' ? `Not kept: ${reason}` : reason;
}

/** What to do about it; empty where nothing is known to help. */
export function adviceWords({ camera, state }: Entry): string {
  if (state.state === 'off' && camera.isRecorded) return 'Give it the address of a stream to record it.';
  return (state.reason !== null && ADVICE[state.reason]) || '';
}

/** For how long footage is kept: what there is, and how much is wanted. */
export function keptWords({ camera, state }: Entry): string {
  const days = camera.archiveDays === null ? '' : ` of ${camera.archiveDays} ${camera.archiveDays === 1 ? 'day' : 'days'}`;
  return (state.first === null || state.last === null ? 'Nothing' : spanWords(state.last - state.first)) + days;
}

function spanWords(lengthMs: number): string {
  if (lengthMs < DAY_MS) return lengthWords(Math.round(lengthMs / 1000) * 1000);
  const days = lengthMs / DAY_MS;
  return `${days < 10 ? days.toFixed(1) : Math.floor(days)} d`;
}

/** Words of the server's as a sentence of their own. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** What a lock keeps, from when to when. */
export function lockSpanWords({ start, duration }: Lock): string {
  const end = start + duration;
  const isOneDay = dayWords(start) === dayWords(end) && duration < DAY_MS;
  return `${clockWords(start)} – ${isOneDay ? timeWords(end) : clockWords(end)}, ${lengthWords(duration)}`;
}

export function lockUntilWords({ until }: Lock): string {
  return until === null ? 'stands until it is removed' : `ends by itself ${momentWords(until)}`;
}

/** How long the room lasts. */
export function fullWords({ freeBytes, daysToFull, recordedBytesPerDay, limit }: Storage): string {
  if (freeBytes === null) return 'The storage does not answer';
  if (limit !== null) return 'Now';
  if (recordedBytesPerDay === 0) return 'Nothing recorded in the last 24 h';
  if (daysToFull === null) return 'Not known';
  if (daysToFull < 1) return 'Less than a day';
  return daysToFull > 3650 ? 'More than ten years' : `${Math.floor(daysToFull)} ${Math.floor(daysToFull) === 1 ? 'day' : 'days'}`;
}

/** The storage in one sentence, for those who don't see its bar. */
export function storageWords({ sizeBytes, freeBytes, totalBytes }: Storage): string {
  if (freeBytes === null || totalBytes === null) return `${sizeWords(sizeBytes)} of footage`;
  return `${sizeWords(sizeBytes)} of footage, ${sizeWords(freeBytes)} free of ${sizeWords(totalBytes)}`;
}

export function isShown(show: Show, { state }: Entry): boolean {
  const tone = toneOf(state);
  if (show === 'recording') return tone === 'good';
  if (show === 'off') return tone === 'off';
  return show === 'all' || tone === 'bad' || tone === 'wait';
}

/** Those that a route of the overview shows, in its order: every word of the search is somewhere in each. */
export function chosenEntries(entries: readonly Entry[], { search, sort, show }: CamerasRoute): Entry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter((entry) => {
    if (!isShown(show, entry)) return false;
    if (words.length === 0) return true;
    const text = searchText(entry);
    return words.every((word) => text.includes(word));
  });
  return sort === 'title' ? found : found.sort(ORDERS[sort]);
}

const TONES: readonly Tone[] = ['bad', 'wait', 'good', 'off'];
// The list comes by title, and sorting keeps that order among equals.
const ORDERS: Record<Exclude<Sort, 'title'>, (one: Entry, other: Entry) => number> = {
  state: (one, other) => TONES.indexOf(toneOf(one.state)) - TONES.indexOf(toneOf(other.state)),
  newest: (one, other) => (other.state.last ?? 0) - (one.state.last ?? 0),
  bytes: (one, other) => other.state.sizeBytes - one.state.sizeBytes,
};

function searchText({ camera }: Entry): string {
  const { title, location, cameraModel, deviceId, serialNumber } = camera;
  return [title, location?.title, location?.room?.title, cameraModel, deviceId, serialNumber]
    .filter(Boolean)
    .join('\n')
    .toLowerCase();
}
