/** `<page-links>`: the cameras of the signed links in the address, for whoever holds them. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import '../player/footage-player';
import type { LinkedCamera } from '../player/archive';
import './page-open-link';
import type { LinksRoute } from './routes';
import { uiStyles } from './ui-styles';

export class PageLinks extends LitElement {
  static override styles = [
    uiStyles,
    css`
      :host {
        display: grid;
        gap: 12px;
      }
      footage-player {
        padding: 10px;
        border: 1px solid var(--line);
        border-radius: 10px;
        width: 100%;
        max-width: max(480px, calc((100vh - 320px) * 16 / 9));
        margin-inline: auto;
      }
      .card {
        padding: 24px;
        max-width: 480px;
      }
      @media (max-width: 1000px) {
        footage-player {
          max-width: none;
        }
      }
    `,
  ];
  static override properties = { route: { attribute: false }, _index: { state: true } };

  declare route: LinksRoute;
  declare _index: number;

  constructor() {
    super();
    this._index = 0;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('route')) this._index = 0;
  }

  protected override render(): TemplateResult {
    const { cameras, problem } = this.route;
    const shown = cameras[this._index];
    if (shown === undefined) {
      return html`<h1 tabindex="-1">This link can’t be opened</h1>
        <div class="card"><page-open-link .problem=${problem ?? ''}></page-open-link></div>`;
    }
    return html`
      <h1 tabindex="-1">${shown.title}</h1>
      ${cameras.length < 2
        ? nothing
        : html`<div class="row" role="group" aria-label="Cameras">
            ${cameras.map(
              ({ title }, index) =>
                html`<button aria-pressed=${index === this._index} @click=${() => (this._index = index)}>${title}</button>`,
            )}
          </div>`}
      ${isOurs(shown) ? this.#player(shown) : elsewhere(shown)}
    `;
  }

  #player({ title, link }: LinkedCamera): TemplateResult {
    const token = new URLSearchParams(link.token);
    const [from, to] = [limit(token.get('from')), limit(token.get('to'))];
    // A clip is watched from its beginning, all else from its newest picture.
    const start = this.route.atMs ?? (to === null ? null : from);
    return html`${keyed(
      this.route.cameras[this._index],
      html`<footage-player
        .src=${link.archiveUrl}
        .signature=${token.get('signature')}
        .exp=${Number(token.get('exp'))}
        .from=${from}
        .to=${to}
        .start=${start}
        .label=${title}
        autoplay
        muted
      ></footage-player>`,
    )}`;
  }
}

/** This page may speak to its own server alone. */
function isOurs({ link }: LinkedCamera): boolean {
  return new URL(link.archiveUrl).origin === location.origin;
}

function elsewhere({ title, link }: LinkedCamera): TemplateResult {
  const page = link.archiveUrl.replace(/archives\/[^/]*$/, '');
  const fragment = new URLSearchParams({ title, link: `${link.archiveUrl}?${link.token}` });
  return html`<div class="card">
    <p>This camera is kept by another server: <a href="${page}#${fragment}">watch it at ${new URL(page).host}</a>.</p>
  </div>`;
}

function limit(text: string | null): number | null {
  return text === null ? null : Number(text);
}

customElements.define('page-links', PageLinks);
