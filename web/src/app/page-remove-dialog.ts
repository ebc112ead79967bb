/** `<page-remove-dialog>`: removes a camera with all its footage, once its title was typed. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { sizeWords } from '../player/words';
import { keptWords, type Entry } from './camera-words';
import { Refusal, type Server } from './server';
import { uiStyles } from './ui-styles';

export class PageRemoveDialog extends LitElement {
  static override styles = [
    uiStyles,
    css`
      strong {
        overflow-wrap: anywhere;
        white-space: pre-wrap;
      }
    `,
  ];
  static override properties = {
    server: { attribute: false },
    entry: { attribute: false },
    _typed: { state: true },
    _problem: { state: true },
    _isBusy: { state: true },
  };

  declare server: Server;
  declare entry: Entry;
  declare _typed: string;
  declare _problem: string;
  declare _isBusy: boolean;

  constructor() {
    super();
    this._typed = this._problem = '';
    this._isBusy = false;
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector('dialog')!.showModal();
  }

  get #isSure(): boolean {
    return this._typed.trim() === this.entry.camera.title.trim();
  }

  #tell(name: 'page-done' | 'page-cancel'): void {
    this.dispatchEvent(new CustomEvent(name));
  }

  async #remove(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!this.#isSure || this._isBusy) return;
    this._isBusy = true;
    this._problem = '';
    try {
      await this.server.remove(this.entry.camera.id);
      this.renderRoot.querySelector('dialog')!.close('done');
      this.#tell('page-done');
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this._problem = error.message;
    } finally {
      this._isBusy = false;
    }
  }

  protected override render(): TemplateResult {
    const { camera, state } = this.entry;
    return html`<dialog
      aria-labelledby="heading"
      @close=${(event: Event) => (event.target as HTMLDialogElement).returnValue !== 'done' && this.#tell('page-cancel')}
    >
      <form autocomplete="off" @submit=${(event: SubmitEvent) => void this.#remove(event)}>
        <h2 id="heading">Remove this camera and its footage?</h2>
        <p>
          <strong>${camera.title}</strong> and all that is kept of it go for good: ${keptWords(this.entry)},
          ${sizeWords(state.sizeBytes)}. Links to it stop working.
        </p>
        <div class="field">
          <label for="typed">Type its title to confirm</label>
          <input
            id="typed"
            required
            spellcheck="false"
            autofocus
            @input=${(event: Event) => (this._typed = (event.target as HTMLInputElement).value)}
          />
        </div>
        <p class="problem" role="alert">${this._problem}</p>
        <div class="row end">
          <button type="button" @click=${() => this.renderRoot.querySelector('dialog')!.close()}>Cancel</button>
          <button class="danger" ?disabled=${!this.#isSure || this._isBusy}>Remove for good</button>
        </div>
      </form>
    </dialog>`;
  }
}

customElements.define('page-remove-dialog', PageRemoveDialog);
