/** `<page-tile>`: one camera of the overview, with its newest picture while it is in view. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { Archive, ArchiveError, parseSignedLink } from '../player/archive';
import { dayValue, momentWords, sizeWords, timeWords } from '../player/words';
import { keptWords, stateWords, toneOf, type Entry } from './camera-words';
import { picturesInView } from './pictures-in-view';
import { fragmentOf } from './routes';
import { uiStyles } from './ui-styles';

const PICTURE_PX = 400;
const REFRESH_MS = 10_000;

export class PageTile extends LitElement {
  static override styles = [
    uiStyles,
    css`
      :host {
        position: relative;
        overflow: hidden;
        height: 100%;
      }
      /* What it is comes first for those who hear it, how it looks for those who see it. */
      a {
        display: grid;
        color: inherit;
        text-decoration: none;
      }
      a:focus-visible {
        outline-offset: -3px;
        border-radius: 7px;
      }
      .screen {
        order: -1;
        position: relative;
        aspect-ratio: 16 / 9;
        display: grid;
        place-items: center;
        background: #0b0f11;
        color: #b9c4c8;
      }
      img {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        object-fit: contain;
      }
      .stale img {
        filter: grayscale(1) brightness(0.75);
      }
      .moment {
        position: absolute;
        inset: auto 6px 6px auto;
        padding: 0 6px;
        border-radius: 4px;
        background: rgb(0 0 0 / 0.72);
        color: #fff;
        font-size: 12px;
        font-variant-numeric: tabular-nums;
      }
      .facts {
        display: grid;
        gap: 1px;
        padding: 8px 10px 9px;
      }
      h2,
      .line {
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      h2 {
        font-size: 14px;
      }
      a:hover h2 {
        color: var(--accent);
      }
      .figures {
        display: flex;
        justify-content: space-between;
        gap: 8px;
        color: var(--muted);
        font-size: 13px;
        font-variant-numeric: tabular-nums;
      }
      label {
        position: absolute;
        inset: 0 auto auto 0;
        display: grid;
        padding: 8px;
        cursor: pointer;
      }
      label input {
        box-shadow: 0 0 0 2px rgb(0 0 0 / 0.45);
        border-radius: 3px;
      }
      :host([chosen])::after {
        content: '';
        position: absolute;
        inset: 0;
        border: 2px solid var(--accent);
        border-radius: 7px;
        pointer-events: none;
      }
    `,
  ];
  static override properties = {
    entry: { attribute: false },
    chosen: { type: Boolean, reflect: true },
    _pictureUrl: { state: true },
    _pictureMs: { state: true },
  };

  declare entry: Entry;
  /** Whether it is chosen for a wall. */
  declare chosen: boolean;
  declare _pictureUrl: string | null;
  declare _pictureMs: number | null;

  #triedMs = -Infinity;
  /** The newest moment that was kept when its picture was fetched. */
  #shownLast: number | null = null;
  #loading = new AbortController();

  constructor() {
    super();
    this.chosen = false;
    this._pictureUrl = this._pictureMs = null;
  }

  isDue(nowMs: number): boolean {
    const { last } = this.entry.state;
    return last !== null && last !== this.#shownLast && nowMs - this.#triedMs >= REFRESH_MS;
  }

  async load(): Promise<void> {
    const { camera, state } = this.entry;
    const { signature, exp } = camera.archiveApiToken;
    this.#triedMs = Date.now();
    this.#loading.abort();
    const { signal } = (this.#loading = new AbortController());
    try {
      const archive = new Archive(parseSignedLink(`${camera.archiveApiUrl}?signature=${signature}&exp=${exp}`));
      const picture = await archive.picture(state.last! - 1, PICTURE_PX, signal);
      if (signal.aborted) return;
      this.#drop();
      this._pictureUrl = URL.createObjectURL(picture.jpeg);
      this._pictureMs = picture.frameMs;
      this.#shownLast = state.last;
    } catch (error) {
      // What has no picture gets none until there is newer footage; all else is tried again.
      if (error instanceof ArchiveError && error.kind === 'empty') this.#shownLast = state.last;
    }
  }

  /** Puts the focus on the link to the camera. */
  override focus(): void {
    this.renderRoot.querySelector('a')?.focus();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    picturesInView.watch(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    picturesInView.unwatch(this);
    this.#loading.abort();
    this.#drop();
    this.#shownLast = null;
    this.#triedMs = -Infinity;
  }

  #drop(): void {
    if (this._pictureUrl !== null) URL.revokeObjectURL(this._pictureUrl);
    this._pictureUrl = this._pictureMs = null;
  }

  #choose(event: Event): void {
    const { checked } = event.target as HTMLInputElement;
    this.dispatchEvent(new CustomEvent('page-choose', { detail: { id: this.entry.camera.id, isChosen: checked } }));
  }

  protected override render(): TemplateResult {
    const { camera, state } = this.entry;
    const tone = toneOf(state);
    const words = stateWords(this.entry);
    const place = [camera.location?.title, camera.location?.room?.title].filter(Boolean).join(' · ');
    return html`
      <a href=${fragmentOf({ view: 'camera', id: camera.id, atMs: null })}>
        <div class="facts">
          <h2 title=${camera.title}>${camera.title}</h2>
          <p class="line"><span class="state ${tone}" title=${words}>${words}</span></p>
          <p class="figures"><span>${keptWords(this.entry)}</span><span>${sizeWords(state.sizeBytes)}</span></p>
          ${place === '' ? nothing : html`<p class="line muted" title=${place}>${place}</p>`}
        </div>
        <div class="screen ${tone === 'bad' ? 'stale' : ''}">
          ${this._pictureUrl === null
            ? html`<span>${state.last === null ? 'No footage yet' : ''}</span>`
            : html`<img src=${this._pictureUrl} alt="" decoding="async" />`}
          ${this._pictureMs === null ? nothing : html`<time class="moment" datetime=${new Date(this._pictureMs).toISOString()}>${pictureWords(this._pictureMs)}</time>`}
        </div>
      </a>
      <label><input type="checkbox" aria-label="Choose ${camera.title}" .checked=${this.chosen} @change=${(event: Event) => this.#choose(event)} /></label>
    `;
  }
}

/** A time of day where it can't be mistaken for another day's. */
function pictureWords(timeMs: number): string {
  return dayValue(timeMs) === dayValue(Date.now()) ? timeWords(timeMs) : momentWords(timeMs);
}

customElements.define('page-tile', PageTile);

declare global {
  interface HTMLElementTagNameMap {
    'page-tile': PageTile;
  }
}
