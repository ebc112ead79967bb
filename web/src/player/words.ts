/** Moments and sizes as people read them, in the browser's own language and time zone. */

const clockFormat = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const minuteFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const momentFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const SIZE_UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];

export function clockWords(timeMs: number): string {
  return clockFormat.format(timeMs);
}

/** A time of day to the second. */
export function timeWords(timeMs: number): string {
  return timeFormat.format(timeMs);
}

export function minuteWords(timeMs: number): string {
  return minuteFormat.format(timeMs);
}

export function dayWords(timeMs: number): string {
  return dayFormat.format(timeMs);
}

export function momentWords(timeMs: number): string {
  return momentFormat.format(timeMs);
}

/** The value of a date field that names the local day of a moment. */
export function dayValue(timeMs: number): string {
  const date = new Date(timeMs);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
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
