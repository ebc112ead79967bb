/** `<page-sign-in>`: a key for a session, or a signed link for a look without one. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import './page-open-link';
import type { Session } from './session';
import { Refusal } from './server';
import { uiStyles } from './ui-styles';

export class PageSignIn extends LitElement {
  static override styles = [
    uiStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
        gap: 16px;
        max-width: 860px;
        margin: 6vh auto 0;
        align-items: start;
      }
      .card {
        display: grid;
        gap: 14px;
        padding: 24px;
      }
      form {
        display: grid;
        gap: 14px;
      }
      code {
        font-size: 13px;
        overflow-wrap: anywhere;
      }
    `,
  ];
  static override properties = {
    session: { attribute: false },
    hasEnded: { attribute: false },
    _problem: { state: true },
    _isBusy: { state: true },
  };

  declare session: Session;
  /** Whether somebody was signed in before. */
  declare hasEnded: boolean;
  declare _problem: string;
  declare _isBusy: boolean;

  constructor() {
    super();
    this.hasEnded = this._isBusy = false;
    this._problem = '';
  }

  /** Puts the cursor where the key goes. */
  override focus(): void {
    this.#key.focus();
  }

  get #key(): HTMLInputElement {
    return this.renderRoot.querySelector('input')!;
  }

  async #signIn(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this._isBusy) return;
    this._isBusy = true;
    this._problem = '';
    try {
      await this.session.signIn(this.#key.value.trim());
      this.#key.value = '';
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this._problem = error.message;
      this.#key.focus();
      this.#key.select();
    } finally {
      this._isBusy = false;
    }
  }

  protected override render(): TemplateResult {
    return html`
      <section class="card">
        <h1 tabindex="-1">Sign in</h1>
        ${this.hasEnded ? html`<p role="status">Your session has ended. Sign in again to go on where you were.</p>` : nothing}
        <form @submit=${(event: SubmitEvent) => void this.#signIn(event)}>
          <div class="field">
            <label for="key">Integration key</label>
            <input
              id="key"
              type="password"
              required
              maxlength="256"
              autocomplete="current-password"
              aria-describedby="key-hint key-problem"
              aria-invalid=${this._problem !== ''}
            />
            <p id="key-hint" class="hint">It is handed to the server once and not kept in this browser.</p>
            <p id="key-problem" class="problem" role="alert">${this._problem}</p>
          </div>
          <button class="primary" ?disabled=${this._isBusy}>${this._isBusy ? 'Signing in …' : 'Sign in'}</button>
        </form>
        <p class="muted">Make a key on the server: <code>footage key add "Control room"</code></p>
      </section>
      <section class="card"><page-open-link></page-open-link></section>
    `;
  }
}

customElements.define('page-sign-in', PageSignIn);
