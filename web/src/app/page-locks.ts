/** `<page-locks>`: the locks of a camera: what each keeps and why; locks more, and unlocks. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Span } from '../player/times';
import { sizeWords } from '../player/words';
import type { Zone } from '../player/zone';
import type { CameraStore } from './camera-store';
import { lockSpanWords, lockUntilWords, type Entry } from './camera-words';
import { announce } from './events';
import './page-lock-dialog';
import './page-unlock-dialog';
import { Refusal, type Lock, type Server } from './server';
import { uiStyles } from './ui-styles';

/** What the player has marked, and the zone in which it tells times. */
export interface Marked {
  readonly clip: Span | null;
  readonly zone: Zone;
}

export class PageLocks extends LitElement {
  static override styles = [
    uiStyles,
    css`
      :host {
        display: grid;
        gap: 10px;
        padding: 12px 14px;
      }
      ul {
        list-style: none;
        display: grid;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        gap: 6px 14px;
        align-items: center;
        padding-block: 8px;
        border-top: 1px solid var(--line);
      }
      li > div:first-child {
        flex: 1 1 300px;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      /* It is there before it says anything, for those who have it read out. */
      .problem:empty {
        position: absolute;
      }
      .reason {
        font-weight: 600;
      }
      .muted {
        font-variant-numeric: tabular-nums;
      }
    `,
  ];
  static override properties = {
    server: { attribute: false },
    store: { attribute: false },
    entry: { attribute: false },
    mayChange: { attribute: false },
    _locks: { state: true },
    _problem: { state: true },
    _dialog: { state: true },
  };

  declare server: Server;
  /** Locks are asked for whenever it has something new: others lock and unlock too. */
  declare store: CameraStore;
  declare entry: Entry;
  declare mayChange: boolean;
  /** Asked when a lock is to be made. */
  marked: () => Marked = () => ({ clip: null, zone: 'local' });
  /** Null until they are known. */
  declare _locks: readonly Lock[] | null;
  declare _problem: string;
  declare _dialog: Marked | Lock | null;
  #loads = 0;
  readonly #onChange = (): void => void this.#load();

  constructor() {
    super();
    this.mayChange = false;
    this._locks = this._dialog = null;
    this._problem = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.store.addEventListener('change', this.#onChange);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.store.removeEventListener('change', this.#onChange);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('entry') || changed.get('entry')?.camera.id === this.entry.camera.id) return;
    this._locks = null;
    void this.#load();
  }

  async #load(): Promise<void> {
    const load = ++this.#loads;
    try {
      const { locks } = await this.server.locks(this.entry.camera.id);
      if (load !== this.#loads) return;
      this._locks = locks;
      this._problem = '';
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (load === this.#loads) this._problem = error.message;
    }
  }

  #changed(words: string): void {
    this._dialog = null;
    announce(this, words);
    void this.store.refresh();
  }

  #unlocked(): void {
    this.#changed('The lock is removed.');
    // The button that had the focus goes.
    this.renderRoot.querySelector('h2')!.focus();
  }

  protected override render(): TemplateResult {
    const { lockedBytes } = this.entry.state.retention;
    return html`
      <div class="row">
        <h2 tabindex="-1">Locks</h2>
        ${lockedBytes === 0 ? nothing : html`<span class="muted">${sizeWords(lockedBytes)} kept by them</span>`}
        ${this.mayChange
          ? html`<button class="push" @click=${() => (this._dialog = this.marked())}>Lock footage …</button>`
          : nothing}
      </div>
      <p class="problem" role="alert">${this._problem}</p>
      ${this._locks === null
        ? nothing
        : this._locks.length === 0
          ? html`<p class="muted">Nothing is locked. What is locked stays, whatever the limits say.</p>`
          : html`<ul role="list" aria-label="Locks">
              ${repeat(
                this._locks,
                ({ id }) => id,
                (lock) => this.#row(lock),
              )}
            </ul>`}
      ${this.#dialogs()}
    `;
  }

  #row(lock: Lock): TemplateResult {
    return html`<li>
      <div>
        <p class="reason">${lock.reason}</p>
        <p class="muted">${lockSpanWords(lock)} · ${sizeWords(lock.sizeBytes)} · ${lockUntilWords(lock)}</p>
      </div>
      <div class="row">
        <button
          aria-label="Watch what “${lock.reason}” locks"
          @click=${() => this.dispatchEvent(new CustomEvent('page-seek', { detail: lock.start }))}
        >
          Watch
        </button>
        ${this.mayChange
          ? html`<button aria-label="Remove the lock “${lock.reason}” …" @click=${() => (this._dialog = lock)}>
              Remove …
            </button>`
          : nothing}
      </div>
    </li>`;
  }

  #dialogs(): TemplateResult | typeof nothing {
    const { server, _dialog: dialog } = this;
    const { camera } = this.entry;
    if (dialog === null) return nothing;
    const cancel = (): void => {
      this._dialog = null;
    };
    return 'id' in dialog
      ? html`<page-unlock-dialog
          .server=${server}
          .camera=${camera}
          .lock=${dialog}
          @page-done=${() => this.#unlocked()}
          @page-cancel=${cancel}
        ></page-unlock-dialog>`
      : html`<page-lock-dialog
          .server=${server}
          .camera=${camera}
          .clip=${dialog.clip}
          .zone=${dialog.zone}
          @page-done=${() => this.#changed('It is locked.')}
          @page-cancel=${cancel}
        ></page-lock-dialog>`;
  }
}

customElements.define('page-locks', PageLocks);
