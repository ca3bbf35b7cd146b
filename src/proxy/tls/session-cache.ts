// TLS sessions of servers, to be resumed: the newest one for each address.

/** Addresses remembered: more than the servers of any one backend, and a session is about 2 KiB. */
const limit = 1_000;

export class SessionCache {
  readonly #sessions = new Map<string, Buffer>();

  get(address: string): Buffer | undefined {
    return this.#sessions.get(address);
  }

  set(address: string, session: Buffer): void {
    // The one that was renewed longest ago stands first.
    this.#sessions.delete(address);
    this.#sessions.set(address, session);
    if (this.#sessions.size <= limit) return;
    const [oldest] = this.#sessions.keys();
    this.#sessions.delete(oldest!);
  }

  /** A handshake with it failed. */
  forget(address: string): void {
    this.#sessions.delete(address);
  }
}
