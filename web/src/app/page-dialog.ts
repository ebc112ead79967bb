/**
 * What the page's dialogs share: each opens at once, does one thing, and tells by `page-done` that it is
 * done, by `page-cancel` that nothing was. What the server refuses is said in the dialog, at its fields.
 */
import { css, html, LitElement, type PropertyDeclarations, type TemplateResult } from 'lit';
import { Refusal, type Server } from './server';
import { uiStyles } from './ui-styles';

export interface Act<T> {
  /** What the button says. */
  readonly words: string;
  readonly run: (form: FormData) => Promise<T>;
  readonly isDanger?: boolean;
  readonly isOff?: boolean;
}

export abstract class PageDialog<T = void> extends LitElement {
  static override styles = [
    uiStyles,
    css`
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 220px), 1fr));
        gap: 14px;
      }
    `,
  ];
  static override properties: PropertyDeclarations = {
    server: { attribute: false },
    _faults: { state: true },
    _problem: { state: true },
    _isBusy: { state: true },
  };

  declare server: Server;
  declare _faults: ReadonlyMap<string, string>;
  declare _problem: string;
  declare _isBusy: boolean;

  constructor() {
    super();
    this._faults = new Map();
    this._problem = '';
    this._isBusy = false;
  }

  protected override firstUpdated(): void {
    this.#dialog.showModal();
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector('dialog')!;
  }

  async #submit(event: SubmitEvent, { run, isOff }: Act<T>): Promise<void> {
    event.preventDefault();
    if (isOff || this._isBusy) return;
    this._isBusy = true;
    this._problem = '';
    this._faults = new Map();
    try {
      const detail = await run(new FormData(event.target as HTMLFormElement));
      this.#dialog.close('done');
      this.dispatchEvent(new CustomEvent('page-done', { detail }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this._faults = error.faults;
      this._problem = error.faults.size === 0 ? error.message : 'Correct what is marked.';
      await this.updateComplete;
      const faulty = this.renderRoot.querySelector<HTMLElement>('[aria-invalid="true"]');
      faulty?.closest('details')?.setAttribute('open', '');
      faulty?.focus();
    } finally {
      this._isBusy = false;
    }
  }

  /** The dialog around its content, with the button that does it. */
  protected framed(heading: string, content: TemplateResult, act: Act<T>): TemplateResult {
    return html`<dialog
      aria-labelledby="heading"
      @cancel=${(event: Event) => this._isBusy && event.preventDefault()}
      @close=${() => this.#dialog.returnValue !== 'done' && this.dispatchEvent(new CustomEvent('page-cancel'))}
    >
      <form autocomplete="off" @submit=${(event: SubmitEvent) => void this.#submit(event, act)}>
        <h2 id="heading">${heading}</h2>
        ${content}
        <p class="problem" role="alert">${this._problem}</p>
        <div class="row end">
          <button type="button" ?disabled=${this._isBusy} @click=${() => this.#dialog.close()}>Cancel</button>
          <button class=${act.isDanger ? 'danger' : 'primary'} ?disabled=${act.isOff || this._isBusy}>${act.words}</button>
        </div>
      </form>
    </dialog>`;
  }
}
