/** How buttons, fields, dialogs and words of state look in every view of the page. */
import { css, type CSSResult } from 'lit';

export const uiStyles: CSSResult = css`
  * {
    box-sizing: border-box;
  }
  :host {
    display: block;
  }
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  p,
  dl,
  dd,
  ul,
  fieldset {
    margin: 0;
    padding: 0;
  }
  h1 {
    font-size: 20px;
    line-height: 1.3;
    overflow-wrap: anywhere;
  }
  h1:focus {
    outline: none;
  }
  h2 {
    font-size: 15px;
  }
  a {
    color: var(--accent);
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  button,
  a.button,
  input,
  select {
    font: inherit;
    color: inherit;
    min-height: 34px;
    padding: 0 12px;
    border: 1px solid var(--edge);
    border-radius: 6px;
    background: var(--card);
  }
  button,
  a.button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    font-weight: 500;
    white-space: nowrap;
    text-decoration: none;
    border-color: var(--line);
  }
  button:not(:disabled) {
    cursor: pointer;
  }
  button:not(:disabled):hover,
  a.button:hover {
    border-color: var(--accent);
  }
  button:disabled {
    opacity: 0.5;
  }
  button.primary,
  a.primary,
  [aria-pressed='true'] {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--on-accent);
  }
  button.danger {
    background: var(--danger);
    border-color: var(--danger);
    color: #fff;
  }
  button.plain {
    border-color: transparent;
    background: none;
  }
  input[type='checkbox'] {
    width: 18px;
    height: 18px;
    min-height: 0;
    margin: 0;
    accent-color: var(--accent);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 10px;
    align-items: center;
  }
  .push {
    margin-inline-start: auto;
  }
  .muted {
    color: var(--muted);
  }
  .card {
    background: var(--card);
    border: 1px solid var(--line);
    border-radius: 8px;
  }
  .state {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    color: var(--tone);
  }
  .state::before {
    content: '';
    flex: none;
    width: 8px;
    height: 8px;
    border-radius: 50%;
    background: var(--tone);
  }
  .good {
    --tone: var(--good);
  }
  .wait {
    --tone: var(--wait);
  }
  .bad {
    --tone: var(--bad);
  }
  .off {
    --tone: var(--off);
  }
  .off.state::before {
    background: none;
    border: 2px solid var(--tone);
  }
  .problem {
    color: var(--bad);
  }
  .field {
    display: grid;
    gap: 4px;
    align-content: start;
    min-width: 0;
  }
  .field > label {
    font-weight: 500;
  }
  .field > input,
  .field > select {
    width: 100%;
  }
  .field > .hint {
    color: var(--muted);
    font-size: 13px;
  }
  [aria-invalid='true'] {
    border-color: var(--bad);
  }
  dialog {
    width: min(600px, calc(100vw - 24px));
    max-height: calc(100vh - 24px);
    padding: 0;
    color: var(--text);
    background: var(--card);
    border: 1px solid var(--line);
    border-radius: 10px;
    box-shadow: 0 16px 48px rgb(0 0 0 / 0.35);
    overflow: auto;
  }
  dialog::backdrop {
    background: rgb(8 14 16 / 0.6);
  }
  dialog form {
    display: grid;
    gap: 14px;
    padding: 20px;
  }
  dialog .end {
    justify-content: flex-end;
  }
`;
