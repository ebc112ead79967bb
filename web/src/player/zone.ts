/**
 * Calendar arithmetic in the viewer's own zone or in UTC: what a clock on the wall says at a moment, and
 * which moment it means. Pure but for the zone that the browser runs in. Every moment is in milliseconds
 * since the epoch, months count from 1, and a day has the 23, 24 or 25 hours that it has.
 */

export type Zone = 'local' | 'utc';

/** What calendar and clock show. */
export interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly ms: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MOMENT = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/;

export function fieldsOf(timeMs: number, zone: Zone): Fields {
  // A moment moved by its distance from UTC reads in UTC as the local clock does.
  const moved = new Date(timeMs + offsetMs(timeMs, zone));
  return {
    year: moved.getUTCFullYear(),
    month: moved.getUTCMonth() + 1,
    day: moved.getUTCDate(),
    hour: moved.getUTCHours(),
    minute: moved.getUTCMinutes(),
    second: moved.getUTCSeconds(),
    ms: moved.getUTCMilliseconds(),
    weekday: moved.getUTCDay(),
  };
}

/**
 * The moment that calendar and clock mean. Fields out of their range carry over; of an hour that comes
 * twice it is the first, of one that is skipped as much later as the clock was put on.
 */
export function momentOf(
  zone: Zone,
  year: number,
  month: number,
  day = 1,
  hour = 0,
  minute = 0,
  second = 0,
): number {
  return zone === 'utc'
    ? Date.UTC(year, month - 1, day, hour, minute, second)
    : new Date(year, month - 1, day, hour, minute, second).getTime();
}

/** How far the zone's clock is ahead of UTC at a moment. */
export function offsetMs(timeMs: number, zone: Zone): number {
  return zone === 'utc' ? 0 : -new Date(timeMs).getTimezoneOffset() * MINUTE_MS;
}

export function startOfDay(timeMs: number, zone: Zone): number {
  const { year, month, day } = fieldsOf(timeMs, zone);
  return momentOf(zone, year, month, day);
}

export function startOfMonth(timeMs: number, zone: Zone): number {
  const { year, month } = fieldsOf(timeMs, zone);
  return momentOf(zone, year, month);
}

export function startOfYear(timeMs: number, zone: Zone): number {
  return momentOf(zone, fieldsOf(timeMs, zone).year, 1);
}

/** The same time of day, days later or earlier. */
export function addDays(timeMs: number, days: number, zone: Zone): number {
  const at = fieldsOf(timeMs, zone);
  return momentOf(zone, at.year, at.month, at.day + days, at.hour, at.minute, at.second) + at.ms;
}

/** The same day and time of another month, or that month's last day where it has no such day. */
export function addMonths(timeMs: number, months: number, zone: Zone): number {
  const at = fieldsOf(timeMs, zone);
  const day = Math.min(at.day, daysInMonth(at.year, at.month + months));
  return momentOf(zone, at.year, at.month + months, day, at.hour, at.minute, at.second) + at.ms;
}

export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** `YYYY-MM-DD`. */
export function dayKey(timeMs: number, zone: Zone): string {
  const { year, month, day } = fieldsOf(timeMs, zone);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** `HH:MM:SS`. */
export function clockKey(timeMs: number, zone: Zone): string {
  const { hour, minute, second } = fieldsOf(timeMs, zone);
  return `${two(hour)}:${two(minute)}:${two(second)}`;
}

/** Reads `YYYY-MM-DD`, with `THH:MM` or `THH:MM:SS` or without; null for anything that no calendar has. */
export function parseMoment(text: string, zone: Zone): number | null {
  const parts = MOMENT.exec(text.trim());
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  if (!isDay || hour > 23 || minute > 59 || second > 59) return null;
  return momentOf(zone, year, month, day, hour, minute, second);
}

/** Whether the clocks change so near that a time of day alone could be mistaken. */
export function isNearClockChange(timeMs: number, zone: Zone): boolean {
  return offsetMs(timeMs - 2 * HOUR_MS, zone) !== offsetMs(timeMs + 2 * HOUR_MS, zone);
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
