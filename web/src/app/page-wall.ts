/** `<page-wall>`: chosen cameras, watched at the same moment. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import '../player/footage-wall';
import type { FootageWall } from '../player/footage-wall';
import { Follows, type CameraStore } from './camera-store';
import { MomentInAddress } from './moment-in-address';
import { fragmentOf, OVERVIEW, type WallRoute } from './routes';
import { Refusal, type Camera, type Server } from './server';
import { uiStyles } from './ui-styles';

interface WallCamera {
  readonly id: string;
  readonly src: string;
  readonly signature: string;
  readonly exp: number;
  readonly label: string;
}

export class PageWall extends LitElement {
  static override styles = [
    uiStyles,
    css`
      :host {
        display: grid;
        gap: 12px;
      }
      footage-wall {
        padding: 10px;
        border: 1px solid var(--line);
        border-radius: 10px;
        width: 100%;
        /* The pictures may not push the timeline off a low window. */
        max-width: max(480px, calc((100vh - 340px) * 16 / 9));
        margin-inline: auto;
      }
      @media (max-width: 1000px) {
        footage-wall {
          max-width: none;
        }
      }
    `,
  ];
  static override properties = { server: { attribute: false }, store: { attribute: false }, route: { attribute: false } };

  declare server: Server;
  declare store: CameraStore;
  declare route: WallRoute;

  /** What the wall was opened with: it asks for the next tokens itself, and its moment goes on. */
  #opened: { ids: string; cameras: readonly WallCamera[]; atMs: number | null } | null = null;
  readonly #moment = new MomentInAddress(this, (atMs) => fragmentOf({ view: 'wall', ids: this.route.ids, atMs }));

  constructor() {
    super();
    new Follows(this, () => this.store);
  }

  async #renew(event: CustomEvent<{ src: string }>): Promise<void> {
    const wall = event.currentTarget as FootageWall;
    const { src } = event.detail;
    const camera = this.#opened?.cameras.find((one) => one.src === src);
    try {
      if (camera !== undefined) wall.renew(src, (await this.server.camera(camera.id)).archiveApiToken);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  protected override render(): TemplateResult {
    const { store, route } = this;
    const cameras = route.ids.flatMap((id) => store.find(id)?.camera ?? []);
    const back = fragmentOf({ ...OVERVIEW, chosen: route.ids });
    const missing = route.ids.length - cameras.length;
    return html`
      <nav aria-label="Way back"><a href=${back}>← Cameras</a></nav>
      <h1 tabindex="-1">Wall of ${route.ids.length} ${route.ids.length === 1 ? 'camera' : 'cameras'}</h1>
      ${!store.hasLoaded
        ? html`<p role="status" class="muted">Loading …</p>`
        : html`${missing === 0 ? nothing : html`<p role="status">${missing} of them are not known here any more.</p>`}
          ${cameras.length === 0 ? nothing : this.#wall(cameras)}`}
    `;
  }

  #wall(cameras: readonly Camera[]): TemplateResult {
    const ids = cameras.map(({ id }) => id).join();
    if (this.#opened?.ids !== ids) this.#opened = { ids, cameras: cameras.map(wallCamera), atMs: this.route.atMs };
    return html`${keyed(
      ids,
      html`<footage-wall
        .cameras=${this.#opened.cameras}
        .start=${this.#opened.atMs}
        autoplay
        @token-expiring=${(event: CustomEvent<{ src: string }>) => void this.#renew(event)}
        @timeupdate=${(event: CustomEvent<{ timeMs: number }>) => {
          const wall = event.currentTarget as FootageWall;
          this.#moment.note(wall.isLive ? null : event.detail.timeMs);
        }}
      ></footage-wall>`,
    )}`;
  }
}

function wallCamera({ id, title, archiveApiUrl, archiveApiToken }: Camera): WallCamera {
  return { id, src: archiveApiUrl, label: title, ...archiveApiToken };
}

customElements.define('page-wall', PageWall);
