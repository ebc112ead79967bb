/**
 * `<footage-calendar>`: a month whose days with footage are marked, and a time of day, to go to any
 * moment of an archive. A grid to the keyboard and to screen readers; what is chosen it says in a
 * `footage-choose` event.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { calendarStyles } from './calendar-styles';
import type { Kept } from './kept';
import type { KeptTogether } from './kept-together';
import { dayAfterKey, firstWeekdayOf, isSameDay, isSameMonth, weeksOf } from './month';
import type { Span } from './times';
import { fullDayWords, monthWords, weekdayWords } from './words';
import {
  addMonths,
  clockKey,
  dayKey,
  fieldsOf,
  parseMoment,
  startOfDay,
  startOfMonth,
  type Zone,
} from './zone';

export interface CalendarEvents {
  'footage-choose': { readonly timeMs: number };
}

export class FootageCalendar extends LitElement {
  static override styles = calendarStyles;
  static override properties = {
    kept: { attribute: false },
    timeMs: { attribute: false },
    zone: { type: String },
    _dayMs: { state: true },
    _days: { state: true },
  };

  declare kept: Kept | KeptTogether | null;
  /** The moment that is chosen; null for the newest. */
  declare timeMs: number | null;
  declare zone: Zone;
  /** The day that keys move, whose month is shown. */
  declare _dayMs: number;
  /** The days of that month on which something is kept. */
  declare _days: ReadonlySet<string>;

  readonly #firstWeekday = firstWeekdayOf(navigator.language);
  #loading: AbortController | null = null;
  #shown = '';
  #watched: Kept | KeptTogether | null = null;

  constructor() {
    super();
    this.kept = null;
    this.timeMs = null;
    this.zone = 'local';
    this._dayMs = startOfDay(Date.now(), 'local');
    this._days = new Set();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#watch(this.kept);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch(null);
    this.#loading?.abort();
    this.#shown = '';
  }

  /** The day that is chosen takes the keys. */
  override focus(): void {
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>('td[tabindex="0"]')?.focus(),
    );
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('kept') && this.isConnected) this.#watch(this.kept);
    if (changed.has('timeMs') || changed.has('zone') || changed.has('kept')) {
      this._dayMs = startOfDay(this.timeMs ?? this.kept?.bounds?.endMs ?? Date.now(), this.zone);
    }
    const shown = `${this.zone} ${startOfMonth(this._dayMs, this.zone)}`;
    if (shown !== this.#shown || changed.has('kept')) {
      this.#shown = shown;
      void this.#loadDays();
    }
  }

  protected override render(): TemplateResult {
    const first = weeksOf(this._dayMs, this.zone, this.#firstWeekday)[0]!;
    return html`
      <header part="header">
        ${this.#monthButton(-1, 'Month before', '‹')}
        <h2 id="month" aria-live="polite">${monthWords(this._dayMs, this.zone)}</h2>
        ${this.#monthButton(1, 'Month after', '›')}
      </header>
      <table role="grid" part="grid" aria-labelledby="month" @keydown=${this.#onKey}>
        <thead>
          <tr>
            ${first.map(
              (day) =>
                html`<th scope="col" abbr=${weekdayWords(day, this.zone, 'long')}>
                  ${weekdayWords(day, this.zone, 'short')}
                </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${weeksOf(this._dayMs, this.zone, this.#firstWeekday).map(
            (week) => html`<tr>${week.map((day) => this.#cell(day))}</tr>`,
          )}
        </tbody>
      </table>
      <form part="form" novalidate @submit=${this.#onSubmit}>
        <label for="time">Time</label>
        <input id="time" type="time" step="1" .value=${this.#clock()} />
        <button type="submit" part="go">Go</button>
      </form>
    `;
  }

  #cell(day: number): TemplateResult {
    const { zone } = this;
    const isBeside = !isSameMonth(day, this._dayMs, zone);
    const isKept = !isBeside && this._days.has(dayKey(day, zone));
    const isChosen = isSameDay(day, this._dayMs, zone);
    const classes = [
      isBeside ? 'beside' : '',
      isKept ? 'kept' : '',
      isSameDay(day, Date.now(), zone) ? 'today' : '',
    ].join(' ');
    const words = `${fullDayWords(day, zone)}${isKept ? ', with footage' : isBeside ? '' : ', nothing kept'}`;
    return html`<td
      class=${classes}
      tabindex=${isChosen ? 0 : -1}
      data-day=${dayKey(day, zone)}
      aria-selected=${isChosen ? 'true' : 'false'}
      aria-disabled=${this.#isInside(day) ? nothing : 'true'}
      aria-label=${words}
      @click=${() => this.#move(day, true)}
      @dblclick=${() => this.#choose()}
    >
      ${fieldsOf(day, zone).day}
    </td>`;
  }

  #monthButton(months: number, label: string, sign: string): TemplateResult {
    const monthMs = addMonths(startOfMonth(this._dayMs, this.zone), months, this.zone);
    const limits = this.#limits;
    const isOutside =
      limits !== null &&
      (months < 0
        ? addMonths(monthMs, 1, this.zone) <= limits.startMs
        : monthMs >= limits.endMs);
    return html`<button
      type="button"
      aria-label=${label}
      ?disabled=${isOutside}
      @click=${() => this.#move(addMonths(this._dayMs, months, this.zone), false)}
    >
      ${sign}
    </button>`;
  }

  get #limits(): Span | null {
    return this.kept?.bounds ?? null;
  }

  #isInside(day: number): boolean {
    const limits = this.#limits;
    return (
      limits === null ||
      (day >= startOfDay(limits.startMs, this.zone) && day < limits.endMs)
    );
  }

  #clock(): string {
    return clockKey(this.timeMs ?? this._dayMs, this.zone);
  }

  readonly #onChange = (): void => this.requestUpdate();

  #watch(kept: Kept | KeptTogether | null): void {
    this.#watched?.removeEventListener('change', this.#onChange);
    this.#watched = kept;
    kept?.addEventListener('change', this.#onChange);
  }

  /** An error is the archive's to tell; the days then stand there without marks. */
  async #loadDays(): Promise<void> {
    this.#loading?.abort();
    const { kept } = this;
    if (kept === null) return;
    const loading = new AbortController();
    this.#loading = loading;
    this._days = new Set();
    const startMs = startOfMonth(this._dayMs, this.zone);
    try {
      const days = await kept.days({ startMs, endMs: startMs }, this.zone, loading.signal);
      if (this.timeMs === null && kept.bounds !== null && !this.#isInside(this._dayMs)) {
        this._dayMs = startOfDay(kept.bounds.endMs - 1, this.zone);
      }
      if (!loading.signal.aborted) this._days = days;
    } catch {
      if (!loading.signal.aborted) this._days = new Set();
    }
  }

  /** Goes to a day, the nearest one that the archive reaches to. */
  #move(day: number, isFocused: boolean): void {
    const limits = this.#limits;
    const low = limits === null ? day : startOfDay(limits.startMs, this.zone);
    const high = limits === null ? day : startOfDay(limits.endMs - 1, this.zone);
    this._dayMs = Math.min(Math.max(startOfDay(day, this.zone), low), high);
    if (isFocused) this.focus();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#choose();
      return;
    }
    const day = dayAfterKey(event.key, this._dayMs, this.zone, this.#firstWeekday);
    if (day === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.#move(day, true);
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault();
    this.#choose();
  }

  #choose(): void {
    const time = this.renderRoot.querySelector('input')!.value || '00:00:00';
    const timeMs = parseMoment(`${dayKey(this._dayMs, this.zone)}T${time}`, this.zone);
    if (timeMs === null) return;
    this.dispatchEvent(
      new CustomEvent('footage-choose', { detail: { timeMs }, bubbles: true, composed: true }),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'footage-calendar': FootageCalendar;
  }
}

if (customElements.get('footage-calendar') === undefined) {
  customElements.define('footage-calendar', FootageCalendar);
}
