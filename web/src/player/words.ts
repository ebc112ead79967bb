/** Moments, lengths and sizes as people read them, in the browser's own language and the zone asked for. */
import type { Section, Step, Unit } from './ticks';
import { dayKey, fieldsOf, isNearClockChange, type Zone } from './zone';

const FORMATS = {
  clock: {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  },
  time: { timeStyle: 'medium' },
  fine: { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 1 },
  frame: { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 },
  named: { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' },
  minute: { hour: '2-digit', minute: '2-digit' },
  day: { day: 'numeric', month: 'short' },
  dayOfMonth: { day: 'numeric' },
  longDay: { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
  fullDay: { dateStyle: 'full' },
  weekday: { weekday: 'short' },
  longWeekday: { weekday: 'long' },
  month: { month: 'short' },
  longMonth: { month: 'long', year: 'numeric' },
  year: { year: 'numeric' },
  moment: { dateStyle: 'medium', timeStyle: 'short' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;
type Form = keyof typeof FORMATS;

// Making a format costs some hundred times what using it costs.
const made = new Map<string, Intl.DateTimeFormat>();
const SIZE_UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];

function words(form: Form, timeMs: number, zone: Zone): string {
  const key = form + zone;
  let format = made.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(undefined, {
      ...FORMATS[form],
      ...(zone === 'utc' && { timeZone: 'UTC' }),
    });
    made.set(key, format);
  }
  return format.format(timeMs);
}

export function clockWords(timeMs: number, zone: Zone = 'local'): string {
  return words('clock', timeMs, zone);
}

/** A time of day to the second. */
export function timeWords(timeMs: number, zone: Zone = 'local'): string {
  return words('time', timeMs, zone);
}

/** A time of day to the tenth of a second. */
export function fineWords(timeMs: number, zone: Zone = 'local'): string {
  return words('fine', timeMs, zone);
}

/** A time of day to the millisecond: pictures are less than a tenth of a second apart. */
export function frameWords(timeMs: number, zone: Zone): string {
  return words('frame', timeMs, zone);
}

/** A time of day to the second that can't be mistaken: near a change of the clocks it names the zone. */
export function surelyWords(timeMs: number, zone: Zone): string {
  return words(isNearClockChange(timeMs, zone) ? 'named' : 'time', timeMs, zone);
}

export function minuteWords(timeMs: number, zone: Zone = 'local'): string {
  return words('minute', timeMs, zone);
}

export function dayWords(timeMs: number, zone: Zone = 'local'): string {
  return words('day', timeMs, zone);
}

/** A day with its weekday and year. */
export function longDayWords(timeMs: number, zone: Zone): string {
  return words('longDay', timeMs, zone);
}

/** A day in full, as it is read out. */
export function fullDayWords(timeMs: number, zone: Zone): string {
  return words('fullDay', timeMs, zone);
}

export function weekdayWords(timeMs: number, zone: Zone, length: 'short' | 'long'): string {
  return words(length === 'short' ? 'weekday' : 'longWeekday', timeMs, zone);
}

/** A month and its year. */
export function monthWords(timeMs: number, zone: Zone): string {
  return words('longMonth', timeMs, zone);
}

export function momentWords(timeMs: number, zone: Zone = 'local'): string {
  return words('moment', timeMs, zone);
}

/** The label of a tick: as much of the moment as its neighbours don't share. */
export function tickWords(timeMs: number, step: Step, zone: Zone): string {
  const forms: Record<Unit, Form> = {
    ms: 'fine',
    second: 'time',
    minute: 'minute',
    hour: 'minute',
    day: 'dayOfMonth',
    month: 'month',
    year: 'year',
  };
  const isWhole = step.unit === 'ms' && fieldsOf(timeMs, zone).ms === 0;
  return words(isWhole ? 'time' : forms[step.unit], timeMs, zone);
}

/** The label of what ticks belong to. */
export function sectionWords(section: Section, zone: Zone): string {
  const form = { day: 'longDay', month: 'longMonth', year: 'year' } as const;
  return words(form[section.unit], section.startMs, zone);
}

/** A length in its two largest units: `1 h 20 min`, `12.5 s`. */
export function lengthWords(lengthMs: number): string {
  const seconds = lengthMs / 1000;
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`;
  const units: [number, string][] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  let rest = Math.round(seconds);
  const parts: string[] = [];
  for (const [size, name] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (parts.length > 0 || count > 0) parts.push(`${count} ${name}`);
  }
  return parts
    .slice(0, 2)
    .filter((part) => !part.startsWith('0 '))
    .join(' ');
}

/** The value of a date field that names the day of a moment. */
export function dayValue(timeMs: number, zone: Zone = 'local'): string {
  return dayKey(timeMs, zone);
}

export function sizeWords(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${SIZE_UNITS[unit]}`;
}
