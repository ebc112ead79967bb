/** How the timeline looks around its canvas, and the colours that the canvas is drawn in. */
import { css, type CSSResult } from 'lit';
import { COLOURS, type Colours } from './timeline-drawing';

export const timelineStyles: CSSResult = css`
  :host {
    display: block;
    position: relative;
    color-scheme: inherit;
    font: 13px/1.35 var(--footage-font, system-ui, sans-serif);
    -webkit-user-select: none;
    user-select: none;
  }
  [hidden] {
    display: none !important;
  }
  #track {
    display: block;
    position: relative;
    height: 84px;
    outline: none;
    cursor: pointer;
    /* A finger that goes up or down still scrolls the page. */
    touch-action: pan-y;
    -webkit-tap-highlight-color: transparent;
  }
  #track[data-place='ruler'],
  #track[data-place='playhead'],
  #track[data-place='in'],
  #track[data-place='out'] {
    cursor: ew-resize;
  }
  #track[data-mode='pan'] {
    cursor: grabbing;
  }
  #track:focus-visible {
    outline: 2px solid var(--footage-accent, light-dark(#12606b, #5cc2cf));
    outline-offset: 2px;
    border-radius: 6px;
  }
  canvas {
    display: block;
  }
  #track canvas {
    width: 100%;
    height: 84px;
  }
  #tip {
    position: absolute;
    left: 0;
    bottom: calc(100% + 2px);
    z-index: 2;
    pointer-events: none;
    padding: 4px;
    border-radius: 8px;
    text-align: center;
    white-space: nowrap;
    background: var(--footage-tip, light-dark(#ffffff, #262d31));
    color: var(--footage-ink, light-dark(#182024, #e6ebed));
    box-shadow: 0 2px 12px light-dark(rgb(0 0 0 / 22%), rgb(0 0 0 / 60%));
    font-variant-numeric: tabular-nums;
  }
  #tip canvas {
    width: min(208px, 60vw);
    border-radius: 5px;
    background: #000;
    margin-bottom: 3px;
  }
  #tip b {
    display: block;
    font-weight: 600;
    padding: 0 6px;
  }
  #tip span {
    display: block;
    padding: 0 6px;
    font-size: 11px;
    color: var(--footage-muted, light-dark(#566469, #9badb3));
  }
  /* Never seen: the canvas takes its colours from here, and a change of theme shows as a transition. */
  #colours {
    position: absolute;
    width: 0;
    height: 0;
    overflow: hidden;
    visibility: hidden;
  }
  #colours i {
    transition: color 1ms step-end;
  }
  .ink {
    color: var(--footage-ink, light-dark(#182024, #e6ebed));
  }
  .muted {
    color: var(--footage-muted, light-dark(#566469, #9badb3));
  }
  .line {
    color: var(--footage-line, light-dark(#b9c3c6, #465157));
  }
  .lane {
    color: var(--footage-lane, light-dark(#e3e8e9, #2a3236));
  }
  .kept {
    color: var(--footage-kept, light-dark(#2a8a97, #37949f));
  }
  .unknown {
    color: var(--footage-unknown, light-dark(#c9d2d4, #3b464b));
  }
  .playhead {
    color: var(--footage-playhead, light-dark(#c2410c, #ff9a5c));
  }
  .live {
    color: var(--footage-live, light-dark(#b3261e, #ff7b72));
  }
  .mark {
    color: var(--footage-mark, light-dark(#7a4fb5, #c3a4f2));
  }
  .on-mark {
    color: var(--footage-on-mark, light-dark(#ffffff, #1d1428));
  }
  .surface {
    color: var(--footage-surface, light-dark(#ffffff, #1e2427));
  }
`;

/** The elements that carry the colours in a shadow root, as class names. */
export const PROBES: readonly string[] = COLOURS;

export function coloursOf(probes: HTMLElement): Colours {
  const colours: Partial<Colours> = {};
  COLOURS.forEach((name, index) => {
    colours[name] = getComputedStyle(probes.children[index]!).color;
  });
  return colours as Colours;
}

