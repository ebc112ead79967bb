/** `<page-lock-dialog>`: locks a span of a camera's archive: what is marked in the player, or any other. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Span } from '../player/times';
import { clockKey, dayKey, parseMoment, type Zone } from '../player/zone';
import { PageDialog } from './page-dialog';
import { Refusal, type Camera, type Lock } from './server';

type MomentField = 'start' | 'duration' | 'until';

export class PageLockDialog extends PageDialog<Lock> {
  static override properties = { camera: { attribute: false }, clip: { attribute: false }, zone: { attribute: false } };

  declare camera: Camera;
  /** What is marked in the player; null for nothing. */
  declare clip: Span | null;
  /** In which moments are given: the player's. */
  declare zone: Zone;

  constructor() {
    super();
    this.clip = null;
    this.zone = 'local';
  }

  /** Named as the API names them, so that its faults stand where they belong. */
  async #lock(form: FormData): Promise<Lock> {
    const start = this.#moment(form, 'start');
    const end = this.#moment(form, 'duration');
    if (end <= start) throw fault('duration', 'must be later than where it begins');
    const until = String(form.get('until')) === '' ? null : this.#moment(form, 'until');
    const reason = String(form.get('reason'));
    return this.server.addLock(this.camera.id, { start, duration: end - start, reason, until });
  }

  #moment(form: FormData, name: MomentField): number {
    const moment = parseMoment(String(form.get(name)), this.zone);
    if (moment === null) throw fault(name, 'must be a day and a time');
    return moment;
  }

  protected override render(): TemplateResult {
    const { clip } = this;
    // Whole seconds around the clip: fields of time that show more are hard to read.
    const startMs = clip === null ? null : Math.floor(clip.startMs / 1000) * 1000;
    const endMs = clip === null ? null : Math.ceil(clip.endMs / 1000) * 1000;
    return this.framed(
      `Lock footage of “${this.camera.title}”`,
      html`<p>
          Nothing removes what is kept of this span, no limit and no full disk, while the lock stands.
          <span class="muted">
            ${clip === null
              ? 'A clip that is marked in the player, with In and Out, is filled in here.'
              : 'It is the clip that is marked in the player.'}
            ${this.zone === 'utc' ? 'Times are in UTC.' : ''}
          </span>
        </p>
        <div class="pair">
          ${this.#momentField('start', 'From', startMs)} ${this.#momentField('duration', 'To', endMs)}
        </div>
        <div class="field">
          <label for="reason">Reason</label>
          <input
            id="reason"
            name="reason"
            required
            maxlength="1000"
            autofocus
            aria-invalid=${this._faults.has('reason')}
            aria-describedby="reason-fault"
          />
          ${this.#fault('reason')}
        </div>
        ${this.#momentField('until', 'Ends by itself', null, 'Empty: it stands until it is removed')}`,
      { words: 'Lock', run: (form) => this.#lock(form) },
    );
  }

  #momentField(name: MomentField, words: string, timeMs: number | null, hint?: string): TemplateResult {
    return html`<div class="field">
      <label for=${name}>${words}</label>
      <input
        id=${name}
        name=${name}
        type="datetime-local"
        step="1"
        max="9999-12-31T23:59:59"
        value=${timeMs === null ? '' : `${dayKey(timeMs, this.zone)}T${clockKey(timeMs, this.zone)}`}
        ?required=${name !== 'until'}
        aria-invalid=${this._faults.has(name)}
        aria-describedby="${name}-hint ${name}-fault"
      />
      ${hint === undefined ? nothing : html`<p id="${name}-hint" class="hint">${hint}</p>`} ${this.#fault(name)}
    </div>`;
  }

  #fault(name: string): TemplateResult | typeof nothing {
    const words = this._faults.get(name);
    return words === undefined ? nothing : html`<p id="${name}-fault" class="problem">${words}</p>`;
  }
}

function fault(name: MomentField, words: string): Refusal {
  return new Refusal(0, words, new Map([[name, words]]));
}

customElements.define('page-lock-dialog', PageLockDialog);
