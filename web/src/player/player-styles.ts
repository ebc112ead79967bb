/** How the player looks around its picture; the custom properties are the timeline's. */
import { css, type CSSResult } from 'lit';

export const playerStyles: CSSResult = css`
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
  }
  :host(:fullscreen) {
    grid-template-rows: 1fr auto auto auto auto;
    padding: 8px;
  }
  :host(:fullscreen) #screen {
    aspect-ratio: auto;
    min-height: 0;
  }
  video,
  #still {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
  }
  #message {
    position: absolute;
    inset: auto 0 0;
    display: flex;
    flex-wrap: wrap;
    gap: 4px 12px;
    align-items: center;
    margin: 0;
    padding: 10px 14px;
    background: rgb(0 0 0 / 78%);
    color: #fff;
  }
  #message a {
    color: #9fe3ec;
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
    gap: 2px;
  }
  time {
    font-weight: 600;
    font-size: 16px;
    font-variant-numeric: tabular-nums;
    margin-inline-end: auto;
  }
  button,
  select,
  a.button {
    font: inherit;
    color: inherit;
    min-width: 36px;
    min-height: 36px;
    padding: 0 8px;
    border: 1px solid var(--footage-line, light-dark(#cfd6d8, #384247));
    border-radius: 6px;
    background: var(--footage-surface, light-dark(#ffffff, #1e2427));
    text-decoration: none;
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
  details {
    position: relative;
  }
  dialog {
    color: inherit;
    background: var(--footage-surface, light-dark(#ffffff, #1e2427));
    border: 1px solid var(--footage-line, light-dark(#cfd6d8, #384247));
    border-radius: 8px;
  }
  input[type='range'] {
    width: 72px;
    accent-color: var(--footage-accent, light-dark(#12606b, #5cc2cf));
  }
  @container (max-width: 480px) {
    .wide {
      display: none;
    }
    time {
      font-size: 14px;
      width: 100%;
    }
  }
`;
