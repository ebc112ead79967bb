/** `<page-remove-dialog>`: removes a camera with all its footage, once its title was typed. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { momentWords, sizeWords } from '../player/words';
import { keptWords, type Entry } from './camera-words';
import { PageDialog } from './page-dialog';
import { Refusal } from './server';

/** How long the server lets it be taken back. */
const BIN_MS = 86_400_000;

export class PageRemoveDialog extends PageDialog {
  static override styles = [
    ...PageDialog.styles,
    css`
      strong {
        overflow-wrap: anywhere;
        white-space: pre-wrap;
      }
    `,
  ];
  static override properties = { entry: { attribute: false }, _typed: { state: true }, _locks: { state: true } };

  declare entry: Entry;
  declare _typed: string;
  /** How many locks stand against it. */
  declare _locks: number;

  constructor() {
    super();
    this._typed = '';
    this._locks = 0;
  }

  protected override firstUpdated(): void {
    super.firstUpdated();
    void this.#countLocks();
  }

  async #countLocks(): Promise<void> {
    try {
      this._locks = (await this.server.locks(this.entry.camera.id)).locks.length;
    } catch (error) {
      // Where they can't be had, the server refuses the removal itself.
      if (!(error instanceof Refusal)) throw error;
    }
  }

  protected override render(): TemplateResult {
    const { camera, state } = this.entry;
    const isSure = this._typed.trim() === camera.title.trim();
    return this.framed(
      'Remove this camera and its footage?',
      html`<p>
          <strong>${camera.title}</strong> and all that is kept of it go out of sight at once:
          ${keptWords(this.entry)}, ${sizeWords(state.sizeBytes)}. Links to it stop working.
        </p>
        <p>
          It can be taken back for a day, until ${momentWords(Date.now() + BIN_MS)}, among the removed cameras. Then
          its footage is deleted for good.
        </p>
        ${this._locks === 0 ? nothing : html`<p class="problem" role="alert">${lockedWords(this._locks)}</p>`}
        <div class="field">
          <label for="typed">Type its title to confirm</label>
          <input
            id="typed"
            required
            spellcheck="false"
            autofocus
            @input=${(event: Event) => (this._typed = (event.target as HTMLInputElement).value)}
          />
        </div>`,
      {
        words: 'Remove',
        isDanger: true,
        isOff: !isSure || this._locks > 0,
        run: () => this.server.remove(camera.id),
      },
    );
  }
}

function lockedWords(count: number): string {
  return count === 1
    ? 'A lock protects footage of it: it can’t be removed before the lock is.'
    : `${count} locks protect footage of it: it can’t be removed before they are.`;
}

customElements.define('page-remove-dialog', PageRemoveDialog);
