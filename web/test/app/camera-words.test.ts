import { describe, expect, it } from 'vitest';
import {
  adviceWords,
  chosenEntries,
  fullWords,
  keptWords,
  lockSpanWords,
  lockUntilWords,
  sentence,
  stateWords,
  storageWords,
  toneOf,
  type Entry,
} from '../../src/app/camera-words';
import { OVERVIEW } from '../../src/app/routes';
import type { Camera, CameraState, Storage } from '../../src/app/server';

const DAY = 86_400_000;
const CAMERA: Camera = {
  id: '1',
  title: 'Gate',
  archiveApiUrl: 'https://video.example/archives/x',
  archiveApiToken: { signature: 's', exp: 1 },
  archiveDays: 30,
  deviceId: null,
  cameraModel: null,
  platform: null,
  serialNumber: null,
  firmwareVersion: null,
  applicationVersion: null,
  location: null,
  transport: 'tcp',
  isRecorded: true,
  isAudioRecorded: true,
};
const STATE: CameraState = {
  id: '1',
  state: 'recording',
  reason: null,
  detail: null,
  isOnline: true,
  first: 0,
  last: 12.4 * DAY,
  sizeBytes: 1000,
  runs: 1,
  retention: { targetMs: 30 * DAY, targetBytes: null, keptMs: 12.4 * DAY, limit: null, lockedBytes: 0, text: '' },
};
const STORAGE: Storage = {
  sizeBytes: 8e11,
  freeBytes: 1.2e12,
  totalBytes: 2e12,
  maxBytes: null,
  keepFreeBytes: 4e8,
  lockedBytes: 0,
  limit: null,
  reachMs: null,
  text: 'no limit of the store is reached',
  refusedText: null,
  recordedBytesPerDay: 4e10,
  daysToFull: 27.49,
};

function entry(camera: Partial<Camera> = {}, state: Partial<CameraState> = {}): Entry {
  return { camera: { ...CAMERA, ...camera }, state: { ...STATE, ...state } };
}

describe('the words for a camera', () => {
  it.each([
    [{}, { state: 'recording' }, 'Recording', 'good'],
    [{}, { state: 'connecting' }, 'Connecting', 'wait'],
    [{}, { state: 'off' }, 'No source', 'off'],
    [{ isRecorded: false }, { state: 'off' }, 'Switched off', 'off'],
    [{}, { state: 'waiting', reason: 'wrong_password' }, 'Wrong name or password', 'bad'],
    [{}, { state: 'waiting', reason: null }, 'Waiting', 'bad'],
    [{}, { state: 'halted', reason: 'storage_full' }, 'Not kept: The disk is full', 'bad'],
    [{}, { state: 'waiting', reason: 'out_of_paper' }, 'out of paper', 'bad'],
  ] as const)('tell its state: %j %j', (camera, state, words, tone) => {
    const it = entry(camera, state);
    expect(stateWords(it)).toBe(words);
    expect(toneOf(it.state)).toBe(tone);
  });

  it('tell what to do', () => {
    expect(adviceWords(entry({}, { state: 'waiting', reason: 'refused' }))).toContain('port');
    expect(adviceWords(entry({}, { state: 'off' }))).toContain('address');
    expect(adviceWords(entry({}, { state: 'waiting', reason: 'out_of_paper' }))).toBe('');
    expect(adviceWords(entry())).toBe('');
  });

  it('tell how much is kept, and of what', () => {
    expect(keptWords(entry())).toBe('12 d of 30 days');
    expect(keptWords(entry({ archiveDays: null }))).toBe('12 d');
    expect(keptWords(entry({ archiveDays: 1 }, { last: 5_400_400 }))).toBe('1 h 30 min of 1 day');
    expect(keptWords(entry({}, { last: 2.5 * DAY }))).toBe('2.5 d of 30 days');
    expect(keptWords(entry({}, { first: null, last: null }))).toBe('Nothing of 30 days');
  });
});

describe('the words for a lock', () => {
  const start = Date.UTC(2026, 8, 21, 21, 40);
  const lock = { id: '1', start, duration: 600_000, reason: 'A theft', until: null, sizeBytes: 1 };

  it('tell its span, with the second day where it is another one', () => {
    // It ends ten minutes before midnight in Berlin, and then at midnight.
    expect(lockSpanWords(lock)).toMatch(/21, 2026, 11:40:00.* – 11:50:00[^,]*, 10 min$/);
    expect(lockSpanWords({ ...lock, duration: 1_200_000 })).toMatch(/21.*2026.* – .*22.*2026.*, 20 min$/);
    expect(lockSpanWords({ ...lock, duration: 31_536_000_000 })).toMatch(/2026.* – .*2027.*, 365 d$/);
  });

  it('tell when it ends', () => {
    expect(lockUntilWords(lock)).toBe('stands until it is removed');
    expect(lockUntilWords({ ...lock, until: start })).toMatch(/^ends by itself .*21.*2026/);
  });
});

it('words of the server become a sentence', () => {
  expect(sentence('no target, kept 3 min')).toBe('No target, kept 3 min.');
});

describe('the words for the storage', () => {
  it.each([
    [{}, '27 days'],
    [{ daysToFull: 1.9 }, '1 day'],
    [{ daysToFull: 0.4 }, 'Less than a day'],
    [{ daysToFull: 1e6 }, 'More than ten years'],
    [{ daysToFull: null, recordedBytesPerDay: 0 }, 'Nothing recorded in the last 24 h'],
    [{ daysToFull: null }, 'Not known'],
    [{ freeBytes: null }, 'The storage does not answer'],
    [{ limit: 'store_free', daysToFull: 0.1 }, 'Now'],
  ])('tell how long the room lasts: %j', (change, words) => {
    expect(fullWords({ ...STORAGE, ...change })).toBe(words);
  });

  it('tell what is used', () => {
    expect(storageWords(STORAGE)).toBe('800 GB of footage, 1.2 TB free of 2.0 TB');
    expect(storageWords({ ...STORAGE, freeBytes: null })).toBe('800 GB of footage');
  });
});

describe('the cameras that are shown', () => {
  const site = { id: 's', title: 'Head office', room: { id: 'r', title: 'Lobby' } };
  const entries = [
    entry({ id: '1', title: 'Gate', location: site }, { sizeBytes: 5, last: 10 }),
    entry({ id: '2', title: 'Roof', cameraModel: 'Q1656' }, { state: 'waiting', sizeBytes: 9, last: null }),
    entry({ id: '3', title: 'Yard', serialNumber: 'ACCC8E' }, { state: 'off', sizeBytes: 7, last: 30 }),
    entry({ id: '4', title: 'Zoo', deviceId: 'door-7' }, { state: 'connecting', sizeBytes: 7, last: 20 }),
  ];
  const shown = (change: object): string =>
    chosenEntries(entries, { ...OVERVIEW, ...change })
      .map(({ camera }) => camera.title)
      .join();

  it('are those that hold every word of the search', () => {
    expect(shown({ search: '  ' })).toBe('Gate,Roof,Yard,Zoo');
    expect(shown({ search: 'lobby HEAD' })).toBe('Gate');
    expect(shown({ search: 'q165' })).toBe('Roof');
    expect(shown({ search: 'accc' })).toBe('Yard');
    expect(shown({ search: 'door-7' })).toBe('Zoo');
    expect(shown({ search: 'gate roof' })).toBe('');
  });

  it('are those of a state', () => {
    expect(shown({ show: 'recording' })).toBe('Gate');
    expect(shown({ show: 'trouble' })).toBe('Roof,Zoo');
    expect(shown({ show: 'off' })).toBe('Yard');
  });

  it('come in the order asked for, and by title among equals', () => {
    expect(shown({ sort: 'state' })).toBe('Roof,Zoo,Gate,Yard');
    expect(shown({ sort: 'newest' })).toBe('Yard,Zoo,Gate,Roof');
    expect(shown({ sort: 'bytes' })).toBe('Roof,Yard,Zoo,Gate');
  });
});
