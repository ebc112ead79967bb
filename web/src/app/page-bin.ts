/** `<page-bin>`: the cameras that were removed and can still be taken back. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { momentWords } from '../player/words';
import type { CameraStore } from './camera-store';
import { announce } from './events';
import { fragmentOf } from './routes';
import { Refusal, type RemovedCamera, type Server } from './server';
import { uiStyles } from './ui-styles';

export class PageBin extends LitElement {
  static override styles = [
    uiStyles,
    css`
      :host {
        padding: 8px 14px;
      }
      summary {
        cursor: pointer;
      }
      ul {
        list-style: none;
        margin-top: 8px;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        gap: 6px 14px;
        align-items: center;
        padding-block: 8px;
        border-top: 1px solid var(--line);
      }
      .title {
        flex: 1 1 200px;
        min-width: 0;
        font-weight: 600;
        overflow-wrap: anywhere;
      }
    `,
  ];
  static override properties = {
    server: { attribute: false },
    store: { attribute: false },
    removed: { attribute: false },
    _isBusy: { state: true },
  };

  declare server: Server;
  declare store: CameraStore;
  declare removed: readonly RemovedCamera[];
  declare _isBusy: boolean;

  constructor() {
    super();
    this.removed = [];
    this._isBusy = false;
  }

  async #restore({ id, title }: RemovedCamera): Promise<void> {
    this._isBusy = true;
    try {
      await this.server.restore(id);
      // While this stands here still: with the last camera it goes.
      announce(this, `“${title}” is back.`);
      await this.store.refresh();
      location.hash = fragmentOf({ view: 'camera', id, atMs: null });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      announce(this, error.status === 404 ? `“${title}” can’t be taken back any more.` : error.message);
      void this.store.refresh();
    } finally {
      this._isBusy = false;
    }
  }

  protected override render(): TemplateResult {
    const { removed } = this;
    return html`<details>
      <summary>${removed.length === 1 ? 'A removed camera' : `${removed.length} removed cameras`} can be taken back</summary>
      <ul role="list" aria-label="Removed cameras">
        ${removed.map(
          (camera) =>
            html`<li>
              <span class="title">${camera.title}</span>
              <span class="muted">until ${momentWords(camera.until)}, then its footage is deleted</span>
              <button ?disabled=${this._isBusy} aria-label="Take back “${camera.title}”" @click=${() => void this.#restore(camera)}>
                Take back
              </button>
            </li>`,
        )}
      </ul>
    </details>`;
  }
}

customElements.define('page-bin', PageBin);
