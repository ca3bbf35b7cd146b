// Where an answer's octets are read to. Small ones share a buffer and are copied; one that goes on gets a buffer lent for
// itself, written from without a copy: a wide one while there are some, a large one where it goes on for long. A client
// that stalls holds no more than a small one, so thousands of slow readers cost little.
//
// For clients over TLS none is lent: what is written from the shared one is encrypted at once, so they share a large one.
//
//   shared ──(a read that fills it)──► wide ──(8 MiB without a stall)──► bulk
//      │                                 └──(a stall)──► own ◄──(a stall)──┘
//      └──(a stall, or no wide one is left)──► own ──(8 MiB without a stall)──► bulk

import {
  type BufferPool,
  bulkBuffers,
  ownBuffers,
  sharedTlsBuffer,
  smallRead,
  wideBuffers,
} from '../relay-buffers.ts';
import type { ServerSocket } from '../server-socket.ts';

/** More than two kernels' socket buffers take from a reader that does not keep up. */
const bulkAfter = 8 * 1024 * 1024;

interface Loan {
  readonly pool: BufferPool;
  readonly buffer: Buffer;
}

export class AnswerBuffers {
  #socket: ServerSocket | undefined = undefined;
  /** Read into now; undefined for the shared one. */
  #current: Loan | undefined = undefined;
  /** Left behind by a stall: free again once the client has taken what was written from it. */
  #leaving: Loan | undefined = undefined;
  #unstalled = 0;
  readonly #secure: boolean;
  #encrypted = false;

  /** `secure`: what is read is written over TLS. */
  constructor(secure = false) {
    this.#secure = secure;
  }

  /** Before a request is sent. A server over TLS is read record by record (tls-server-socket.ts). */
  begin(socket: ServerSocket, serverIsPlain: boolean): void {
    this.#encrypted = this.#secure;
    if (serverIsPlain) socket.readInto?.(this.#secure ? sharedTlsBuffer : undefined);
  }

  /** Is it written from as it is? Then all must have gone out before the next read. */
  isLent(octets: Buffer, length: number): boolean {
    // A small part is copied: to wait until it has gone out costs more.
    if (this.#encrypted) return length >= smallRead / 2;
    return this.#current !== undefined && octets === this.#current.buffer;
  }

  /** After a read whose octets the client took at once. */
  flowed(socket: ServerSocket, octets: Buffer, length: number): void {
    this.#unstalled += length;
    if (socket.readInto === undefined || this.#encrypted) return;
    if (this.#current === undefined) {
      if (length === octets.length) this.#use(socket, lend(wideBuffers) ?? lend(ownBuffers));
    } else if (this.#unstalled > bulkAfter && this.#current.pool !== bulkBuffers) {
      const bulk = lend(bulkBuffers);
      if (bulk === undefined) return;
      giveBack(this.#current);
      this.#use(socket, bulk);
    }
  }

  /** The client holds some of what was written. No read follows before `drained`. */
  stalled(socket: ServerSocket): void {
    this.#unstalled = 0;
    if (socket.readInto === undefined || this.#encrypted || this.#current?.pool === ownBuffers) return;
    this.#leaving = this.#current;
    this.#use(socket, lend(ownBuffers));
  }

  drained(): void {
    if (this.#leaving !== undefined) giveBack(this.#leaving);
    this.#leaving = undefined;
  }

  /** The answer is over. `pending`: the client has not taken all of it, so what it is written from is lost to us. */
  end(pending: boolean): void {
    this.#unstalled = 0;
    if (this.#socket === undefined) return;
    for (const loan of [this.#current, this.#leaving]) {
      if (loan === undefined) continue;
      if (pending) loan.pool.forsake();
      else giveBack(loan);
    }
    this.#current = undefined;
    this.#leaving = undefined;
    this.#socket.readInto?.(undefined);
    this.#socket = undefined;
  }

  #use(socket: ServerSocket, loan: Loan | undefined): void {
    this.#current = loan;
    this.#socket = socket;
    socket.readInto?.(loan?.buffer);
  }
}

/** Undefined where the pool has none left. */
function lend(pool: BufferPool): Loan | undefined {
  const buffer = pool.take();
  return buffer === undefined ? undefined : { pool, buffer };
}

function giveBack({ pool, buffer }: Loan): void {
  pool.give(buffer);
}
