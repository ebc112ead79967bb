/** `<page-storage>`: what is used, what is free, how long that lasts; its limits, and what is full and why. */
import { css, html, LitElement, nothing, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import { sizeWords } from '../player/words';
import { fullWords, sentence, storageWords } from './camera-words';
import type { Storage } from './server';
import { uiStyles } from './ui-styles';

const SOON_DAYS = 3;

export class PageStorage extends LitElement {
  static override styles = [
    uiStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(160px, 1fr) auto;
        gap: 6px 24px;
        align-items: center;
        padding: 10px 14px;
      }
      svg {
        display: block;
        width: 100%;
        height: 10px;
        border-radius: 5px;
        background: var(--raised);
        border: 1px solid var(--line);
      }
      .footage {
        fill: var(--accent);
      }
      .locked {
        fill: var(--wait);
      }
      .limit {
        fill: var(--text);
      }
      .other {
        fill: var(--edge);
        opacity: 0.6;
      }
      .said {
        grid-column: 1 / -1;
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 22px;
      }
      dt {
        color: var(--muted);
        font-size: 12px;
      }
      dd {
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
      @media (max-width: 800px) {
        :host {
          grid-template-columns: 1fr;
        }
      }
    `,
  ];
  static override properties = { storage: { attribute: false } };

  declare storage: Storage;

  protected override render(): TemplateResult {
    const { sizeBytes, freeBytes, totalBytes, recordedBytesPerDay, daysToFull, limit, reachMs } = this.storage;
    const { maxBytes, keepFreeBytes, lockedBytes, text, refusedText } = this.storage;
    // Full is how it is meant to be, where the oldest gives way; it is not where nothing can.
    const isStuck = limit !== null && reachMs === 0;
    const isBad = freeBytes === null || isStuck || (limit === null && daysToFull !== null && daysToFull < SOON_DAYS);
    return html`
      ${freeBytes === null || totalBytes === null
        ? html`<p class="state bad">The storage does not answer</p>`
        : html`<svg role="img" aria-label="Storage: ${storageWords(this.storage)}">
            ${bar('footage', 0, sizeBytes / totalBytes)} ${bar('locked', 0, lockedBytes / totalBytes)}
            ${bar('other', sizeBytes / totalBytes, 1 - freeBytes / totalBytes)}
            ${maxBytes === null || maxBytes > totalBytes ? nothing : mark(maxBytes / totalBytes)}
          </svg>`}
      <dl>
        ${fact('Footage', sizeWords(sizeBytes))} ${lockedBytes === 0 ? nothing : fact('Locked of it', sizeWords(lockedBytes))}
        ${maxBytes === null ? nothing : fact('At most', sizeWords(maxBytes))}
        ${fact('Free', freeBytes === null ? 'not known' : sizeWords(freeBytes))}
        ${keepFreeBytes ? fact('To stay free', sizeWords(keepFreeBytes)) : nothing}
        ${totalBytes === null ? nothing : fact('Disk', sizeWords(totalBytes))} ${fact('In 24 hours', sizeWords(recordedBytesPerDay))}
        ${fact('Full in', fullWords(this.storage), isBad ? 'problem' : '')}
      </dl>
      ${limit === null ? nothing : html`<p class="said ${isStuck ? 'problem' : 'muted'}">${sentence(text)}</p>`}
      ${refusedText === null ? nothing : html`<p class="said problem">Footage is not removed: ${refusedText}</p>`}
    `;
  }
}

/** From one share of the whole to another: attributes, for a strict content policy allows no inline style. */
function bar(kind: string, from: number, to: number): SVGTemplateResult {
  return svg`<rect class=${kind} height="100%" x="${100 * from}%" width="${100 * Math.max(to - from, 0)}%"></rect>`;
}

/** Where the limit of all footage is. */
function mark(at: number): SVGTemplateResult {
  return svg`<rect class="limit" height="100%" x="${100 * at}%" width="2"></rect>`;
}

function fact(name: string, words: string, kind = ''): TemplateResult {
  return html`<div><dt>${name}</dt><dd class=${kind}>${words}</dd></div>`;
}

customElements.define('page-storage', PageStorage);
