/** `<page-cameras>`: the overview: the storage, and every camera as a tile, to search, sort and choose. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import './page-bin';
import './page-camera-dialog';
import './page-storage';
import './page-tile';
import { Follows, type CameraStore } from './camera-store';
import { chosenEntries, isShown, type Entry } from './camera-words';
import { announce, stay } from './events';
import { fragmentOf, SHOWS, SORTS, type CamerasRoute, type Show, type Sort } from './routes';
import { reaches, type Camera, type Scope, type Server } from './server';
import { uiStyles } from './ui-styles';

/** More pictures than this nobody follows, and no browser plays. */
const WALL_MAX = 16;
const SHOW_WORDS: Record<Show, string> = { all: 'All', recording: 'Recording', trouble: 'Trouble', off: 'Off' };
const SORT_WORDS: Record<Sort, string> = {
  title: 'Title',
  state: 'Trouble first',
  newest: 'Newest footage first',
  bytes: 'Most bytes first',
};

export class PageCameras extends LitElement {
  static override styles = [
    uiStyles,
    css`
      :host {
        display: grid;
        gap: 12px;
      }
      input[type='search'] {
        flex: 1 1 220px;
        max-width: 420px;
        min-width: 0;
      }
      .shows {
        display: flex;
        flex-wrap: wrap;
      }
      .shows button {
        border-radius: 0;
        margin-inline-start: -1px;
      }
      .shows button:first-child {
        border-radius: 6px 0 0 6px;
        margin: 0;
      }
      .shows button:last-child {
        border-radius: 0 6px 6px 0;
      }
      .count {
        font-variant-numeric: tabular-nums;
        opacity: 0.85;
      }
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 250px), 1fr));
        gap: 12px;
        list-style: none;
      }
      li {
        content-visibility: auto;
        contain-intrinsic-size: auto 250px auto 232px;
      }
      .empty {
        display: grid;
        gap: 10px;
        justify-items: start;
        padding: 28px;
        max-width: 640px;
      }
      .chosen {
        position: sticky;
        bottom: 12px;
        z-index: 1;
        padding: 8px 12px;
        box-shadow: 0 6px 24px rgb(0 0 0 / 0.25);
      }
      code {
        font-size: 13px;
      }
    `,
  ];
  static override properties = {
    server: { attribute: false },
    store: { attribute: false },
    route: { attribute: false },
    scope: { attribute: false },
    _isAdding: { state: true },
  };

  declare server: Server;
  declare store: CameraStore;
  declare route: CamerasRoute;
  /** What whoever is signed in may do. */
  declare scope: Scope;
  declare _isAdding: boolean;

  constructor() {
    super();
    this._isAdding = false;
    new Follows(this, () => this.store);
  }

  /** Puts the focus on a camera's tile; false where it is not shown. */
  focusCamera(id: string): boolean {
    const tile = [...this.renderRoot.querySelectorAll('page-tile')].find(({ entry }) => entry.camera.id === id);
    tile?.scrollIntoView({ block: 'center' });
    tile?.focus();
    return tile !== undefined;
  }

  #go(change: Partial<CamerasRoute>): void {
    stay(this, fragmentOf({ ...this.route, ...change }));
  }

  #choose(id: string, isChosen: boolean): void {
    const others = this.route.chosen.filter((one) => one !== id);
    if (isChosen && others.length >= WALL_MAX) {
      announce(this, `A wall shows at most ${WALL_MAX} cameras.`);
      this.requestUpdate();
      return;
    }
    this.#go({ chosen: isChosen ? [...others, id] : others });
  }

  async #added({ id, title }: Camera): Promise<void> {
    this._isAdding = false;
    announce(this, `“${title}” is added.`);
    await this.store.refresh();
    location.hash = fragmentOf({ view: 'camera', id, atMs: null });
  }

  protected override render(): TemplateResult {
    const { storage, entries, removed, hasLoaded } = this.store;
    const shown = chosenEntries(entries, this.route);
    return html`
      <div class="row">
        <h1 tabindex="-1">Cameras</h1>
        ${this.#mayAdd ? html`<button class="primary push" @click=${() => (this._isAdding = true)}>Add a camera …</button>` : nothing}
      </div>
      ${storage === null ? nothing : html`<page-storage class="card" .storage=${storage}></page-storage>`}
      ${removed.length === 0
        ? nothing
        : html`<page-bin class="card" .server=${this.server} .store=${this.store} .removed=${removed}></page-bin>`}
      ${!hasLoaded
        ? html`<p role="status" class="muted">Loading …</p>`
        : entries.length === 0
          ? this.#noCameras()
          : html`${this.#tools(entries)} ${shown.length === 0 ? this.#noneFound() : this.#tiles(shown)} ${this.#chosenBar()}`}
      ${this._isAdding
        ? html`<page-camera-dialog
            .server=${this.server}
            .others=${entries.map(({ camera }) => camera)}
            @page-done=${(event: CustomEvent<Camera>) => void this.#added(event.detail)}
            @page-cancel=${() => (this._isAdding = false)}
          ></page-camera-dialog>`
        : nothing}
    `;
  }

  get #mayAdd(): boolean {
    return reaches(this.scope, 'write');
  }

  #tools(entries: readonly Entry[]): TemplateResult {
    const { search, sort, show } = this.route;
    return html`<div class="row" role="search">
      <input
        type="search"
        aria-label="Search cameras"
        placeholder="Search title, place, model"
        .value=${search}
        @input=${(event: Event) => this.#go({ search: (event.target as HTMLInputElement).value })}
      />
      <div class="shows" role="group" aria-label="Show">
        ${SHOWS.map(
          (one) =>
            html`<button aria-pressed=${one === show} @click=${() => this.#go({ show: one })}>
              ${SHOW_WORDS[one]} <span class="count">${entries.filter((entry) => isShown(one, entry)).length}</span>
            </button>`,
        )}
      </div>
      <label class="row push">
        <span class="muted">Sort</span>
        <select @change=${(event: Event) => this.#go({ sort: (event.target as HTMLSelectElement).value as Sort })}>
          ${SORTS.map((one) => html`<option value=${one} ?selected=${one === sort}>${SORT_WORDS[one]}</option>`)}
        </select>
      </label>
    </div>`;
  }

  #tiles(shown: readonly Entry[]): TemplateResult {
    const chosen = new Set(this.route.chosen);
    return html`<ul role="list" aria-label="Cameras">
      ${repeat(
        shown,
        ({ camera }) => camera.id,
        (entry) =>
          html`<li>
            <page-tile
              class="card"
              .entry=${entry}
              .chosen=${chosen.has(entry.camera.id)}
              @page-choose=${(event: CustomEvent<{ id: string; isChosen: boolean }>) =>
                this.#choose(event.detail.id, event.detail.isChosen)}
            ></page-tile>
          </li>`,
      )}
    </ul>`;
  }

  #chosenBar(): TemplateResult | typeof nothing {
    const ids = this.route.chosen.filter((id) => this.store.find(id) !== null);
    if (ids.length === 0) return nothing;
    return html`<div class="chosen card row" role="group" aria-label="Chosen cameras">
      <span role="status">${ids.length} chosen</span>
      <button class="plain" @click=${() => this.#go({ chosen: [] })}>Clear</button>
      <a class="button primary push" href=${fragmentOf({ view: 'wall', ids, atMs: null })}>Watch together</a>
    </div>`;
  }

  #noneFound(): TemplateResult {
    const { search, show } = this.route;
    const what = search === '' ? 'No camera' : `No camera with “${search}”`;
    return html`<div class="empty">
      <p role="status">${what} ${show === 'all' ? 'is known here' : `is among “${SHOW_WORDS[show]}”`}.</p>
      <button @click=${() => this.#go({ search: '', show: 'all' })}>Show all</button>
    </div>`;
  }

  #noCameras(): TemplateResult {
    if (!this.#mayAdd) {
      return html`<section class="empty card">
        <h2>No camera yet</h2>
        <p>A key of scope <code>write</code> or <code>admin</code> adds one.</p>
      </section>`;
    }
    return html`<section class="empty card">
      <h2>No camera yet</h2>
      <p>Add one with the address of its stream, as its manual tells it: <code>rtsp://user:password@192.0.2.7/stream1</code>.</p>
      <p class="muted">
        Footage records it within two seconds and keeps it for as many days as you say. A camera without an address
        can take files in: <code>footage import</code>.
      </p>
      <button class="primary" @click=${() => (this._isAdding = true)}>Add a camera …</button>
    </section>`;
  }
}

customElements.define('page-cameras', PageCameras);
