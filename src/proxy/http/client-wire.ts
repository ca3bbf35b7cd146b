// The client's socket as a session uses it: octets in, octets out, one deadline, and a last answer that is given time
// to be read. Knows nothing of HTTP, and of TLS only how its socket differs from a plain one.
//
//   open ──(linger)──► lingering ──(the client ends too, or time is over)──► closed
//     └──(reset, close, or the client's own end of it)──────────────────────► closed

import type { Socket } from 'node:net';
import type { LiveConnection } from '../live-connection.ts';
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
/**
 * A TLSSocket says only in a later turn of the event loop that a write has gone out, so what waits is not all unread:
 * with less, each read of an answer would stop the server for a turn.
 */
const maxPendingOverTls = 65_536;
const nothing = Buffer.alloc(0);
/** How long a client may take to end its side after its last answer, and how much it may still send. */
const lingerMs = 2_000;
const maxLingeringOctets = 4_194_304;

/** Who ended the connection, and when: of a FIN or RST the first of each side counts, what follows is its echo. */
export type ConnectionEnds = Pick<
  LiveConnection,
  'clientFinMono' | 'ownFinMono' | 'resetMono' | 'resetBy' | 'cause'
>;

export class ClientWire {
  /** The client ended its side. */
  ended = false;
  readonly #socket: Socket;
  readonly #ends: ConnectionEnds;
  readonly #timers: Timers;
  readonly #user: ClientWireUser;
  readonly #timer: Timer;
  readonly #secure: boolean;
  #awaited: Awaited = '-';
  #paused = false;
  #full = false;
  #state: 'open' | 'lingering' | 'closed' = 'open';
  #lingered = 0;
  /** While lingering: what it may take to read what is still unread. */
  #readingMs = 0;

  /** `secure`: the socket is a TLSSocket. */
  constructor(socket: Socket, ends: ConnectionEnds, timers: Timers, user: ClientWireUser, secure: boolean) {
    this.#socket = socket;
    this.#ends = ends;
    this.#secure = secure;
    this.#timers = timers;
    this.#user = user;
    this.#timer = new Timer(() => this.#timedOut());
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
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

  /** A lent buffer is still written from. Over TLS never: it was encrypted, or copied, at once. */
  get holdsLent(): boolean {
    return !this.#secure && this.pending;
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
    if (this.#secure) return this.#writeOverTls(out, lent);
    if (typeof out === 'string') socket.write(out, 'latin1');
    else socket.write(out);
    return socket.writableLength <= (lent ? 0 : maxPending) || this.#holdOn();
  }

  /** What is not behind another write is encrypted before `write` returns; what is waits in its own buffer. */
  #writeOverTls(out: string | Buffer, lent: boolean): boolean {
    const socket = this.#socket;
    if (typeof out === 'string') socket.write(out, 'latin1');
    else if (!lent) socket.write(out);
    else if (this.#full) {
      socket.write(Buffer.copyBytesFrom(out));
      return false;
    } else {
      this.#full = true;
      socket.write(this.pending ? Buffer.copyBytesFrom(out) : out, this.#onDrain);
      return false;
    }
    return socket.writableLength <= maxPendingOverTls || this.#holdOn();
  }

  #holdOn(): false {
    const socket = this.#socket;
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
    this.#end();
    this.#timers.arm(this.#timer, this.full ? readingMs : lingerMs);
    this.resume();
  }

  /** The client can tell that from a regular end. */
  reset(): void {
    this.#stop();
    this.#noteReset('sluice');
    resetSocket(this.#socket);
  }

  /** Where something was not sent yet, a regular end would make what was sent look like all of it. */
  close(): void {
    if (this.#state === 'closed') return;
    if (this.pending) {
      this.reset();
      return;
    }
    // Over TLS its end is the close_notify, without which the client must take it for a cut (RFC 8446 6.1).
    if (this.#secure && this.#state === 'open' && !this.#socket.destroyed) this.#end();
    else this.#noteEnd();
    this.#stop();
    this.#socket.destroy();
  }

  /** For a tunnel: the socket goes on without this object. */
  release(): Socket {
    this.#stop();
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    return socket;
  }

  #end(): void {
    this.#noteEnd();
    this.#socket.end();
  }

  #noteEnd(): void {
    const ends = this.#ends;
    if (ends.ownFinMono === -1 && ends.resetMono === -1) ends.ownFinMono = this.#timers.mono();
  }

  #noteReset(by: 'client' | 'sluice'): void {
    const ends = this.#ends;
    if (ends.resetMono !== -1) return;
    ends.resetMono = this.#timers.mono();
    ends.resetBy = by;
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
    if (this.#ends.clientFinMono === -1) this.#ends.clientFinMono = this.#timers.mono();
    if (this.#state === 'open') this.#user.clientEnded();
  };

  #onDrain = (): void => {
    this.#full = false;
    if (this.#awaited === 'reading') this.#awaited = '-';
    if (this.#state === 'open') this.#user.clientDrained();
    else if (this.#state === 'lingering') this.#timers.arm(this.#timer, lingerMs);
  };

  #onError = (error: NodeJS.ErrnoException & { readonly reason?: string }): void => {
    const { code = '', reason } = error;
    // OpenSSL's errors bring its reason: "decryption failed or bad record mac".
    if (reason === undefined && !code.startsWith('ERR_')) this.#noteReset('client');
    else if (this.#state === 'open') this.#ends.cause = `TLS: ${reason ?? error.message}`;
    this.#onClose();
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
