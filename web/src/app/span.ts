/**
 * Which part of an archive the page shows at a time. A playlist costs with the segments it lists, so
 * the page never asks for years: it shows a span of a few lengths and moves it over what is kept.
 */
import type { Span } from '../player/times';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const LENGTHS: readonly { readonly ms: number; readonly label: string }[] = [
  { ms: 10 * MINUTE_MS, label: '10 minutes' },
  { ms: HOUR_MS, label: '1 hour' },
  { ms: 3 * HOUR_MS, label: '3 hours' },
  { ms: 6 * HOUR_MS, label: '6 hours' },
  { ms: DAY_MS, label: '24 hours' },
];

/** The shortest length that holds all that is kept, ending at its last moment; at most a day. */
export function newestSpan(kept: Span, lengthMs?: number): Span {
  const keptMs = kept.endMs - kept.startMs;
  const length = lengthMs ?? LENGTHS.find(({ ms }) => ms >= keptMs)?.ms ?? DAY_MS;
  return { startMs: kept.endMs - length, endMs: kept.endMs };
}

export function earlier(span: Span): Span {
  return moved(span, span.startMs - span.endMs);
}

/** Never past the last moment kept: there is nothing to see there. */
export function later(span: Span, kept: Span): Span {
  const lengthMs = span.endMs - span.startMs;
  return moved(span, Math.min(lengthMs, kept.endMs - span.endMs));
}

/** Another length around a moment, which stays in view. */
export function resized(around: number, lengthMs: number, kept: Span): Span {
  const endMs = Math.min(Math.round(around + lengthMs / 2), kept.endMs);
  return { startMs: endMs - lengthMs, endMs };
}

/** The local day that a date field's value (`YYYY-MM-DD`) names; null for none. */
export function daySpan(value: string): Span | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value);
  if (parts === null) return null;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])];
  return {
    startMs: new Date(year, month, day).getTime(),
    endMs: new Date(year, month, day + 1).getTime(),
  };
}

/** The part of a span that can hold footage; null where the two don't meet. */
export function overlap(a: Span, b: Span): Span | null {
  const startMs = Math.max(a.startMs, b.startMs);
  const endMs = Math.min(a.endMs, b.endMs);
  return startMs < endMs ? { startMs, endMs } : null;
}

function moved(span: Span, byMs: number): Span {
  return { startMs: span.startMs + byMs, endMs: span.endMs + byMs };
}
