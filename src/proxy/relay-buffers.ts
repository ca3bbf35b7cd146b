// Read buffers of relays. Connections with little to say share one; those that move more than it holds get one of their own,
// and, when they go on and on, a large one.

/** A string up to this size is copied by `write` before it returns, so that a shared buffer may be filled again. */
export const smallRead = 16 * 1024;

/** Filled and emptied within one callback, so every socket of the process can use it. */
export const sharedBuffer = Buffer.allocUnsafeSlow(64 * 1024);
/**
 * The same for what is written over TLS, which is encrypted before `write` returns: room for an answer of 64 KiB with its
 * head. A client that stalls leaves as much unread with us.
 */
export const sharedTlsBuffer = Buffer.allocUnsafeSlow(80 * 1024);
/** Its beginning, which a relay can empty by one string. */
export const sharedSmallBuffer = sharedBuffer.subarray(0, smallRead);

/** Buffers lent to one relay at a time. */
export class BufferPool {
  readonly #size: number;
  readonly #limit: number;
  readonly #spares: Buffer[] = [];
  #made = 0;

  /** At most `limit` exist at once. */
  constructor(size: number, limit: number) {
    this.#size = size;
    this.#limit = limit;
  }

  /** Undefined when all are lent. */
  take(): Buffer | undefined {
    const spare = this.#spares.pop();
    if (spare !== undefined || this.#made === this.#limit) return spare;
    this.#made += 1;
    return Buffer.allocUnsafeSlow(this.#size);
  }

  /** Nothing may still be written from it. */
  give(buffer: Buffer): void {
    this.#spares.push(buffer);
  }

  /** A write from one was never finished, so nobody may fill it again: another one may take its place. */
  forsake(): void {
    this.#made -= 1;
  }
}

/** What a reader that stalls holds of ours. */
export const ownBuffers = new BufferPool(smallRead, 8_192);
/** For an answer that is longer than a small read: most end within it. Stalled readers can hold all of them, 4 MiB, and no more. */
export const wideBuffers = new BufferPool(64 * 1024, 64);
/** The same of these, for what goes on and on. */
export const bulkBuffers = new BufferPool(256 * 1024, 64);
