/**
 * `<page-camera-dialog>`: adds a camera, or changes one. The source's address goes in and never comes
 * back. Tells by `page-done` what the camera is now, and by `page-cancel` that nothing was done.
 */
import { css, html, nothing, type TemplateResult } from 'lit';
import { ifDefined } from 'lit/directives/if-defined.js';
import { PageDialog } from './page-dialog';
import type { Camera, CameraFields, Place } from './server';

interface TextField {
  readonly name: 'deviceId' | 'cameraModel' | 'serialNumber' | 'platform' | 'firmwareVersion' | 'applicationVersion';
  readonly words: string;
}

const MORE: readonly TextField[] = [
  { name: 'deviceId', words: 'Device id' },
  { name: 'cameraModel', words: 'Model' },
  { name: 'serialNumber', words: 'Serial number' },
  { name: 'platform', words: 'Platform' },
  { name: 'firmwareVersion', words: 'Firmware version' },
  { name: 'applicationVersion', words: 'Application version' },
];

export class PageCameraDialog extends PageDialog<Camera> {
  static override styles = [
    ...PageDialog.styles,
    css`
      .check {
        display: flex;
        gap: 8px;
        align-items: center;
      }
      summary {
        cursor: pointer;
        margin-bottom: 10px;
      }
    `,
  ];
  static override properties = { camera: { attribute: false }, others: { attribute: false } };

  /** The one to change; null to add one. */
  declare camera: Camera | null;
  /** The cameras there are, whose places are offered. */
  declare others: readonly Camera[];

  constructor() {
    super();
    this.camera = null;
    this.others = [];
  }

  #save(form: FormData): Promise<Camera> {
    const fields = this.#fields(form);
    return this.camera === null ? this.server.add(fields) : this.server.change(this.camera.id, changed(fields, this.camera));
  }

  /** What the form says, as the API takes it. */
  #fields(form: FormData): CameraFields {
    const text = (name: string): string | null => String(form.get(name) ?? '').trim() || null;
    const sourceUrl = text('sourceUrl');
    const days = text('archiveDays');
    return {
      title: text('title') ?? '',
      ...(sourceUrl !== null && { sourceUrl }),
      transport: text('transport') ?? 'tcp',
      archiveDays: days === null ? null : Number(days),
      isAudioRecorded: form.has('isAudioRecorded'),
      isRecorded: form.has('isRecorded'),
      location: this.#location(text('location'), text('room')),
      ...Object.fromEntries(MORE.map(({ name }) => [name, text(name)])),
    };
  }

  /** The place of that name, as it is known already, or a new one whose name is its id too. */
  #location(title: string | null, roomTitle: string | null): Camera['location'] {
    if (title === null) return null;
    const places = [this.camera, ...this.others].flatMap((one) => one?.location ?? []);
    const place = named(places, title);
    const rooms = places.filter(({ id }) => id === place.id).flatMap(({ room }) => room ?? []);
    return { ...place, room: roomTitle === null ? null : named(rooms, roomTitle) };
  }

  protected override render(): TemplateResult {
    const { camera, others } = this;
    const places = [...new Set(others.flatMap(({ location }) => location?.title ?? []))];
    return this.framed(
      camera === null ? 'Add a camera' : `Change “${camera.title}”`,
      html`${this.#text('title', 'Title', { value: camera?.title, isRequired: true })}
        ${this.#text('sourceUrl', 'Address of its stream', {
          maxLength: 2048,
          placeholder: camera === null ? 'rtsp://user:password@192.0.2.7/stream1' : 'Stays as it is',
          hint:
            camera === null
              ? 'With name and password. It is never shown again.'
              : 'Only to give it another one. The one it has is not shown.',
        })}
        <div class="pair">
          ${this.#text('archiveDays', 'Days to keep', {
            value: camera?.archiveDays ?? undefined,
            type: 'number',
            hint: 'Empty: no limit',
          })}
          <div class="field">
            <label for="transport">Transport</label>
            <select id="transport" name="transport" aria-describedby="transport-hint">
              ${['tcp', 'udp'].map(
                (one) => html`<option value=${one} ?selected=${one === camera?.transport}>${one.toUpperCase()}</option>`,
              )}
            </select>
            <p id="transport-hint" class="hint">UDP only where TCP does not do</p>
          </div>
        </div>
        <div class="pair">
          ${check('isRecorded', 'Record it', camera?.isRecorded ?? true)}
          ${check('isAudioRecorded', 'Record its sound', camera?.isAudioRecorded ?? true)}
        </div>
        <div class="pair">
          ${this.#text('location', 'Location', { value: camera?.location?.title, list: 'places' })}
          ${this.#text('room', 'Room', { value: camera?.location?.room?.title })}
        </div>
        <datalist id="places">${places.map((place) => html`<option value=${place}></option>`)}</datalist>
        <details ?open=${MORE.some(({ name }) => camera !== null && camera[name] !== null)}>
          <summary>The device</summary>
          <div class="pair">${MORE.map(({ name, words }) => this.#text(name, words, { value: camera?.[name] ?? undefined }))}</div>
        </details>`,
      { words: camera === null ? 'Add' : 'Save', run: (form) => this.#save(form) },
    );
  }

  #text(name: string, words: string, options: TextOptions): TemplateResult {
    const fault = this._faults.get(name) ?? '';
    return html`<div class="field">
      <label for=${name}>${words}</label>
      <input
        id=${name}
        name=${name}
        type=${options.type ?? 'text'}
        value=${options.value ?? ''}
        maxlength=${options.maxLength ?? 256}
        min=${ifDefined(options.type === 'number' ? 1 : undefined)}
        max=${ifDefined(options.type === 'number' ? 36500 : undefined)}
        placeholder=${ifDefined(options.placeholder)}
        list=${ifDefined(options.list)}
        spellcheck="false"
        ?required=${options.isRequired ?? false}
        aria-invalid=${fault !== ''}
        aria-describedby="${name}-hint ${name}-fault"
      />
      ${options.hint === undefined ? nothing : html`<p id="${name}-hint" class="hint">${options.hint}</p>`}
      ${fault === '' ? nothing : html`<p id="${name}-fault" class="problem">${fault}</p>`}
    </div>`;
  }
}

interface TextOptions {
  readonly value?: string | number | undefined;
  readonly type?: 'text' | 'number';
  readonly maxLength?: number;
  readonly placeholder?: string;
  readonly hint?: string;
  readonly list?: string;
  readonly isRequired?: boolean;
}

function check(name: string, words: string, isOn: boolean): TemplateResult {
  return html`<label class="check"><input type="checkbox" name=${name} ?checked=${isOn} />${words}</label>`;
}

/** What is not as it was: the rest may be changed by somebody else meanwhile. */
function changed(fields: CameraFields, camera: Camera): CameraFields {
  const before = camera as unknown as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])),
  );
}

function named(places: readonly Place[], title: string): Place {
  const { id } = places.find((place) => place.title === title) ?? { id: title };
  return { id, title };
}

customElements.define('page-camera-dialog', PageCameraDialog);
