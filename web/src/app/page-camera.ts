/** `<page-camera>`: one camera: its player, its state and figures, and all that can be done with it. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import '../player/footage-player';
import type { FootagePlayer } from '../player/footage-player';
import { clockWords, sizeWords } from '../player/words';
import './page-camera-dialog';
import './page-locks';
import './page-remove-dialog';
import { Follows, type CameraStore } from './camera-store';
import { adviceWords, sentence, stateWords, toneOf, type Entry } from './camera-words';
import { makeClipLink } from './clip-link';
import { announce } from './events';
import { MomentInAddress } from './moment-in-address';
import type { Marked } from './page-locks';
import { fragmentOf, OVERVIEW, type CameraRoute } from './routes';
import { reaches, Refusal, type Camera, type Scope, type Server } from './server';
import { uiStyles } from './ui-styles';

export class PageCamera extends LitElement {
  static override styles = [
    uiStyles,
    css`
      :host {
        display: grid;
        gap: 12px;
      }
      .body {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 300px;
        gap: 12px;
        align-items: start;
      }
      .main {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 12px;
      }
      footage-player {
        padding: 10px;
        border: 1px solid var(--line);
        border-radius: 10px;
      }
      footage-player,
      page-locks {
        width: 100%;
        /* The picture may not push the timeline off a low window. */
        max-width: max(480px, calc((100vh - 400px) * 16 / 9));
        margin-inline: auto;
      }
      aside {
        padding: 14px;
        display: grid;
        gap: 12px;
      }
      dl {
        display: grid;
        gap: 8px;
      }
      dt {
        color: var(--muted);
        font-size: 12px;
      }
      dd {
        overflow-wrap: anywhere;
        font-variant-numeric: tabular-nums;
      }
      .none {
        display: grid;
        gap: 8px;
        align-content: center;
        justify-items: center;
        text-align: center;
        aspect-ratio: 16 / 9;
        max-height: 60vh;
        width: 100%;
        padding: 16px;
      }
      @media (max-width: 1000px) {
        .body {
          grid-template-columns: minmax(0, 1fr);
        }
        dl {
          grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
        }
        dl > :first-child {
          grid-column: 1 / -1;
        }
        footage-player,
        page-locks {
          max-width: none;
        }
      }
    `,
  ];
  static override properties = {
    server: { attribute: false },
    store: { attribute: false },
    route: { attribute: false },
    scope: { attribute: false },
    _dialog: { state: true },
    _isBusy: { state: true },
  };

  declare server: Server;
  declare store: CameraStore;
  declare route: CameraRoute;
  /** What whoever is signed in may do. */
  declare scope: Scope;
  declare _dialog: { name: 'change' | 'remove'; entry: Entry } | null;
  declare _isBusy: boolean;

  /** What the player was opened with: it asks for the next token itself, and its moment goes on. */
  #opened: { camera: Camera; atMs: number | null } | null = null;
  readonly #moment = new MomentInAddress(this, (atMs) => fragmentOf({ view: 'camera', id: this.route.id, atMs }));

  constructor() {
    super();
    this._dialog = null;
    this._isBusy = false;
    new Follows(this, () => this.store);
  }

  async #renew(event: Event): Promise<void> {
    const player = event.target as FootagePlayer;
    try {
      player.renew((await this.server.camera(this.route.id)).archiveApiToken);
    } catch (error) {
      // The player says itself that its token is refused, and the page when nobody is signed in.
      if (!(error instanceof Refusal)) throw error;
    }
  }

  async #switch(camera: Camera): Promise<void> {
    this._isBusy = true;
    try {
      await this.server.change(camera.id, { isRecorded: !camera.isRecorded });
      await this.store.refresh();
      announce(this, camera.isRecorded ? `“${camera.title}” is switched off.` : `“${camera.title}” is to be recorded.`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      announce(this, error.message);
    } finally {
      this._isBusy = false;
    }
  }

  async #changed({ title }: Camera): Promise<void> {
    this._dialog = null;
    announce(this, `“${title}” is changed.`);
    await this.store.refresh();
  }

  #removed({ camera }: Entry): void {
    this._dialog = null;
    announce(this, `“${camera.title}” is removed. For a day it can be taken back here.`);
    void this.store.refresh();
    location.hash = fragmentOf(OVERVIEW);
  }

  protected override render(): TemplateResult {
    // One that is being removed is gone from the list before its removal is answered.
    const going = this._dialog?.name === 'remove' ? this._dialog.entry : null;
    const entry = this.store.find(this.route.id) ?? (going?.camera.id === this.route.id ? going : null);
    if (entry === null) {
      const isLoading = !this.store.hasLoaded;
      return html`<a href=${fragmentOf(OVERVIEW)}>← Cameras</a>
        <h1 tabindex="-1">${isLoading ? 'Loading …' : 'There is no such camera'}</h1>
        ${isLoading ? nothing : html`<p>It was removed, or its address is not whole.</p>`}`;
    }
    const { camera } = entry;
    const tone = toneOf(entry.state);
    return html`
      <nav aria-label="Way back"><a href=${fragmentOf(OVERVIEW)}>← Cameras</a></nav>
      <div class="row">
        <h1 tabindex="-1">${camera.title}</h1>
        <span class="state ${tone}">${stateWords(entry)}</span>
        ${this.#acts(entry)}
      </div>
      <div class="body">
        <div class="main">
          ${this.#player(entry)}
          <page-locks
            class="card"
            .server=${this.server}
            .store=${this.store}
            .entry=${entry}
            .mayChange=${reaches(this.scope, 'write')}
            .marked=${() => this.#marked()}
            @page-seek=${(event: CustomEvent<number>) => this.#watch(event.detail)}
          ></page-locks>
        </div>
        ${facts(entry)}
      </div>
      ${this.#dialogs(entry)}
    `;
  }

  #acts(entry: Entry): TemplateResult | typeof nothing {
    if (!reaches(this.scope, 'write')) return nothing;
    const { camera } = entry;
    const open = (name: 'change' | 'remove'): void => {
      this._dialog = { name, entry };
    };
    return html`<span class="row push">
      <button @click=${() => open('change')}>Change …</button>
      <button ?disabled=${this._isBusy} @click=${() => void this.#switch(camera)}>
        ${camera.isRecorded ? 'Switch recording off' : 'Switch recording on'}
      </button>
      ${reaches(this.scope, 'admin') ? html`<button @click=${() => open('remove')}>Remove …</button>` : nothing}
    </span>`;
  }

  get #footagePlayer(): FootagePlayer | null {
    return this.renderRoot.querySelector('footage-player');
  }

  #marked(): Marked {
    const player = this.#footagePlayer;
    return { clip: player?.clip ?? null, zone: player?.zone ?? 'local' };
  }

  #watch(timeMs: number): void {
    const player = this.#footagePlayer;
    player?.scrollIntoView({ block: 'nearest' });
    void player?.seek(timeMs);
  }

  #player(entry: Entry): TemplateResult {
    const { camera, state } = entry;
    if (state.last === null) {
      return html`<div class="none card">
        <p>No footage yet.</p>
        <p class="muted">It is played here as soon as some is kept.</p>
      </div>`;
    }
    if (this.#opened?.camera.id !== camera.id) this.#opened = { camera, atMs: this.route.atMs };
    const { archiveApiUrl, archiveApiToken } = this.#opened.camera;
    return html`${keyed(
      camera.id,
      html`<footage-player
        .src=${archiveApiUrl}
        .signature=${archiveApiToken.signature}
        .exp=${archiveApiToken.exp}
        .start=${this.#opened.atMs}
        .label=${camera.title}
        .clipLink=${(clip: { startMs: number; endMs: number }) => makeClipLink(this.server, this.scope, camera, clip)}
        autoplay
        muted
        @token-expiring=${(event: Event) => void this.#renew(event)}
        @timeupdate=${(event: CustomEvent<{ timeMs: number }>) => {
          const player = event.currentTarget as FootagePlayer;
          this.#moment.note(player.isLive ? null : event.detail.timeMs);
        }}
      ></footage-player>`,
    )}`;
  }

  #dialogs(entry: Entry): TemplateResult | typeof nothing {
    const cancel = (): void => {
      this._dialog = null;
    };
    if (this._dialog?.name === 'change') {
      return html`<page-camera-dialog
        .server=${this.server}
        .camera=${entry.camera}
        .others=${this.store.entries.map(({ camera }) => camera)}
        @page-done=${(event: CustomEvent<Camera>) => void this.#changed(event.detail)}
        @page-cancel=${cancel}
      ></page-camera-dialog>`;
    }
    if (this._dialog?.name === 'remove') {
      return html`<page-remove-dialog
        .server=${this.server}
        .entry=${entry}
        @page-done=${() => this.#removed(entry)}
        @page-cancel=${cancel}
      ></page-remove-dialog>`;
    }
    return nothing;
  }
}

function facts(entry: Entry): TemplateResult {
  const { camera, state } = entry;
  const { location } = camera;
  const { targetBytes, lockedBytes, text } = state.retention;
  return html`<aside class="card" aria-label="About this camera">
    ${toneOf(state) === 'good'
      ? nothing
      : html`<div>
          <p class="state ${toneOf(state)}">${stateWords(entry)}</p>
          ${state.detail === null ? nothing : html`<p class="muted">${state.detail}</p>`}
          <p>${adviceWords(entry)}</p>
        </div>`}
    <dl>
      ${fact('How long it is kept', sentence(text))} ${fact('Size', sizeWords(state.sizeBytes))}
      ${fact('At most', targetBytes === null ? null : sizeWords(targetBytes))}
      ${fact('Locked', lockedBytes === 0 ? null : sizeWords(lockedBytes))}
      ${fact('Oldest', state.first === null ? null : clockWords(state.first))}
      ${fact('Newest', state.last === null ? null : clockWords(state.last))} ${fact('Runs', String(state.runs))}
      ${fact('Sound', camera.isAudioRecorded ? 'Recorded too' : 'Left out')}
      ${fact('Transport', camera.transport.toUpperCase())}
      ${fact('Location', location === null ? null : [location.title, location.room?.title].filter(Boolean).join(' · '))}
      ${fact('Device id', camera.deviceId)} ${fact('Model', camera.cameraModel)} ${fact('Serial number', camera.serialNumber)}
      ${fact('Platform', camera.platform)} ${fact('Firmware', camera.firmwareVersion)}
      ${fact('Application', camera.applicationVersion)}
    </dl>
  </aside>`;
}

function fact(name: string, words: string | null): TemplateResult | typeof nothing {
  return words === null ? nothing : html`<div><dt>${name}</dt><dd>${words}</dd></div>`;
}

customElements.define('page-camera', PageCamera);
