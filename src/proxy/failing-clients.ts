// Failed handshakes of a route, so weighed that one client alone makes no route look bad: an address that only fails
// counts once in some seconds. One that gets through as well counts in full: many clients may stand behind it.

const windowMs = 5_000;
const maxClients = 4_096;
const gotThrough = -1;

export class FailingClients {
  /** Only grows. */
  counted = 0;
  /** Failures held back of an address that only failed; or `gotThrough`. */
  readonly #held = new Map<string, number>();
  #since = 0;

  /** `mono`: monotonic, milliseconds. */
  failed(client: string, mono: number): void {
    this.#renew(mono);
    const held = this.#held.get(client);
    if (held === undefined || held === gotThrough) this.counted += 1;
    if (held !== gotThrough) this.#held.set(client, held === undefined ? 0 : held + 1);
  }

  succeeded(client: string, mono: number): void {
    this.#renew(mono);
    const held = this.#held.get(client);
    if (held === gotThrough) return;
    this.counted += held ?? 0;
    this.#held.set(client, gotThrough);
  }

  #renew(mono: number): void {
    if (mono - this.#since < windowMs && this.#held.size < maxClients) return;
    this.#held.clear();
    this.#since = mono;
  }
}
