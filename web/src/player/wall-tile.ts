/** One camera of a wall: its link, what follows the wall's clock for it, and how it is drawn. */
import { html, nothing, type TemplateResult } from 'lit';
import { Archive, ArchiveError, parseSignedLink, type Token } from './archive';
import { Follower, type FollowerEvents } from './follower';
import { icon } from './icons';
import type { Span } from './times';
import type { WallClock } from './wall-clock';
import { dayWords, surelyWords } from './words';
import { dayKey, type Zone } from './zone';

/** A camera as a page hands it to the wall. */
export interface WallCamera {
  /** The archive's URL, `…/archives/{archiveId}`; what the wall's events call the camera by. */
  readonly src: string;
  readonly signature: string;
  /** When the token ends, in Unix seconds. */
  readonly exp: number;
  /** The part of the archive that the token opens, in ms, where it opens a part alone. */
  readonly from?: number;
  readonly to?: number;
  readonly label: string;
}

export interface TileEvents extends FollowerEvents {
  onExpiring(): void;
}

const WARN_BEFORE_MS = 60_000;
const TIMER_MAX_MS = 2 ** 31 - 1;

export class WallTile {
  camera: WallCamera;
  /** Null where the link is none. */
  readonly follower: Follower | null = null;
  readonly linkError: ArchiveError | null = null;
  readonly #onExpiring: () => void;
  #expiry: ReturnType<typeof setTimeout> | undefined;

  constructor(camera: WallCamera, clock: WallClock, events: TileEvents) {
    this.camera = camera;
    this.#onExpiring = () => events.onExpiring();
    try {
      this.follower = new Follower(new Archive(parseSignedLink(linkOf(camera))), clock, events);
      this.#watchExpiry();
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      this.linkError = error;
    }
  }

  get error(): ArchiveError | null {
    return this.linkError ?? this.follower?.error ?? null;
  }

  /** Another token for the same archive; the limits stay as they are unless it brings some. */
  renew(token: Pick<WallCamera, 'signature' | 'exp' | 'from' | 'to'>, atMs: number): void {
    this.camera = { ...this.camera, ...token };
    this.follower?.archive.renew(tokenOf(this.camera));
    this.follower?.renewed(atMs);
    this.#watchExpiry();
  }

  close(): void {
    clearTimeout(this.#expiry);
    this.follower?.close();
  }

  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    const goodMs = this.camera.exp * 1000 - Date.now();
    // One that is good for no longer than that is let live half its time: asking would never end.
    const leftMs = Math.max(goodMs - WARN_BEFORE_MS, Math.min(goodMs, WARN_BEFORE_MS) / 2);
    this.#expiry = setTimeout(this.#onExpiring, Math.min(Math.max(leftMs, 0), TIMER_MAX_MS));
  }
}

function tokenOf({ signature, exp, from, to }: WallCamera): Token {
  return { signature, exp, ...(from !== undefined && { fromMs: from }), ...(to !== undefined && { toMs: to }) };
}

function linkOf({ src, signature, exp, from, to }: WallCamera): string {
  const query = new URLSearchParams({ signature, exp: String(exp) });
  if (from !== undefined) query.set('from', String(from));
  if (to !== undefined) query.set('to', String(to));
  return `${URL.canParse(src, location.href) ? new URL(src, location.href).href : src}?${query}`;
}

/** What a tile is drawn from beside itself. */
export interface TileLook {
  readonly zone: Zone;
  readonly timeMs: number;
  readonly isLarge: boolean;
  readonly hasSound: boolean;
  /** Whether there is anything to enlarge it against. */
  readonly isAlone: boolean;
  onEnlarge(): void;
  onSound(): void;
  onRetry(): void;
}

export function tileTemplate(tile: WallTile, look: TileLook): TemplateResult {
  const { label } = tile.camera;
  const { follower, error } = tile;
  const gap = follower?.gap ?? null;
  const words = error === null && gap !== null ? gapWords(gap, look) : null;
  const isLate = error === null && follower?.standing === 'late';
  return html`<div
    role="group"
    aria-label=${label}
    part="tile"
    class=${['tile', look.isLarge ? 'large' : '', words === null && error === null ? '' : 'covered'].join(' ')}
  >
    ${follower?.video}
    <button
      type="button"
      class="enlarge"
      aria-label=${look.isLarge ? `${label}: show all cameras` : `${label}: show large`}
      aria-pressed=${look.isLarge}
      ?disabled=${look.isAlone}
      @click=${() => look.onEnlarge()}
    ></button>
    ${words === null ? nothing : html`<div class="gap" part="gap"><b>${words[0]}</b><span>${words[1]}</span></div>`}
    ${error === null ? nothing : faultTemplate(error, look)}
    <b class="label" part="label" aria-hidden="true">${label}</b>
    <span class="busy" role="status">${isLate ? (follower?.isAway ? 'The network is away: trying again …' : 'Loading …') : ''}</span>
    ${error === null
      ? html`<button
          type="button"
          class="sound"
          aria-label=${look.hasSound ? `${label}: sound off` : `${label}: sound on`}
          aria-pressed=${look.hasSound}
          @click=${() => look.onSound()}
        >
          ${icon(look.hasSound ? 'loud' : 'silent')}
        </button>`
      : nothing}
  </div>`;
}

function faultTemplate(error: ArchiveError, look: TileLook): TemplateResult {
  const canRetry = error.kind !== 'codec' && error.kind !== 'link' && error.kind !== 'refused';
  return html`<div class="fault" part="message" role="alert">
    <span>${error.message}</span>
    ${canRetry ? html`<button type="button" @click=${() => look.onRetry()}>Try again</button>` : nothing}
  </div>`;
}

/** Since when nothing is kept and until when, as far as footage bounds it. */
export function gapWords({ startMs, endMs }: Span, { zone, timeMs }: Pick<TileLook, 'zone' | 'timeMs'>): [string, string] {
  const moment = (edgeMs: number): string => {
    const isToday = dayKey(edgeMs, zone) === dayKey(timeMs, zone);
    return (isToday ? '' : `${dayWords(edgeMs, zone)}, `) + surelyWords(edgeMs, zone);
  };
  const [hasStart, hasEnd] = [Number.isFinite(startMs), Number.isFinite(endMs)];
  if (hasStart && hasEnd) return ['Nothing kept', `${moment(startMs)} to ${moment(endMs)}`];
  if (hasStart) return ['Nothing kept', `since ${moment(startMs)}`];
  if (hasEnd) return ['Nothing kept', `before ${moment(endMs)}`];
  return ['Nothing kept', 'of this camera'];
}
