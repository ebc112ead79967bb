/** The signs on the player's buttons, drawn here: not every machine has a font with them. */
import { svg, type SVGTemplateResult } from 'lit';

/** Outlines in a square of 24, filled. */
const PATHS = {
  'previous-run': 'M6 5h3v14H6zM20 5v14l-10-7z',
  'next-run': 'M15 5h3v14h-3zM4 5v14l10-7z',
  'frame-back': 'M15 5v14l-9-7zM17 5h2v14h-2z',
  'frame-on': 'M9 5v14l9-7zM5 5h2v14H5z',
  play: 'M7 4v16l13-8z',
  pause: 'M6 4h4v16H6zM14 4h4v16h-4z',
  loud: 'M4 9v6h4l6 5V4L8 9zM16 8a5 5 0 0 1 0 8zM18 4a9 9 0 0 1 0 16l-1-2a7 7 0 0 0 0-12z',
  silent: 'M4 9v6h4l6 5V4L8 9zM16 9l1.4-1.4L19 9.200l1.600-1.600L22 9l-1.600 1.600L22 12.200l-1.400 1.400L19 12l-1.600 1.600L16 12.200l1.600-1.600z',
  snapshot: 'M8 6l1.500-2h5L16 6h4a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zm4 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
  'full-screen': 'M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z',
  unmark: 'M6 4.600 12 10.600 18 4.600 19.400 6 13.400 12 19.400 18 18 19.400 12 13.400 6 19.400 4.600 18 10.600 12 4.600 6z',
} as const;

export type Icon = keyof typeof PATHS;

/** An icon as large as the words around it; it says nothing to a screen reader, its button does. */
export function icon(name: Icon): SVGTemplateResult {
  return svg`<svg viewBox="0 0 24 24" width="20" height="20" fill="currentColor" fill-rule="evenodd" aria-hidden="true"><path d=${PATHS[name]}></path></svg>`;
}
