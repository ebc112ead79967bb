/** What the player's keys do. Pure: a key press becomes the name of a command, or nothing. */

export type Command =
  | 'toggle'
  | 'frame-back'
  | 'frame-on'
  | 'back-10'
  | 'on-10'
  | 'back-60'
  | 'on-60'
  | 'previous-run'
  | 'next-run'
  | 'slower'
  | 'faster'
  | 'live'
  | 'mark-in'
  | 'mark-out'
  | 'unmark'
  | 'snapshot'
  | 'mute'
  | 'full-screen'
  | 'zoom-in'
  | 'zoom-out'
  | 'zoom-reset'
  | 'calendar'
  | 'save'
  | 'keys';

interface Binding {
  readonly command: Command;
  /** As KeyboardEvent.key gives them; lower case stands for both. */
  readonly keys: readonly string[];
  readonly words: string;
}

export const BINDINGS: readonly Binding[] = [
  { command: 'toggle', keys: [' ', 'k'], words: 'play or pause' },
  { command: 'back-10', keys: ['j'], words: 'back 10 seconds' },
  { command: 'on-10', keys: ['l'], words: 'on 10 seconds' },
  { command: 'back-60', keys: ['u'], words: 'back a minute' },
  { command: 'on-60', keys: ['p'], words: 'on a minute' },
  { command: 'frame-back', keys: [','], words: 'a picture back' },
  { command: 'frame-on', keys: ['.'], words: 'a picture on' },
  { command: 'previous-run', keys: ['['], words: 'previous run of footage' },
  { command: 'next-run', keys: [']'], words: 'next run of footage' },
  { command: 'slower', keys: ['<'], words: 'slower' },
  { command: 'faster', keys: ['>'], words: 'faster' },
  { command: 'live', keys: ['n'], words: 'newest footage, live' },
  { command: 'mark-in', keys: ['i'], words: 'mark where the clip begins' },
  { command: 'mark-out', keys: ['o'], words: 'mark where the clip ends' },
  { command: 'unmark', keys: ['Escape'], words: 'no clip' },
  { command: 'snapshot', keys: ['s'], words: 'save the picture' },
  { command: 'mute', keys: ['m'], words: 'sound off or on' },
  { command: 'full-screen', keys: ['f'], words: 'full screen' },
  { command: 'save', keys: ['d'], words: 'save the clip as MP4' },
  { command: 'calendar', keys: ['g'], words: 'go to a day and time' },
  { command: 'zoom-in', keys: ['+', '='], words: 'closer to the picture' },
  { command: 'zoom-out', keys: ['-', '_'], words: 'away from the picture' },
  { command: 'zoom-reset', keys: ['0'], words: 'the whole picture' },
  { command: 'keys', keys: ['?'], words: 'these keys' },
];

/** The command of a key; null for keys with a modifier, which are the browser's own. */
export function commandOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): Command | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return BINDINGS.find(({ keys }) => keys.includes(key))?.command ?? null;
}

export const RATES = [0.25, 0.5, 1, 2, 4, 8, 16] as const;

/** The next rate up or down; the same at either end. */
export function rateBeside(rate: number, direction: 1 | -1): number {
  const index = RATES.findIndex((known) => known >= rate);
  return RATES[Math.min(Math.max((index < 0 ? RATES.length - 1 : index) + direction, 0), RATES.length - 1)]!;
}
