/** Who is signed in, as far as the page knows: the cookie itself no script can read. */
import { Refusal, type Server, type Who } from './server';

const RETRY_MS = 3000;
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Tells by `change` that somebody signed in, or that the session ended. */
export class Session extends EventTarget {
  /** Undefined until it is known. */
  who: Who | null | undefined;
  /** Whether it ended without being asked to. */
  hasEnded = false;
  /** Why it is not known yet. */
  problem: string | null = null;
  readonly #server: Server;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;

  constructor(server: Server) {
    super();
    this.#server = server;
    server.onSignedOut = () => this.#end();
  }

  /** Finds out whether the browser holds a session; once. */
  async open(): Promise<void> {
    if (this.who !== undefined || this.#isAsking) return;
    this.#isAsking = true;
    try {
      this.#take(await this.#server.session());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.problem = error.message;
      this.dispatchEvent(new Event('change'));
      setTimeout(() => void this.open(), RETRY_MS);
    } finally {
      this.#isAsking = false;
    }
  }

  /** Throws a Refusal. */
  async signIn(key: string): Promise<void> {
    this.#take(await this.#server.signIn(key));
  }

  /** Throws a Refusal. */
  async signOut(): Promise<void> {
    await this.#server.signOut();
    this.#take(null);
  }

  #end(): void {
    if (this.who === null) return;
    this.hasEnded = true;
    this.#set(null);
  }

  #take(who: Who | null): void {
    this.hasEnded = false;
    this.#set(who);
  }

  #set(who: Who | null): void {
    clearTimeout(this.#expiry);
    this.who = who;
    this.problem = null;
    if (who !== null) {
      const leftMs = who.exp * 1000 - Date.now();
      this.#expiry = setTimeout(() => this.#end(), Math.min(Math.max(leftMs, 0), TIMER_MAX_MS));
    }
    this.dispatchEvent(new Event('change'));
  }
}
