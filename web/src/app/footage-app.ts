/** `<footage-app>`: the page: who is signed in, which view the address names, and what is said to all. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import './page-camera';
import './page-cameras';
import './page-links';
import './page-sign-in';
import './page-wall';
import mark from './favicon.svg';
import { CameraStore, Follows } from './camera-store';
import type { PageCameras } from './page-cameras';
import { fragmentOf, isSamePlace, OVERVIEW, parseRoute, type Route } from './routes';
import { reaches, Refusal, Server } from './server';
import { Session } from './session';
import { uiStyles } from './ui-styles';

const NOTICE_MS = 6000;

export class FootageApp extends LitElement {
  static override styles = [
    uiStyles,
    css`
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 16px;
        padding: 6px 16px;
        background: var(--card);
        border-bottom: 1px solid var(--line);
      }
      .brand {
        display: inline-flex;
        gap: 8px;
        align-items: center;
        font-weight: 700;
        font-size: 16px;
        color: inherit;
        text-decoration: none;
      }
      .who {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        max-width: 30vw;
      }
      main {
        padding: 14px 16px 24px;
        max-width: 1800px;
        margin: 0 auto;
      }
      .away {
        margin: 0 0 12px;
        padding: 8px 12px;
        border-color: var(--bad);
      }
      .notice {
        position: fixed;
        inset: auto auto 16px 50%;
        translate: -50% 0;
        z-index: 2;
        max-width: calc(100vw - 32px);
        padding: 8px 16px;
        border-radius: 8px;
        background: var(--text);
        color: var(--page);
        overflow-wrap: anywhere;
      }
      .notice:empty {
        visibility: hidden;
      }
    `,
  ];
  static override properties = { _route: { state: true }, _notice: { state: true } };

  declare _route: Route;
  declare _notice: string;

  readonly #server = new Server();
  readonly #session = new Session(this.#server);
  readonly #store = new CameraStore(this.#server);
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #wasSignedIn: boolean | undefined;

  constructor() {
    super();
    this._route = parseRoute(location.hash);
    this._notice = '';
    new Follows(this, () => this.#store);
    this.#session.addEventListener('change', () => void this.#onSession());
    this.addEventListener('page-announce', (event) => this.#say((event as CustomEvent<string>).detail));
    this.addEventListener('page-stay', (event) => this.#stay((event as CustomEvent<string>).detail));
    addEventListener('hashchange', () => void this.#onAddress());
    this.#begin();
  }

  /** Links open without a session, so none is asked for. */
  #begin(): void {
    if (this._route.view === 'links') return;
    void this.#session.open();
    if (this.#session.who) this.#store.start(reaches(this.#session.who.scope, 'admin'));
  }

  async #onSession(): Promise<void> {
    this.requestUpdate();
    if (this.#session.who === undefined) return;
    const isSignedIn = this.#session.who !== null;
    if (isSignedIn) this.#begin();
    else this.#store.stop();
    if (this.#wasSignedIn === isSignedIn) return;
    this.#wasSignedIn = isSignedIn;
    await this.updateComplete;
    await this.#focusView();
  }

  async #onAddress(): Promise<void> {
    const before = this._route;
    this._route = parseRoute(location.hash);
    this.#begin();
    await this.updateComplete;
    if (isSamePlace(before, this._route)) return;
    const view = this.renderRoot.querySelector<PageCameras>('page-cameras');
    await view?.updateComplete;
    if (before.view === 'camera' && view?.focusCamera(before.id)) return;
    scrollTo(0, 0);
    await this.#focusView();
  }

  /** A new view is read out from its heading on; whoever has to sign in can type at once. */
  async #focusView(): Promise<void> {
    const view = this.renderRoot.querySelector<LitElement>('main > .view');
    await view?.updateComplete;
    if (view?.localName === 'page-sign-in') view.focus();
    else view?.renderRoot.querySelector('h1')?.focus();
  }

  async #signOut(): Promise<void> {
    this.#store.stop();
    try {
      await this.#session.signOut();
      location.hash = fragmentOf(OVERVIEW);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#say(error.message);
      this.#begin();
    }
  }

  #stay(fragment: string): void {
    if (location.hash === fragment) return;
    history.replaceState(null, '', fragment);
    this._route = parseRoute(fragment);
  }

  #say(words: string): void {
    clearTimeout(this.#noticeTimer);
    this._notice = words;
    this.#noticeTimer = setTimeout(() => (this._notice = ''), NOTICE_MS);
  }

  protected override updated(): void {
    document.title = this.#title();
  }

  #title(): string {
    const route = this._route;
    const name =
      route.view === 'links'
        ? route.cameras[0]?.title
        : !this.#session.who
          ? 'Sign in'
          : route.view === 'camera'
            ? this.#store.find(route.id)?.camera.title
            : route.view === 'wall'
              ? 'Wall'
              : 'Cameras';
    return name === undefined ? 'Footage' : `${name} · Footage`;
  }

  protected override render(): TemplateResult {
    const { who } = this.#session;
    const problem = who ? this.#store.problem : this.#session.problem;
    return html`
      <header>
        <a class="brand" href=${fragmentOf(OVERVIEW)}><img src=${mark} alt="" width="20" height="20" />Footage</a>
        <a class="push" href="./docs.html">API</a>
        ${who
          ? html`<span class="who muted" title="The key that is signed in with">${who.name}</span>
              <button class="plain" @click=${() => void this.#signOut()}>Sign out</button>`
          : this._route.view === 'links'
            ? html`<a href=${fragmentOf(OVERVIEW)}>Sign in</a>`
            : nothing}
      </header>
      <main>
        <div role="alert">
          ${problem === null || this._route.view === 'links' ? nothing : html`<p class="away card problem">${problem}</p>`}
        </div>
        ${this.#view()}
      </main>
      <p class="notice" role="status">${this._notice}</p>
    `;
  }

  #view(): TemplateResult | typeof nothing {
    const route = this._route;
    if (route.view === 'links') return html`<page-links class="view" .route=${route}></page-links>`;
    if (this.#session.who === undefined) return nothing;
    const { who } = this.#session;
    if (who === null) {
      return html`<page-sign-in class="view" .session=${this.#session} .hasEnded=${this.#session.hasEnded}></page-sign-in>`;
    }
    const [server, store] = [this.#server, this.#store];
    if (route.view === 'camera') {
      return html`<page-camera
        class="view"
        .server=${server}
        .store=${store}
        .route=${route}
        .scope=${who.scope}
      ></page-camera>`;
    }
    if (route.view === 'wall') {
      return html`<page-wall class="view" .server=${server} .store=${store} .route=${route}></page-wall>`;
    }
    return html`<page-cameras
      class="view"
      .server=${server}
      .store=${store}
      .route=${route}
      .scope=${who.scope}
    ></page-cameras>`;
  }
}

customElements.define('footage-app', FootageApp);
