// The key that session tickets are sealed with: made from the runtime's secret and the hour, so that all instances have
// the same one and change it in step without a word between them. Old ones cannot be made again from what is kept.
//
//   long₀ ──► long₁ ──► long₂ …        one for 1,024 epochs; only the next one is kept
//     └► short₀ ─► short₁ ─► …         one for each epoch; only the present one is kept
//                    └► key

import { createHmac, hkdfSync } from 'node:crypto';
import { ticketEpoch } from '../../domain/ticket-epoch.ts';
import type { TlsMaterial } from '../../domain/tls.ts';

const epochsPerLong = 1_024;

/** A ticket of the epoch before is not opened any more: its client shakes hands in full, once (OpenSSL is given one key). */
export class TicketKeys {
  readonly #source: TlsMaterial['tickets'];
  /** Both count from the source's epoch. */
  #long = 0;
  #at = 0;
  #nextLong: Buffer;
  #short: Buffer;
  #key: Buffer;

  constructor(source: TlsMaterial['tickets']) {
    this.#source = source;
    const first = Buffer.from(source.secret, 'base64');
    this.#nextLong = step(first, 'long');
    this.#short = step(first, 'short');
    this.#key = keyOf(this.#short);
    first.fill(0);
  }

  /** Was it made of these? */
  isOf({ secret, epoch }: TlsMaterial['tickets']): boolean {
    return this.#source.secret === secret && this.#source.epoch === epoch;
  }

  /** For tls.Server's `setTicketKeys`: 48 bytes. */
  get key(): Buffer {
    return this.#key;
  }

  /** True: from now on there is another key. A clock that goes back changes nothing. */
  advance(wall: number): boolean {
    const wanted = ticketEpoch(wall) - this.#source.epoch;
    if (wanted <= this.#at) return false;
    const long = Math.floor(wanted / epochsPerLong);
    while (this.#long < long) {
      this.#short.fill(0);
      this.#short = step(this.#nextLong, 'short');
      const next = step(this.#nextLong, 'long');
      this.#nextLong.fill(0);
      this.#nextLong = next;
      this.#long += 1;
      this.#at = this.#long * epochsPerLong;
    }
    while (this.#at < wanted) {
      const next = step(this.#short, 'next');
      this.#short.fill(0);
      this.#short = next;
      this.#at += 1;
    }
    this.#key = keyOf(this.#short);
    return true;
  }
}

function step(secret: Buffer, label: string): Buffer {
  return createHmac('sha256', secret).update(`sluice tickets ${label}`).digest();
}

function keyOf(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'sluice ticket key', 48));
}
