/** A month as the weeks of a calendar. Pure; days are named `YYYY-MM-DD`. */
import { addDays, addMonths, dayKey, fieldsOf, startOfDay, startOfMonth, type Zone } from './zone';

/** The days of the weeks that a month touches, from the first day of a week on; moments of their starts. */
export function weeksOf(timeMs: number, zone: Zone, firstWeekday: number): number[][] {
  const monthMs = startOfMonth(timeMs, zone);
  const endMs = addMonths(monthMs, 1, zone);
  const before = (fieldsOf(monthMs, zone).weekday - firstWeekday + 7) % 7;
  const weeks: number[][] = [];
  for (let day = startOfDay(addDays(monthMs, -before, zone), zone); day < endMs; ) {
    const week: number[] = [];
    for (; week.length < 7; day = startOfDay(addDays(day, 1, zone), zone)) week.push(day);
    weeks.push(week);
  }
  return weeks;
}

export function isSameMonth(a: number, b: number, zone: Zone): boolean {
  return startOfMonth(a, zone) === startOfMonth(b, zone);
}

export function isSameDay(a: number, b: number, zone: Zone): boolean {
  return dayKey(a, zone) === dayKey(b, zone);
}

/** The day that a key leads to from another one; null for a key that moves nothing. */
export function dayAfterKey(key: string, dayMs: number, zone: Zone, firstWeekday: number): number | null {
  const inWeek = (fieldsOf(dayMs, zone).weekday - firstWeekday + 7) % 7;
  const days: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -7,
    ArrowDown: 7,
    Home: -inWeek,
    End: 6 - inWeek,
  };
  const months: Record<string, number> = { PageUp: -1, PageDown: 1 };
  if (days[key] !== undefined) return startOfDay(addDays(dayMs, days[key], zone), zone);
  if (months[key] !== undefined) return startOfDay(addMonths(dayMs, months[key], zone), zone);
  return null;
}

/** The first day of the week where a language is spoken, 0 for Sunday; Monday where nobody knows. */
export function firstWeekdayOf(language: string): number {
  try {
    const locale = new Intl.Locale(language) as Intl.Locale & {
      getWeekInfo?: () => { firstDay: number };
      weekInfo?: { firstDay: number };
    };
    return (locale.getWeekInfo?.() ?? locale.weekInfo ?? { firstDay: 1 }).firstDay % 7;
  } catch {
    return 1;
  }
}
