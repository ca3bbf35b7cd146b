// How much a relay reads from its server at once, from what the reads before brought.
//
//   shared ──(a full read)──► own ──(8 MiB of full reads)──► bulk
//      ▲                       │                              │
//      └───(16 small reads)────┴──────────────────────────────┘

import { type BufferPool, bulkBuffers, ownBuffers, smallRead } from './relay-buffers.ts';
import type { ServerSocket } from './server-socket.ts';

/** More than a kernel takes for a reader that takes nothing itself: who stalls from the start never holds a large one. */
const bulkAfter = 8 * 1024 * 1024;
const quietAfter = 16;

export class ReadSize {
  readonly #server: ServerSocket;
  #pool: BufferPool | undefined = undefined;
  #buffer: Buffer | undefined = undefined;
  #inFullReads = 0;
  #smallReads = 0;

  constructor(server: ServerSocket) {
    this.#server = server;
  }

  /** Nobody else fills it, so that a write may go on from it, as long as nothing is read meanwhile. */
  owns(buffer: Buffer): boolean {
    return buffer === this.#buffer;
  }

  /** After a read of `length` whose write has finished. */
  fit(length: number): void {
    if (this.#pool === undefined) {
      if (length >= smallRead) this.#use(ownBuffers);
    } else if (length < smallRead) {
      this.#inFullReads = 0;
      this.#smallReads += 1;
      if (this.#smallReads === quietAfter) this.#use(undefined);
    } else {
      this.#smallReads = 0;
      this.#inFullReads += length;
      if (this.#inFullReads >= bulkAfter && this.#pool === ownBuffers) this.#use(bulkBuffers);
    }
  }

  /** `written`: no write from its buffer is pending. */
  end(written: boolean): void {
    if (written) this.#use(undefined);
    else this.#pool?.forsake();
  }

  #use(pool: BufferPool | undefined): void {
    const { readInto } = this.#server;
    if (readInto === undefined) return;
    const buffer = pool?.take();
    // None left: it goes on as it is, and asks again after as many bytes.
    if (pool !== undefined && buffer === undefined) {
      this.#inFullReads = 0;
      return;
    }
    readInto(buffer);
    if (this.#buffer !== undefined) this.#pool?.give(this.#buffer);
    this.#pool = pool;
    this.#buffer = buffer;
    this.#inFullReads = 0;
    this.#smallReads = 0;
  }
}
