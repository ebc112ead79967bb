/** How the player looks around its picture; the custom properties are the timeline's. */
import { css, type CSSResult } from 'lit';

/** What can be pressed or chosen, in the player and in its parts. */
export const controlStyles: CSSResult = css`
  :host {
    display: inline-flex;
    flex-wrap: wrap;
    gap: 6px 10px;
    align-items: center;
  }
  .fault {
    color: var(--footage-live, light-dark(#b3261e, #ff7b72));
  }
  @container (max-width: 480px) {
    .words {
      width: 100%;
    }
  }
  progress {
    width: 120px;
    accent-color: var(--footage-accent, light-dark(#12606b, #5cc2cf));
  }
  button,
  select {
    font: inherit;
    color: inherit;
    min-width: 36px;
    min-height: 36px;
    padding: 0 8px;
    border: 1px solid var(--footage-line, light-dark(#cfd6d8, #384247));
    border-radius: 6px;
    background: var(--footage-surface, light-dark(#ffffff, #1e2427));
    display: inline-flex;
    align-items: center;
    justify-content: center;
  }
  button:not(:disabled) {
    cursor: pointer;
  }
  button:disabled {
    opacity: 0.5;
  }
  button[aria-pressed='true'],
  button.primary {
    background: var(--footage-accent, light-dark(#12606b, #5cc2cf));
    color: var(--footage-on-accent, light-dark(#ffffff, #0c1c1f));
  }
  :focus-visible {
    outline: 2px solid var(--footage-accent, light-dark(#12606b, #5cc2cf));
    outline-offset: 2px;
  }
`;

const ownStyles = css`
  :host {
    display: grid;
    gap: 8px;
    container-type: inline-size;
    color-scheme: inherit;
    color: var(--footage-ink, light-dark(#182024, #e6ebed));
    font: 14px/1.4 var(--footage-font, system-ui, sans-serif);
    background: var(--footage-surface, light-dark(#ffffff, #1e2427));
  }
  [hidden] {
    display: none !important;
  }
  #screen {
    position: relative;
    aspect-ratio: 16 / 9;
    background: #000;
    overflow: hidden;
    border-radius: 8px;
    /* Two fingers are the picture's, one still scrolls the page. */
    touch-action: pan-x pan-y;
    -webkit-tap-highlight-color: transparent;
  }
  :host(:fullscreen) {
    grid-template-rows: 1fr auto auto auto auto;
    padding: 8px;
  }
  :host(:fullscreen) #screen {
    aspect-ratio: auto;
    min-height: 0;
  }
  #screen[data-zoomed] {
    cursor: grab;
    touch-action: none;
  }
  #screen:focus-visible {
    outline-offset: -2px;
  }
  #pane {
    position: absolute;
    inset: 0;
    transform-origin: 0 0;
  }
  #whole {
    position: absolute;
    inset: 10px auto auto 10px;
    gap: 4px;
    border: 0;
    background: rgb(0 0 0 / 70%);
    color: #fff;
  }
  video,
  #still {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
  }
  /* Words lie on the picture, or where it is small below it. */
  #screen,
  #message {
    grid-area: 1 / 1;
  }
  #message {
    align-self: end;
    z-index: 1;
    display: flex;
    flex-wrap: wrap;
    gap: 4px 12px;
    align-items: center;
    margin: 0;
    padding: 10px 14px;
    border-radius: 0 0 8px 8px;
    background: rgb(0 0 0 / 78%);
    color: #fff;
  }
  #message button {
    border-color: rgb(255 255 255 / 50%);
    background: none;
    color: inherit;
  }
  #busy {
    position: absolute;
    inset: 12px 12px auto auto;
    padding: 2px 10px;
    border-radius: 999px;
    background: rgb(0 0 0 / 70%);
    color: #fff;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 10px;
    align-items: center;
  }
  .group {
    display: flex;
    align-items: center;
    gap: 2px;
  }
  .rest {
    gap: 6px;
  }
  #clock {
    font-weight: 600;
    font-size: 16px;
    font-variant-numeric: tabular-nums;
    margin-inline-end: auto;
  }
  .end {
    display: flex;
    gap: 6px;
    margin-inline-start: auto;
  }
  dialog {
    max-height: 80vh;
    color: inherit;
    background: var(--footage-surface, light-dark(#ffffff, #1e2427));
    border: 1px solid var(--footage-line, light-dark(#cfd6d8, #384247));
    border-radius: 8px;
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 50%);
  }
  caption {
    padding-bottom: 6px;
    font-weight: 600;
  }
  th {
    font-weight: normal;
    text-align: start;
  }
  td {
    padding-inline-end: 14px;
  }
  kbd {
    padding: 0 6px;
    border: 1px solid var(--footage-line, light-dark(#cfd6d8, #384247));
    border-radius: 4px;
    font: inherit;
  }
  input[type='range'] {
    width: 72px;
    accent-color: var(--footage-accent, light-dark(#12606b, #5cc2cf));
  }
  @container (max-width: 480px) {
    .wide {
      display: none;
    }
    #message {
      grid-area: 2 / 1;
      border-radius: 8px;
    }
    #clock {
      font-size: 14px;
      width: 100%;
    }
  }
`;

export const playerStyles: CSSResult[] = [controlStyles, ownStyles];
