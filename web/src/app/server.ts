/**
 * The page's own server: its session, the Integration API, and the overview. Every URL is relative to
 * the page, so that all of it works under whatever path a proxy puts it. What goes wrong is a `Refusal`
 * whose words can be shown as they are.
 */

const SCOPES = ['read', 'write', 'admin'] as const;
/** What a key may do; each includes those before it. */
export type Scope = (typeof SCOPES)[number];

/** Whether a key of a scope may do what needs another. */
export function reaches(scope: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
}

export interface Who {
  /** The name of the key that was signed in with. */
  readonly name: string;
  /** When the session ends, in Unix seconds. */
  readonly exp: number;
  readonly scope: Scope;
}

export interface Place {
  readonly id: string;
  readonly title: string;
}

export interface Camera {
  readonly id: string;
  readonly title: string;
  readonly archiveApiUrl: string;
  readonly archiveApiToken: { readonly signature: string; readonly exp: number };
  readonly archiveDays: number | null;
  readonly deviceId: string | null;
  readonly cameraModel: string | null;
  readonly platform: string | null;
  readonly serialNumber: string | null;
  readonly firmwareVersion: string | null;
  readonly applicationVersion: string | null;
  readonly location: (Place & { readonly room: Place | null }) | null;
  readonly transport: string;
  readonly isRecorded: boolean;
  readonly isAudioRecorded: boolean;
}

/** What may be said of a camera, in the Integration API's words; what is left out stays as it is. */
export type CameraFields = Partial<
  Omit<Camera, 'id' | 'archiveApiUrl' | 'archiveApiToken'> & { readonly sourceUrl: string }
>;

/** How long a camera's footage is kept, and why not longer; `text` says all of it. */
export interface KeptFor {
  readonly targetMs: number | null;
  readonly targetBytes: number | null;
  readonly keptMs: number;
  readonly limit: string | null;
  readonly lockedBytes: number;
  readonly text: string;
}

export interface CameraState {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly isOnline: boolean;
  /** The first moment kept and the end of the last, ms; null while nothing is. */
  readonly first: number | null;
  readonly last: number | null;
  readonly sizeBytes: number;
  readonly runs: number;
  readonly retention: KeptFor;
}

/** A span that nothing removes; moments in ms. */
export interface Lock {
  readonly id: string;
  readonly start: number;
  readonly duration: number;
  readonly reason: string;
  /** When it ends by itself. */
  readonly until: number | null;
  readonly sizeBytes: number;
}

/** A camera that can be taken back until a moment, ms. */
export interface RemovedCamera {
  readonly id: string;
  readonly title: string;
  readonly until: number;
}

/** What is kept in all and the room for more; what is not known is null. */
export interface Storage {
  readonly sizeBytes: number;
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
  /** What all footage may take. */
  readonly maxBytes: number | null;
  /** What of the free bytes is to stay free. */
  readonly keepFreeBytes: number | null;
  readonly lockedBytes: number;
  /** By which limit it is full, and for how long each camera is kept then; `text` says it. */
  readonly limit: string | null;
  readonly reachMs: number | null;
  readonly text: string;
  /** Why footage is not removed although limits say so. */
  readonly refusedText: string | null;
  readonly recordedBytesPerDay: number;
  readonly daysToFull: number | null;
}

export interface Overview {
  readonly storage: Storage;
  readonly cameras: readonly CameraState[];
}

export interface MadeToken {
  readonly archiveApiUrl: string;
  readonly signature: string;
  readonly exp: number;
  readonly from?: number;
  readonly to?: number;
}

/** An answer that is not the wanted one; `status` is 0 where there was none. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    message: string,
    /** What is wrong with which field. */
    readonly faults: ReadonlyMap<string, string> = new Map(),
  ) {
    super(message);
  }
}

const LIST_LIMIT = 1000;

export class Server {
  /** Called when an answer tells that nobody is signed in any more. */
  onSignedOut: () => void = () => undefined;

  /** Null where nobody is signed in. */
  async session(): Promise<Who | null> {
    try {
      return await this.#ask<Who>('GET', 'session');
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return null;
      throw error;
    }
  }

  signIn(key: string): Promise<Who> {
    return this.#ask('POST', 'session', { key });
  }

  signOut(): Promise<void> {
    return this.#ask('DELETE', 'session');
  }

  overview(): Promise<Overview> {
    return this.#ask('GET', 'v1/status');
  }

  /** All cameras by title, each with a fresh token. */
  async cameras(): Promise<Camera[]> {
    const cameras: Camera[] = [];
    let after: string | null = '';
    while (after !== null) {
      const query: string = new URLSearchParams({ limit: String(LIST_LIMIT), ...(after && { after }) }).toString();
      const page: { cameras: Camera[]; next: string | null } = await this.#ask('GET', `v1/cameras?${query}`);
      cameras.push(...page.cameras);
      after = page.next;
    }
    return cameras;
  }

  /** One camera, with a fresh token. */
  camera(id: string): Promise<Camera> {
    return this.#ask('GET', `v1/cameras/${encodeURIComponent(id)}`);
  }

  add(fields: CameraFields): Promise<Camera> {
    return this.#ask('POST', 'v1/cameras', fields);
  }

  change(id: string, fields: CameraFields): Promise<Camera> {
    return this.#ask('PATCH', `v1/cameras/${encodeURIComponent(id)}`, fields);
  }

  remove(id: string): Promise<void> {
    return this.#ask('DELETE', `v1/cameras/${encodeURIComponent(id)}`);
  }

  locks(id: string): Promise<{ readonly locks: readonly Lock[]; readonly lockedBytes: number }> {
    return this.#ask('GET', `v1/cameras/${encodeURIComponent(id)}/locks`);
  }

  addLock(id: string, wanted: Pick<Lock, 'start' | 'duration' | 'reason' | 'until'>): Promise<Lock> {
    return this.#ask('POST', `v1/cameras/${encodeURIComponent(id)}/locks`, wanted);
  }

  removeLock(id: string, lockId: string): Promise<void> {
    return this.#ask('DELETE', `v1/cameras/${encodeURIComponent(id)}/locks/${encodeURIComponent(lockId)}`);
  }

  /** Cameras that can be taken back, by title. */
  async removed(): Promise<readonly RemovedCamera[]> {
    return (await this.#ask<{ cameras: RemovedCamera[] }>('GET', 'v1/removed-cameras')).cameras;
  }

  restore(id: string): Promise<Camera> {
    return this.#ask('POST', `v1/cameras/${encodeURIComponent(id)}/restore`);
  }

  /** A token for a part of a camera's archive; moments in ms. */
  makeToken(id: string, wanted: { ttl?: number; from: number; to: number }): Promise<MadeToken> {
    return this.#ask('POST', `v1/cameras/${encodeURIComponent(id)}/tokens`, wanted);
  }

  async #ask<T>(method: string, path: string, body?: object): Promise<T> {
    let response: Response;
    try {
      response = await fetch(new URL(path, document.baseURI), {
        method,
        // What only this page can send: a cookie alone changes nothing.
        headers: method === 'GET' ? {} : { 'X-Footage-Page': '1' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch {
      throw new Refusal(0, 'The server can’t be reached. Check the network, then try again.');
    }
    if (response.status === 204) return undefined as T;
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok && answer !== null) return answer as T;
    const refusal = refusalOf(response, answer);
    if (refusal.status === 401 && path !== 'session') this.onSignedOut();
    throw refusal;
  }
}

/** Words for a problem document, or for an answer that is none. */
export function refusalOf(response: Pick<Response, 'status' | 'headers'>, answer: unknown): Refusal {
  const { status, headers } = response;
  const problem = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<string, unknown>;
  const listed = (Array.isArray(problem['errors']) ? problem['errors'] : []) as { name: string; detail: string }[];
  const faults = new Map(listed.map(({ name, detail }) => [name, detail]));
  if (status === 429 || status === 503) {
    const wait = Number(headers.get('retry-after'));
    const when = wait > 0 ? `in ${wait} ${wait === 1 ? 'second' : 'seconds'}` : 'in a moment';
    return new Refusal(status, `The server is busy just now. Try again ${when}.`, faults);
  }
  if (status === 413) return new Refusal(status, 'That is more than the server takes at once.', faults);
  const detail = typeof problem['detail'] === 'string' ? `${problem['detail']}.` : `The server could not answer (${status}).`;
  return new Refusal(status, detail, faults);
}
