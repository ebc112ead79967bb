/** How the calendar looks. */
import { css, type CSSResult } from 'lit';

export const calendarStyles: CSSResult = css`
  :host {
    --accent: var(--footage-accent, light-dark(#12606b, #5cc2cf));
    --on-accent: var(--footage-on-accent, light-dark(#ffffff, #0c1c1f));
    --line: var(--footage-line, light-dark(#b9c3c6, #465157));
    --muted: var(--footage-muted, light-dark(#566469, #9badb3));
    display: block;
    box-sizing: border-box;
    width: 19rem;
    max-width: 100%;
    padding: 10px;
    border-radius: 10px;
    color: var(--footage-ink, light-dark(#182024, #e6ebed));
    background: var(--footage-surface, light-dark(#ffffff, #1e2427));
    font: 14px/1.35 var(--footage-font, system-ui, sans-serif);
    font-variant-numeric: tabular-nums;
  }
  header,
  form {
    display: flex;
    align-items: center;
    gap: 6px;
  }
  h2 {
    flex: 1;
    margin: 0;
    font: inherit;
    font-weight: 600;
    text-align: center;
  }
  button,
  input {
    box-sizing: border-box;
    min-height: 36px;
    padding: 0 10px;
    border: 1px solid var(--line);
    border-radius: 6px;
    color: inherit;
    background: none;
    font: inherit;
  }
  button {
    min-width: 36px;
    cursor: pointer;
  }
  button:disabled {
    opacity: 0.4;
    cursor: default;
  }
  button[type='submit'] {
    border-color: var(--accent);
    color: var(--on-accent);
    background: var(--accent);
    font-weight: 600;
  }
  input {
    flex: 1;
    min-width: 0;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 1px;
  }
  table {
    width: 100%;
    margin: 8px 0;
    border-collapse: collapse;
    table-layout: fixed;
  }
  th {
    padding: 2px 0;
    color: var(--muted);
    font-size: 11px;
    font-weight: 600;
  }
  td {
    position: relative;
    height: 36px;
    padding: 0;
    border-radius: 6px;
    color: var(--muted);
    text-align: center;
    cursor: pointer;
  }
  td.beside {
    opacity: 0.85;
  }
  td.kept {
    color: inherit;
    font-weight: 600;
  }
  /* A bar as on the timeline: the colour is not the only sign, the day is also set in bold. */
  td.kept::after {
    content: '';
    position: absolute;
    inset: auto 28% 4px;
    height: 3px;
    border-radius: 2px;
    background: var(--footage-kept, light-dark(#2a8a97, #37949f));
  }
  td:hover {
    background: light-dark(rgb(0 0 0 / 6%), rgb(255 255 255 / 8%));
  }
  td.today {
    box-shadow: inset 0 0 0 1px var(--line);
  }
  td[aria-selected='true'] {
    color: var(--on-accent);
    background: var(--accent);
  }
  td[aria-selected='true']::after {
    background: var(--on-accent);
  }
  td[aria-disabled='true'] {
    cursor: default;
    opacity: 0.3;
  }
  label {
    color: var(--muted);
  }
`;
