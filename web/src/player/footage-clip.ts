/**
 * `<footage-clip>`: what is done with a clip that is marked. It tells its length and size, saves it as MP4
 * with its progress, and copies a link to it. `footage-unmark` asks to have the marks taken away.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { ArchiveError, isAbort, type Archive } from './archive';
import { saveClip } from './clip-saving';
import { icon } from './icons';
import { controlStyles } from './player-styles';
import { fileName, openMp4 } from './saving';
import type { Span } from './times';
import { lengthWords, sizeWords } from './words';

/** Makes a link to a span of the archive. */
export type ClipLink = (span: Span) => Promise<string>;

interface Saving {
  readonly abort: AbortController;
  /** About how large it will be; null where that is not known. */
  readonly bytes: number | null;
}

/** So often the progress is drawn anew; pieces come by the thousand. */
const DRAW_EVERY_MS = 100;

export class FootageClip extends LitElement {
  static override styles = controlStyles;
  static override properties = {
    archive: { attribute: false },
    span: { attribute: false, hasChanged: isOther },
    label: { type: String },
    clipLink: { attribute: false },
    _bytes: { state: true },
    _saving: { state: true },
    _received: { state: true },
    _said: { state: true },
  };

  declare archive: Archive | null;
  declare span: Span | null;
  /** How names of files begin. */
  declare label: string;
  /** Without it no link is offered. */
  declare clipLink: ClipLink | null;
  declare _bytes: number | null;
  declare _saving: Saving | null;
  declare _received: number;
  declare _said: ArchiveError | TemplateResult | string | null;

  #sizing = new AbortController();
  #drawnMs = -Infinity;

  constructor() {
    super();
    this.archive = this.span = this.clipLink = null;
    this.label = 'Footage';
    this._bytes = this._saving = this._said = null;
    this._received = 0;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sizing.abort();
    this._saving?.abort.abort();
  }

  /** Saves the clip as MP4, where the viewer picks or in the browser's downloads. Call it in a click. */
  async save(): Promise<void> {
    const { archive, span } = this;
    if (archive === null || span === null || this._saving !== null) return;
    const saving = { abort: new AbortController(), bytes: this._bytes };
    this._saving = saving;
    this._received = 0;
    this._said = null;
    try {
      const sink = await openMp4(fileName(this.label, span.startMs, 'mp4'));
      if (sink === null) return;
      const bytes = await saveClip(archive, span, sink, (now) => this.#progress(now), saving.abort.signal);
      this._said = `The clip is saved, ${sizeWords(bytes)}.`;
    } catch (error) {
      if (isAbort(error)) this._said = 'Not saved.';
      else if (error instanceof ArchiveError) this.#fail(error);
      else throw error;
    } finally {
      this._saving = null;
    }
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('span') || changed.has('archive')) void this.#weigh();
  }

  /** The length stands there anyway; a size that is not known is not shown. */
  async #weigh(): Promise<void> {
    this.#sizing.abort();
    const { signal } = (this.#sizing = new AbortController());
    this._bytes = null;
    if (this._saving === null) this._said = null;
    if (this.archive === null || this.span === null) return;
    const bytes = await this.archive.sizeBytes(this.span, signal).catch(() => null);
    if (!signal.aborted) this._bytes = bytes;
  }

  #progress(bytes: number): void {
    const now = performance.now();
    if (now - this.#drawnMs >= DRAW_EVERY_MS) {
      this.#drawnMs = now;
      this._received = bytes;
    }
  }

  #fail(error: ArchiveError): void {
    this._said = error;
    const detail = { kind: error.kind, message: error.message };
    this.dispatchEvent(new CustomEvent('error', { detail, bubbles: true, composed: true }));
  }

  async #copyLink(): Promise<void> {
    let link: string;
    try {
      link = await this.clipLink!(this.span!);
    } catch {
      // The page's own function may fail for reasons of its own.
      this._said = new ArchiveError('link', 'The link could not be made. Try again.');
      return;
    }
    try {
      await navigator.clipboard.writeText(link);
      this._said = 'The link to this clip is copied.';
    } catch {
      // Browsers lend the clipboard only to pages that came over HTTPS.
      const select = (event: Event): void => (event.target as HTMLInputElement).select();
      this._said = html`<label>Copy this link: <input readonly .value=${link} @focus=${select} /></label>`;
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const { span } = this;
    if (span === null) return nothing;
    const size = this._bytes === null ? '' : `, ${sizeWords(this._bytes)}`;
    return html`<span class="words" role="status">Clip of ${lengthWords(span.endMs - span.startMs)}${size}</span>
      ${this._saving === null ? this.#offers() : this.#progressOf(this._saving)} ${this.#words()}`;
  }

  #offers(): TemplateResult {
    return html`<button type="button" class="primary" @click=${() => void this.save()}>Save MP4</button>
      ${this.clipLink === null
        ? nothing
        : html`<button type="button" @click=${() => void this.#copyLink()}>Copy link</button>`}
      <button
        type="button"
        title="No clip"
        aria-label="No clip"
        @click=${() => this.dispatchEvent(new CustomEvent('footage-unmark', { bubbles: true, composed: true }))}
      >
        ${icon('unmark')}
      </button>`;
  }

  /** An MP4 is a little smaller than the footage it is made of, which is weighed before. */
  #progressOf({ abort, bytes }: Saving): TemplateResult {
    const whole = bytes === null ? null : Math.max(bytes, this._received, 1);
    const part = whole === null ? '' : `${Math.floor((this._received / whole) * 100)} %, `;
    const bar =
      whole === null
        ? html`<progress aria-label="Saving the clip"></progress>`
        : html`<progress aria-label="Saving the clip" .max=${whole} .value=${this._received}></progress>`;
    return html`${bar}<span>${part}${sizeWords(this._received)}</span>
      <button type="button" @click=${() => abort.abort()}>Cancel</button>`;
  }

  #words(): TemplateResult | typeof nothing {
    const said = this._said;
    if (said === null) return nothing;
    return said instanceof ArchiveError
      ? html`<span class="fault" role="alert">${said.message}</span>`
      : html`<span role="status">${said}</span>`;
  }
}

/** The same ends are the same clip, whatever object holds them. */
function isOther(now: Span | null, before: Span | null | undefined): boolean {
  return now?.startMs !== before?.startMs || now?.endMs !== before?.endMs;
}

declare global {
  interface HTMLElementTagNameMap {
    'footage-clip': FootageClip;
  }
}

if (customElements.get('footage-clip') === undefined) customElements.define('footage-clip', FootageClip);
