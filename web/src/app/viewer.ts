/**
 * One archive on the page: asks the API what is kept in the span shown, and holds timeline, clock and
 * player to the same moment. The span of the playlist is always the span of the timeline, for only
 * then do positions in the one mean moments of the other.
 */
import { ArchiveError, isAbort, type Archive, type ArchiveInfo } from '../player/archive';
import { element, say } from './page';
import { Player } from './player';
import { daySpan, earlier, later, LENGTHS, newestSpan, overlap, resized } from './span';
import { locate, timeAt, type Entry, type Span } from '../player/times';
import { PREVIEW_WIDTH_PX, TimelineView } from './timeline-view';
import { clockWords, dayValue, momentWords, sizeWords, timeWords } from '../player/words';

export class Viewer {
  readonly #root = element('player', HTMLElement);
  readonly #problem = element('problem', HTMLParagraphElement);
  readonly #notice = element('notice', HTMLParagraphElement);
  readonly #clock = element('clock', HTMLTimeElement);
  readonly #summary = element('summary', HTMLSpanElement);
  readonly #shown = element('shown', HTMLSpanElement);
  readonly #earlier = element('earlier', HTMLButtonElement);
  readonly #later = element('later', HTMLButtonElement);
  readonly #newest = element('newest', HTMLButtonElement);
  readonly #live = element('live', HTMLButtonElement);
  readonly #length = element('length', HTMLSelectElement);
  readonly #day = element('day', HTMLInputElement);
  readonly #discontinuity = element('discontinuity', HTMLInputElement);
  readonly #player: Player;
  readonly #timeline: TimelineView;
  #archive: Archive | null = null;
  #kept: Span | null = null;
  #span: Span | null = null;
  #entries: readonly Entry[] = [];
  #nowMs: number | null = null;
  #isLive = false;
  #loading = new AbortController();

  constructor() {
    this.#player = new Player(element('video', HTMLVideoElement), this.#root, {
      onPosition: (positionMs, wallMs) =>
        this.#mark(this.#isLive ? wallMs : timeAt(this.#entries, positionMs)),
      onError: (error) => say(this.#problem, error.message),
    });
    this.#timeline = new TimelineView(element('timeline', HTMLDivElement), {
      onChoose: (timeMs) => this.#seek(timeMs),
      previewUrl: (timeMs) => this.#archive?.previewUrl(timeMs, PREVIEW_WIDTH_PX) ?? '',
    });
    for (const { ms, label } of LENGTHS) this.#length.add(new Option(label, String(ms)));
    this.#listen();
  }

  /** Shows the newest footage of an archive. */
  open(archive: Archive): void {
    this.close();
    this.#archive = archive;
    this.#root.hidden = false;
    this.#enable();
    void this.#load(archive, async (signal) => {
      const info = await archive.info(signal);
      this.#take(info);
      return this.#kept && newestSpan(this.#kept);
    });
  }

  close(): void {
    this.#loading.abort();
    this.#player.close();
    this.#archive = this.#kept = this.#span = null;
    this.#root.hidden = true;
    this.#clear();
    this.#timeline.clear();
    this.#summary.textContent = '';
    this.#enable();
  }

  #listen(): void {
    const move = (to: (span: Span, kept: Span) => Span | null, atMs?: () => number | null): void => {
      if (this.#span === null || this.#kept === null) return;
      const next = to(this.#span, this.#kept);
      if (next !== null) this.#show(next, atMs?.() ?? null);
    };
    const stay = (): number | null => this.#nowMs;
    this.#earlier.addEventListener('click', () => move(earlier));
    this.#later.addEventListener('click', () => move(later));
    this.#newest.addEventListener('click', () => this.#archive && this.open(this.#archive));
    this.#live.addEventListener('click', () => this.#goLive());
    this.#day.addEventListener('change', () => move(() => daySpan(this.#day.value)));
    this.#discontinuity.addEventListener('change', () => move((span) => span, stay));
    this.#length.addEventListener('change', () =>
      move((span, kept) => {
        const around = this.#nowMs ?? (span.startMs + span.endMs) / 2;
        return resized(around, Number(this.#length.value), kept);
      }, stay),
    );
  }

  /** The newest pictures as they come; anything else that is chosen leads back into the archive. */
  #goLive(): void {
    if (this.#archive === null) return;
    this.#loading.abort();
    this.#setLive(true);
    this.#notice.textContent = '';
    say(this.#problem, '');
    this.#player.open(this.#archive.liveUrl(), null);
  }

  #setLive(isLive: boolean): void {
    this.#isLive = isLive;
    this.#live.setAttribute('aria-pressed', String(isLive));
  }

  #take(info: ArchiveInfo): void {
    const { first, last, runs, bytes } = info;
    this.#kept = first === null || last === null ? null : { startMs: first, endMs: last };
    if (first === null || last === null) {
      throw new ArchiveError('empty', 'Nothing has been kept of this camera yet.');
    }
    this.#day.min = dayValue(first);
    this.#day.max = dayValue(last);
    this.#summary.textContent =
      `Kept from ${momentWords(first)} to ${momentWords(last)}: ` +
      `${sizeWords(bytes)} in ${runs} ${runs === 1 ? 'run' : 'runs'}.`;
  }

  #show(span: Span, atMs: number | null): void {
    const archive = this.#archive;
    if (archive !== null) void this.#load(archive, () => Promise.resolve(span), atMs);
  }

  /** One at a time: a newer request aborts the one before, whose answer would come too late. */
  async #load(
    archive: Archive,
    choose: (signal: AbortSignal) => Promise<Span | null>,
    atMs: number | null = null,
  ): Promise<void> {
    this.#loading.abort();
    const { signal } = (this.#loading = new AbortController());
    this.#setLive(false);
    this.#player.close();
    this.#clear();
    this.#root.dataset['state'] = 'loading';
    try {
      const span = await choose(signal);
      if (span === null) return;
      this.#span = span;
      this.#timeline.show(span, []);
      this.#enable();
      await this.#play(archive, span, atMs, signal);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      if (!(error instanceof ArchiveError)) throw error;
      this.#player.fail(error);
    }
  }

  async #play(archive: Archive, span: Span, atMs: number | null, signal: AbortSignal): Promise<void> {
    // Only what is kept is asked for: an archive that grows meanwhile then can't answer the timeline
    // and the playlist differently.
    const wanted = this.#kept && overlap(span, this.#kept);
    const entries = wanted === null ? [] : await archive.timeline(wanted, signal);
    this.#entries = entries;
    this.#timeline.show(span, entries);
    const start = locate(entries, atMs ?? span.startMs) ?? locate(entries, span.startMs);
    if (wanted === null || start === null) {
      throw new ArchiveError('empty', 'Nothing is kept in the time shown. Go earlier or later.');
    }
    this.#player.open(archive.playlistUrl(wanted, this.#discontinuity.checked), start.positionMs);
    this.#mark(start.timeMs);
    const bytes = await archive.sizeBytes(wanted, signal);
    this.#root.dataset['sizeBytes'] = String(bytes);
    this.#shown.textContent = `${sizeWords(bytes)} in the time shown.`;
  }

  #seek(timeMs: number): void {
    const moment = locate(this.#entries, timeMs);
    if (moment === null) {
      this.#notice.textContent = `Nothing is kept at ${timeWords(timeMs)} or after it in the time shown.`;
      return;
    }
    this.#notice.textContent = moment.skippedGap
      ? `Nothing is kept at ${timeWords(timeMs)}: this is the next footage, from ${timeWords(moment.timeMs)}.`
      : '';
    if ((this.#isLive || !this.#player.isOpen) && this.#span !== null) {
      this.#show(this.#span, moment.timeMs);
      return;
    }
    this.#player.seek(moment.positionMs);
    this.#player.play();
    this.#mark(moment.timeMs);
  }

  #mark(timeMs: number | null): void {
    this.#nowMs = timeMs;
    this.#timeline.mark(timeMs);
    this.#clock.textContent = timeMs === null ? '–' : clockWords(timeMs);
    this.#clock.dateTime = timeMs === null ? '' : new Date(timeMs).toISOString();
  }

  #clear(): void {
    this.#entries = [];
    this.#notice.textContent = '';
    this.#shown.textContent = '';
    delete this.#root.dataset['sizeBytes'];
    say(this.#problem, '');
    this.#mark(null);
  }

  /** Only offers what leads somewhere, and shows the span as it is. */
  #enable(): void {
    const [span, kept] = [this.#span, this.#kept];
    const none = span === null || kept === null;
    this.#earlier.disabled = none || span.startMs <= kept.startMs;
    this.#later.disabled = none || span.endMs >= kept.endMs;
    this.#newest.disabled = this.#live.disabled = this.#archive === null;
    for (const control of [this.#length, this.#day, this.#discontinuity]) control.disabled = none;
    if (none) return;
    const length = span.endMs - span.startMs;
    const nearest = LENGTHS.find(({ ms }) => ms >= length) ?? LENGTHS.at(-1)!;
    this.#length.value = String(nearest.ms);
    this.#day.value = dayValue((span.startMs + span.endMs) / 2);
  }
}
