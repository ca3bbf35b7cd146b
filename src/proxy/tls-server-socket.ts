// A connection to a server over TLS. Two kinds: one that reads into a buffer of our choice and is as fast as can be, and
// one whose records pass by us on their way, for servers that end an answer by closing: only there it is seen whether
// the end was said (close_notify) or the connection was cut.

import { connect as connectPlain, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { addressText } from '../domain/address-text.ts';
import type { Address } from '../domain/plan.ts';
import { sharedSmallBuffer, sharedTlsBuffer } from './relay-buffers.ts';
import { resetSocket } from './reset-socket.ts';
import type { ServerSocket } from './server-socket.ts';
import type { ServerProfile } from './tls/server-profiles.ts';

export interface TlsServerSocket extends ServerSocket {
  readonly socket: TLSSocket;
  /** Where 'connect' comes. */
  readonly transport: Socket;
  /** After 'end': the server said that this is the end (RFC 8446 6.1). Undefined: it cannot be told on this kind. */
  readonly endWasSaid: boolean | undefined;
}

/**
 * Begins to connect; 'secureConnect' comes once the certificate is verified as the profile asks, 'connect' before that.
 * Nothing listens on `socket` yet.
 */
export function openTlsServerSocket(address: Address, profile: ServerProfile): TlsServerSocket {
  let target: Buffer = sharedSmallBuffer;
  const late = new LateReads();
  const settings: ConnectionOptions & Pick<TcpNetConnectOpts, 'onread' | 'noDelay' | 'allowHalfOpen'> = {
    ...options(address, profile),
    ...(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }),
    noDelay: true,
    onread: {
      // What is decrypted already comes even when nothing more is wanted: not into a buffer that is still written from.
      buffer: () => (late.holding ? late.own() : target) as Buffer<ArrayBuffer>,
      callback: (length, buffer) => late.read(buffer as Buffer, length),
    },
  };
  const socket = connect(settings);
  const opened: TlsServerSocket = {
    socket,
    transport: socket,
    endWasSaid: undefined,
    onBytes: () => false,
    readInto(buffer) {
      target = buffer ?? sharedSmallBuffer;
    },
  };
  late.attach(opened);
  keepSession(socket, address, profile);
  return opened;
}

/** The other kind: slower, and `endWasSaid` is known. */
export function openWatchedTlsServerSocket(address: Address, profile: ServerProfile): TlsServerSocket {
  const plain = connectPlain({
    ...(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }),
    allowHalfOpen: true,
    noDelay: true,
  });
  const records = new Records(plain);
  let cut = false;
  // Before the socket above hears of it: what ends without this has ended by close_notify.
  records.on('end', () => {
    cut = true;
  });
  const socket = connect({ ...options(address, profile), socket: records });
  let said: boolean | undefined;
  const opened: TlsServerSocket = {
    socket,
    transport: plain,
    get endWasSaid() {
      return said;
    },
    onBytes: () => false,
  };
  socket.on('end', () => {
    said = !cut;
  });
  socket.on('data', (bytes: Buffer) => {
    if (!opened.onBytes(bytes, bytes.length)) socket.pause();
  });
  keepSession(socket, address, profile);
  return opened;
}

function options(
  address: Address,
  profile: ServerProfile,
): ConnectionOptions & { readonly allowHalfOpen: boolean } {
  const { context, serverName, verify, sessions } = profile;
  const session = sessions.get(addressText(address));
  return {
    ...(context === undefined ? {} : { secureContext: context }),
    // An address is no server name (RFC 6066 3).
    ...(serverName === undefined || isIP(serverName) !== 0 ? {} : { servername: serverName }),
    ...(session === undefined ? {} : { session }),
    ALPNProtocols: http11,
    rejectUnauthorized: verify === 'required',
    allowHalfOpen: true,
    checkServerIdentity: (_name, certificate) =>
      profile.checkName(address.kind === 'unix' ? 'localhost' : address.host, certificate),
  };
}

const http11 = ['http/1.1'];

/** Sessions of connections alone that were found to be right. */
function keepSession(socket: TLSSocket, address: Address, { sessions, verify }: ServerProfile): void {
  const key = addressText(address);
  let early: Buffer | undefined;
  let secure = false;
  socket.on('session', (session) => {
    // Of TLS 1.2 it comes before the certificate was looked at.
    if (secure) sessions.set(key, session);
    else early = session;
  });
  socket.once('secureConnect', () => {
    secure = socket.authorized || verify === 'none';
    if (secure && early !== undefined) sessions.set(key, early);
  });
  socket.once('error', () => {
    if (!secure) sessions.forget(key);
  });
}

const lateSize = 16_384;
/** Made anew for each read they would keep the garbage collector busy. */
const spares: Buffer[] = [];
const maxSpares = 256;

/** Whoever was handed it has copied what it keeps. */
function giveBack(buffer: Buffer): void {
  if (spares.length < maxSpares && buffer.length === lateSize) spares.push(buffer);
}

/**
 * Node hands out all records that one read brought, and the end behind them, although it was told to stop reading after
 * the first. They wait here until `resume`.
 */
class LateReads {
  holding = false;
  /** Lent for the next read, or the one that is handed on now. */
  #own: Buffer | undefined;
  readonly #held: (readonly [buffer: Buffer, length: number])[] = [];
  #ended = false;
  #delivering = false;
  #opened: TlsServerSocket | undefined;

  attach(opened: TlsServerSocket): void {
    this.#opened = opened;
    const { socket } = opened;
    const { pause, resume, push } = socket;
    socket.pause = () => {
      this.holding = true;
      return pause.call(socket);
    };
    socket.resume = () => {
      if (this.#deliver()) resume.call(socket);
      return socket;
    };
    // With a buffer of our own nothing is pushed but the end.
    socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk === null && this.holding) {
        this.#ended = true;
        return false;
      }
      return push.call(socket, chunk, encoding);
    };
  }

  own(): Buffer {
    this.#own = spares.pop() ?? Buffer.allocUnsafeSlow(lateSize);
    return this.#own;
  }

  read(buffer: Buffer, length: number): boolean {
    if (this.holding) {
      // Lent before it was paused, it may be shared.
      this.#held.push([buffer === this.#own ? buffer : Buffer.copyBytesFrom(buffer, 0, length), length]);
      return false;
    }
    if (!this.#opened!.onBytes(buffer, length)) this.holding = true;
    if (buffer === this.#own) {
      this.#own = undefined;
      giveBack(buffer);
    }
    return !this.holding;
  }

  /** True when all was taken, and more may be read. */
  #deliver(): boolean {
    // Whoever takes them may say so while it is being handed them.
    if (this.#delivering) {
      this.holding = false;
      return false;
    }
    const opened = this.#opened!;
    const { socket } = opened;
    this.holding = false;
    this.#delivering = true;
    while (this.#held.length > 0 && !this.holding && !socket.destroyed) {
      const [buffer, length] = this.#next();
      if (!opened.onBytes(buffer, length)) this.holding = true;
      giveBack(buffer);
    }
    this.#delivering = false;
    if (this.holding || socket.destroyed) return false;
    if (this.#ended) {
      this.#ended = false;
      socket.push(null);
      socket.read(0);
    }
    return true;
  }

  /** All that is held, in one piece as far as it fits: each one is a write, and a turn of the event loop, for the client. */
  #next(): readonly [buffer: Buffer, length: number] {
    const held = this.#held;
    if (held.length === 1) return held.shift()!;
    let size = 0;
    while (held.length > 0 && size + held[0]![1] <= sharedTlsBuffer.length) {
      const [buffer, length] = held.shift()!;
      buffer.copy(sharedTlsBuffer, size, 0, length);
      size += length;
      giveBack(buffer);
    }
    return [sharedTlsBuffer, size];
  }
}

/** The bytes of a socket as a stream that a TLS socket can be put on. */
class Records extends Duplex {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    socket.on('connect', () => this.emit('connect'));
    socket.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.readableEnded && this.writableFinished) this.#socket.destroy();
    else resetSocket(this.#socket);
    done(error);
  }
}
