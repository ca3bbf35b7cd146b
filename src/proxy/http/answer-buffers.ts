// Where an answer's octets are read to. Small ones share a buffer and are copied; one that goes on gets a buffer of its
// own, written from without a copy; one that goes on for long without its client stalling, a large one. A client that
// stalls holds no more than the small one, so thousands of slow readers cost little.
//
//   shared ──(a read that fills it, or a stall)──► own ──(8 MiB without a stall)──► bulk ──(a stall)──► own

import { bulkBuffers, ownBuffers } from '../relay-buffers.ts';
import type { ServerSocket } from '../server-socket.ts';

/** More than two kernels' socket buffers take from a reader that does not keep up. */
const bulkAfter = 8 * 1024 * 1024;

export class AnswerBuffers {
  #socket: ServerSocket | undefined = undefined;
  #own: Buffer | undefined = undefined;
  #bulk: Buffer | undefined = undefined;
  /** Left behind by a stall: free again once the client has taken what was written from it. */
  #leaving: Buffer | undefined = undefined;
  #unstalled = 0;

  /** Is it written from as it is? Then all must have gone out before the next read. */
  isLent(octets: Buffer): boolean {
    return octets === this.#own || octets === this.#bulk;
  }

  /** After a read whose octets the client took at once. */
  flowed(socket: ServerSocket, octets: Buffer, length: number): void {
    this.#unstalled += length;
    if (this.#own === undefined) {
      if (length === octets.length) this.#takeOwn(socket);
    } else if (this.#unstalled > bulkAfter && this.#bulk === undefined) {
      this.#bulk = bulkBuffers.take();
      if (this.#bulk !== undefined) socket.readInto?.(this.#bulk);
    }
  }

  /** The client holds some of what was written. No read follows before `drained`. */
  stalled(socket: ServerSocket): void {
    this.#unstalled = 0;
    if (this.#own === undefined) this.#takeOwn(socket);
    else if (this.#bulk !== undefined) {
      this.#leaving = this.#bulk;
      this.#bulk = undefined;
      socket.readInto?.(this.#own);
    }
  }

  drained(): void {
    if (this.#leaving !== undefined) bulkBuffers.give(this.#leaving);
    this.#leaving = undefined;
  }

  /** The answer is over. `pending`: the client has not taken all of it, so what it is written from is lost to us. */
  end(pending: boolean): void {
    this.#unstalled = 0;
    if (this.#own === undefined) return;
    if (pending) {
      ownBuffers.forsake();
      if (this.#bulk !== undefined) bulkBuffers.forsake();
      if (this.#leaving !== undefined) bulkBuffers.forsake();
    } else {
      ownBuffers.give(this.#own);
      if (this.#bulk !== undefined) bulkBuffers.give(this.#bulk);
      if (this.#leaving !== undefined) bulkBuffers.give(this.#leaving);
    }
    this.#own = undefined;
    this.#bulk = undefined;
    this.#leaving = undefined;
    this.#socket?.readInto?.(undefined);
    this.#socket = undefined;
  }

  #takeOwn(socket: ServerSocket): void {
    this.#own = ownBuffers.take();
    if (this.#own === undefined) return;
    this.#socket = socket;
    socket.readInto?.(this.#own);
  }
}
