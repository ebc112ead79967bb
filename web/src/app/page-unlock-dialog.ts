/** `<page-unlock-dialog>`: removes a lock, once that is confirmed. */
import { css, html, type TemplateResult } from 'lit';
import { sizeWords } from '../player/words';
import { lockSpanWords } from './camera-words';
import { PageDialog } from './page-dialog';
import type { Camera, Lock } from './server';

export class PageUnlockDialog extends PageDialog {
  static override styles = [
    ...PageDialog.styles,
    css`
      strong {
        overflow-wrap: anywhere;
      }
    `,
  ];
  static override properties = { camera: { attribute: false }, lock: { attribute: false } };

  declare camera: Camera;
  declare lock: Lock;

  protected override render(): TemplateResult {
    const { camera, lock } = this;
    return this.framed(
      'Remove this lock?',
      html`<p><strong>${lock.reason}</strong>: ${lockSpanWords(lock)}, ${sizeWords(lock.sizeBytes)}.</p>
        <p>What only this lock keeps is removed for good as soon as limits say so. That can be within a minute.</p>`,
      { words: 'Remove the lock', isDanger: true, run: () => this.server.removeLock(camera.id, lock.id) },
    );
  }
}

customElements.define('page-unlock-dialog', PageUnlockDialog);
