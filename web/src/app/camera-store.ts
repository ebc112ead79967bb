/**
 * All cameras with their states, and the storage, kept fresh while anybody looks. An entry is another
 * object only where something of it changed, so that views draw anew what is new.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Entry } from './camera-words';
import { Refusal, type Camera, type CameraState, type RemovedCamera, type Server, type Storage } from './server';

const POLL_MS = 5000;
/** Titles and places that others change are seen after so long. */
const LIST_MS = 60_000;

/** Tells by `change` that something is new. */
export class CameraStore extends EventTarget {
  entries: readonly Entry[] = [];
  storage: Storage | null = null;
  /** Those that can be taken back; known to who may do so. */
  removed: readonly RemovedCamera[] = [];
  /** Why nothing new can be had just now. */
  problem: string | null = null;
  hasLoaded = false;
  readonly #server: Server;
  #cameras: readonly Camera[] = [];
  #listedMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOn = false;
  #knowsBin = false;
  #refreshing: Promise<void> | null = null;

  constructor(server: Server) {
    super();
    this.#server = server;
    document.addEventListener('visibilitychange', () => this.#isOn && !document.hidden && void this.#poll());
  }

  /** `knowsBin` where whoever is signed in may see the cameras that were removed. */
  start(knowsBin: boolean): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#knowsBin = knowsBin;
    void this.#poll();
  }

  /** Forgets everything: whoever signs in next may be somebody else. */
  stop(): void {
    this.#isOn = this.hasLoaded = false;
    clearTimeout(this.#timer);
    this.entries = this.#cameras = this.removed = [];
    this.storage = this.problem = null;
    this.#listedMs = 0;
  }

  find(id: string): Entry | null {
    return this.entries.find(({ camera }) => camera.id === id) ?? null;
  }

  /** Asks anew for everything, after something was changed. */
  async refresh(): Promise<void> {
    // An answer that is on its way may be older than the change.
    await this.#refreshing;
    this.#listedMs = 0;
    await this.#poll();
  }

  async #poll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#refreshing ??= this.#load().finally(() => (this.#refreshing = null));
    await this.#refreshing;
    clearTimeout(this.#timer);
    if (this.#isOn && !document.hidden) this.#timer = setTimeout(() => void this.#poll(), POLL_MS);
  }

  async #load(): Promise<void> {
    try {
      const { storage, cameras: states } = await this.#server.overview();
      // Whoever signed out meanwhile asks for nothing more.
      if (!this.#isOn) return;
      if (this.#isListOld(states)) {
        const listedMs = Date.now();
        const [cameras, removed] = await Promise.all([this.#server.cameras(), this.#knowsBin ? this.#server.removed() : []]);
        this.#cameras = cameras;
        this.removed = removed;
        this.#listedMs = listedMs;
      }
      if (!this.#isOn) return;
      this.storage = storage;
      this.entries = merged(this.entries, this.#cameras, states);
      this.hasLoaded = true;
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (!this.#isOn) return;
      this.problem = error.message;
    }
    this.dispatchEvent(new Event('change'));
  }

  #isListOld(states: readonly CameraState[]): boolean {
    const now = Date.now();
    if (now - this.#listedMs > LIST_MS || states.length !== this.#cameras.length) return true;
    const known = new Set(this.#cameras.map(({ id }) => id));
    if (states.some(({ id }) => !known.has(id))) return true;
    // Half of a token's time is left at least, so that whoever takes one has use of it.
    const expMs = (this.#cameras[0]?.archiveApiToken.exp ?? Infinity) * 1000;
    return expMs - now < (expMs - this.#listedMs) / 2;
  }
}

/** Draws its element anew with each change of the store. */
export class Follows implements ReactiveController {
  readonly #update: () => void;

  constructor(
    host: ReactiveControllerHost,
    readonly store: () => EventTarget,
  ) {
    this.#update = () => host.requestUpdate();
    host.addController(this);
  }

  hostConnected(): void {
    this.store().addEventListener('change', this.#update);
  }

  hostDisconnected(): void {
    this.store().removeEventListener('change', this.#update);
  }
}

function merged(before: readonly Entry[], cameras: readonly Camera[], states: readonly CameraState[]): Entry[] {
  const known = new Map(before.map((entry) => [entry.camera.id, entry]));
  const stateOf = new Map(states.map((state) => [state.id, state]));
  return cameras.flatMap((camera) => {
    const state = stateOf.get(camera.id);
    if (state === undefined) return [];
    const entry = known.get(camera.id);
    return entry?.camera === camera && isSame(entry.state, state) ? [entry] : [{ camera, state }];
  });
}

function isSame(one: CameraState, other: CameraState): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
