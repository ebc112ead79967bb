/**
 * The view of a timeline: the span of wall time that it shows, between ten seconds and two years, and
 * the arithmetic between its moments and pixels. Pure; a view is never changed, another is made. Its
 * ends may be fractions of a millisecond, or a slow zoom would stick.
 */
import type { Bar, Span } from './times';

export const MIN_VIEW_MS = 10_000;
export const MAX_VIEW_MS = 2 * 366 * 86_400_000;
/** How much of the view stays on what is kept, however far it is moved: nobody gets lost. */
const HELD = 0.2;
const MIN_BAR_PX = 1.5;
/** Gaps that would be drawn narrower are not drawn: a comb of single pixels tells nothing. */
const MIN_GAP_PX = 1;

/** Starts and ends of ascending runs that never overlap; typed, as ten thousand are gone through a frame. */
export interface Edges {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

export function viewLength(view: Span): number {
  return view.endMs - view.startMs;
}

export function xOf(view: Span, widthPx: number, timeMs: number): number {
  return ((timeMs - view.startMs) / viewLength(view)) * widthPx;
}

/** The moment under a pixel, which may lie beside the view; whole milliseconds. */
export function timeOf(view: Span, widthPx: number, x: number): number {
  return Math.round(view.startMs + (x / Math.max(widthPx, 1)) * viewLength(view));
}

/** `factor` times as long, with the moment at `fraction` of the view staying where it is. */
export function zoomed(view: Span, factor: number, fraction: number): Span {
  const length = Math.min(Math.max(viewLength(view) * factor, MIN_VIEW_MS), MAX_VIEW_MS);
  const startMs = view.startMs + fraction * (viewLength(view) - length);
  return { startMs, endMs: startMs + length };
}

export function panned(view: Span, byMs: number): Span {
  return { startMs: view.startMs + byMs, endMs: view.endMs + byMs };
}

/** The view of `lengthMs` with a moment at `fraction` of it. */
export function viewAround(timeMs: number, lengthMs: number, fraction = 0.5): Span {
  const length = Math.min(Math.max(lengthMs, MIN_VIEW_MS), MAX_VIEW_MS);
  const startMs = timeMs - fraction * length;
  return { startMs, endMs: startMs + length };
}

/** The view, made as long as a view may be, and moved so that a part of it stays on `limits`. */
export function clamped(view: Span, limits: Span | null): Span {
  const length = viewLength(view);
  const fit = length < MIN_VIEW_MS || length > MAX_VIEW_MS ? zoomed(view, 1, 0.5) : view;
  if (limits === null) return fit;
  const held = viewLength(fit) * HELD;
  const lowest = limits.startMs + held - viewLength(fit);
  const highest = limits.endMs - held;
  if (lowest > highest) return panned(fit, (limits.startMs + limits.endMs - fit.startMs - fit.endMs) / 2);
  const startMs = Math.min(Math.max(fit.startMs, lowest), highest);
  return startMs === fit.startMs ? fit : panned(fit, startMs - fit.startMs);
}

/** A view on its way to another: each frame covers a share of what is left, and the last one arrives. */
export function glided(from: Span, to: Span, elapsedMs: number, widthPx: number): Span {
  const share = 1 - Math.exp(-elapsedMs / 55);
  const step = (a: number, b: number): number => a + (b - a) * share;
  const next = { startMs: step(from.startMs, to.startMs), endMs: step(from.endMs, to.endMs) };
  const nearMs = (viewLength(to) / Math.max(widthPx, 1)) * 0.2;
  const isThere =
    Math.abs(next.startMs - to.startMs) < nearMs && Math.abs(next.endMs - to.endMs) < nearMs;
  return isThere ? to : next;
}

/** Index of the first run that ends after a moment. */
export function firstEndingAfter({ ends }: Edges, timeMs: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle]! > timeMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * What is kept as bars on `widthPx` pixels, each wide enough to be seen; bars with no gap that could be
 * seen between them are one. Costs with the runs in view, found by bisection, and makes no garbage but
 * the bars: 10,000 runs in view take a fraction of a millisecond.
 */
export function barsOf(edges: Edges, view: Span, widthPx: number): Bar[] {
  const { starts, ends } = edges;
  const perMs = widthPx / viewLength(view);
  const merged: Bar[] = [];
  let x = 0;
  let end = -Infinity;
  const first = firstEndingAfter(edges, view.startMs);
  for (let index = first; index < starts.length && starts[index]! < view.endMs; index += 1) {
    // The least width has to fit in as well at the right edge.
    const from = Math.min(Math.max((starts[index]! - view.startMs) * perMs, 0), widthPx - MIN_BAR_PX);
    const to = Math.min((ends[index]! - view.startMs) * perMs, widthPx);
    if (from - end >= MIN_GAP_PX) {
      if (end > x) merged.push({ x, width: end - x });
      x = from;
      end = x + MIN_BAR_PX;
    }
    if (to > end) end = to;
  }
  if (end > x) merged.push({ x, width: end - x });
  return merged;
}
