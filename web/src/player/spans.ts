/** Sets of time as ascending spans that neither overlap nor touch. Pure; a set is never changed. */
import type { Span } from './times';

/** The set and a span more; what touches becomes one. */
export function united(set: readonly Span[], span: Span): Span[] {
  if (span.endMs <= span.startMs) return [...set];
  const apart = set.filter(({ startMs, endMs }) => endMs < span.startMs || startMs > span.endMs);
  const met = set.filter(({ startMs, endMs }) => endMs >= span.startMs && startMs <= span.endMs);
  const joined = {
    startMs: Math.min(span.startMs, met[0]?.startMs ?? Infinity),
    endMs: Math.max(span.endMs, met.at(-1)?.endMs ?? -Infinity),
  };
  return [...apart, joined].sort((a, b) => a.startMs - b.startMs);
}

/** The set without what lies in a span. */
export function without(set: readonly Span[], span: Span): Span[] {
  return set.flatMap(({ startMs, endMs }) =>
    [
      { startMs, endMs: Math.min(endMs, span.startMs) },
      { startMs: Math.max(startMs, span.endMs), endMs },
    ].filter((part) => part.startMs < part.endMs),
  );
}

/** The parts of a span that the set does not cover. */
export function missingFrom(set: readonly Span[], span: Span): Span[] {
  let missing = span.startMs < span.endMs ? [span] : [];
  for (const covered of set) missing = without(missing, covered);
  return missing;
}

/** The part of two spans that both hold; null where they don't meet. */
export function shared(a: Span, b: Span): Span | null {
  const startMs = Math.max(a.startMs, b.startMs);
  const endMs = Math.min(a.endMs, b.endMs);
  return startMs < endMs ? { startMs, endMs } : null;
}
