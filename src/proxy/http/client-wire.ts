// The client's socket as a session uses it: octets in, octets out, one deadline, and a last answer that is given time
// to be read. Knows nothing of HTTP.
//
//   open ──(linger)──► lingering ──(the client ends too, or time is over)──► closed
//     └──(reset, close, or the client's own end of it)──────────────────────► closed

import type { Socket } from 'node:net';
import { resetSocket } from '../reset-socket.ts';
import { Timer, type Timers } from '../timers.ts';

/** What the deadline is for; '-' lets it run out unheard, which is cheaper than to cancel it. */
export type Awaited = '-' | 'head' | 'next' | 'body' | 'reading';

export interface ClientWireUser {
  clientBytes(chunk: Buffer): void;
  /** The client ended its side (FIN). */
  clientEnded(): void;
  /** What was written has gone out, after a write that was told to hold on. */
  clientDrained(): void;
  clientTimedOut(awaited: Awaited): void;
  /** Reset by the client, or closed after lingering. Not after `reset`, `close` or `release`. */
  clientClosed(): void;
}

/** What may wait to be taken by the client before we hold on: what 10,000 slow readers may cost us. */
const maxPending = 16_384;
const nothing = Buffer.alloc(0);
/** How long a client may take to end its side after its last answer, and how much it may still send. */
const lingerMs = 2_000;
const maxLingeringOctets = 4_194_304;

export class ClientWire {
  /** The client ended its side. */
  ended = false;
  readonly #socket: Socket;
  readonly #timers: Timers;
  readonly #user: ClientWireUser;
  readonly #timer: Timer;
  #awaited: Awaited = '-';
  #paused = false;
  #full = false;
  #state: 'open' | 'lingering' | 'closed' = 'open';
  #lingered = 0;
  /** While lingering: what it may take to read what is still unread. */
  #readingMs = 0;

  constructor(socket: Socket, timers: Timers, user: ClientWireUser) {
    this.#socket = socket;
    this.#timers = timers;
    this.#user = user;
    this.#timer = new Timer(() => this.#timedOut());
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onClose);
    socket.on('close', this.#onClose);
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** The client has not taken what was written to it: wait for `clientDrained`. */
  get full(): boolean {
    return this.#full;
  }

  /** Something that was written has not gone out. */
  get pending(): boolean {
    return this.#socket.writableLength > 0;
  }

  get awaited(): Awaited {
    return this.#awaited;
  }

  await(what: Awaited, ms: number, now?: number): void {
    this.#awaited = what;
    this.#timers.arm(this.#timer, ms, now);
  }

  awaitNothing(): void {
    this.#awaited = '-';
  }

  /** Strings are latin1. False: hold on until `clientDrained`; after a `lent` buffer as long as any of it is left. */
  write(out: string | Buffer, lent = false): boolean {
    const socket = this.#socket;
    if (typeof out === 'string') socket.write(out, 'latin1');
    else socket.write(out);
    if (socket.writableLength <= (lent ? 0 : maxPending)) return true;
    if (!this.#full) {
      this.#full = true;
      // 'drain' comes only above the socket's own mark; an empty write behind what is pending always calls back.
      socket.write(nothing, this.#onDrain);
    }
    return false;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /** Ends our side and waits for the client's, reading on: closing at once would reset what it has not read yet. */
  linger(readingMs: number): void {
    if (this.#state !== 'open') return;
    this.#state = 'lingering';
    this.#readingMs = readingMs;
    this.#socket.end();
    this.#timers.arm(this.#timer, this.full ? readingMs : lingerMs);
    this.resume();
  }

  /** The client can tell that from a regular end. */
  reset(): void {
    this.#stop();
    resetSocket(this.#socket);
  }

  /** Where something was not sent yet, a regular end would make what was sent look like all of it. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#stop();
    if (this.pending) resetSocket(this.#socket);
    else this.#socket.destroy();
  }

  /** For a tunnel: the socket goes on without this object. */
  release(): Socket {
    this.#stop();
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onClose);
    socket.off('close', this.#onClose);
    return socket;
  }

  #stop(): void {
    this.#state = 'closed';
    this.#timers.cancel(this.#timer);
  }

  #onData = (chunk: Buffer): void => {
    if (this.#state === 'open') this.#user.clientBytes(chunk);
    else if (this.#state === 'lingering') {
      this.#lingered += chunk.length;
      if (this.#lingered > maxLingeringOctets) this.#onClose();
    }
  };

  #onEnd = (): void => {
    this.ended = true;
    if (this.#state === 'open') this.#user.clientEnded();
  };

  #onDrain = (): void => {
    this.#full = false;
    if (this.#awaited === 'reading') this.#awaited = '-';
    if (this.#state === 'open') this.#user.clientDrained();
    else if (this.#state === 'lingering') this.#timers.arm(this.#timer, lingerMs);
  };

  #onClose = (): void => {
    if (this.#state === 'closed') return;
    this.close();
    this.#user.clientClosed();
  };

  #timedOut(): void {
    if (this.#state === 'lingering') {
      // Whoever still reads its last answer has the client's timeout for it, once.
      if (this.#socket.writableLength > 0 && this.#readingMs > 0) {
        this.#timers.arm(this.#timer, this.#readingMs);
        this.#readingMs = 0;
      } else this.#onClose();
    } else if (this.#state === 'open' && this.#awaited !== '-') this.#user.clientTimedOut(this.#awaited);
  }
}
