/** `<page-open-link>`: a field for a signed link, which opens it on this page. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { ArchiveError, fragmentFor, parseSignedLink } from '../player/archive';
import { uiStyles } from './ui-styles';

export class PageOpenLink extends LitElement {
  static override styles = [
    uiStyles,
    css`
      :host,
      form {
        display: grid;
        gap: 14px;
      }
    `,
  ];
  static override properties = { problem: { attribute: false } };

  /** What is wrong with the link that was given; it is said at the field. */
  declare problem: string;

  constructor() {
    super();
    this.problem = '';
  }

  #open(event: SubmitEvent): void {
    event.preventDefault();
    const field = this.renderRoot.querySelector('input')!;
    try {
      parseSignedLink(field.value);
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      this.problem = error.message;
      field.focus();
      return;
    }
    location.hash = fragmentFor(field.value);
    field.value = this.problem = '';
  }

  protected override render(): TemplateResult {
    return html`
      <h2>Open a signed link</h2>
      <p class="muted">
        It needs no key. It is kept in the part of the address that is never sent to a server.
      </p>
      <form @submit=${(event: SubmitEvent) => this.#open(event)}>
        <div class="field">
          <label for="link">Signed archive link</label>
          <input
            id="link"
            type="url"
            required
            autocomplete="off"
            spellcheck="false"
            placeholder="https://…/archives/…?signature=…"
            aria-describedby="link-problem"
            aria-invalid=${this.problem !== ''}
          />
          <p id="link-problem" class="problem" role="alert">${this.problem === '' ? nothing : this.problem}</p>
        </div>
        <button>Watch</button>
      </form>
    `;
  }
}

customElements.define('page-open-link', PageOpenLink);
