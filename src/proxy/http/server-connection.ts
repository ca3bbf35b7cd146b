// One connection to a server, plain or over TLS: carries one exchange at a time, waits in its server's pool between two.
//
//   connecting ─┬─(plain)────────► in use ⇄ idle ──► closed    (an upgraded one leaves: its tunnel takes the socket over)
//               └──► handshake ──────┘

import type { Socket } from 'node:net';
import { tlsAddress } from '../../domain/server-tls.ts';
import type { ServerTlsFacts } from '../../domain/tls.ts';
import { resetSocket } from '../reset-socket.ts';
import type { ServerRuntime } from '../server-runtime.ts';
import { openServerSocket, type ServerSocket } from '../server-socket.ts';
import type { ServerProfile } from '../tls/server-profiles.ts';
import {
  openTlsServerSocket,
  openWatchedTlsServerSocket,
  type TlsServerSocket,
} from '../tls-server-socket.ts';

/** Whoever uses a server connection. Every call but `serverBytes` may find that it has let go of it. */
export interface ServerConnectionUser {
  /** The TCP connection stands. Over TLS nothing can be sent yet. */
  serverConnected(): void;
  /** The handshake is complete, and the certificate is as it must be. */
  serverSecured(): void;
  /** `octets` is shared by all connections: what is kept must be copied. False stops reading. */
  serverBytes(octets: Buffer, length: number): boolean;
  /** The server ended its side (FIN). */
  serverEnded(): void;
  /** Refused, reset, unreachable, not to be trusted; the connection is gone. */
  serverFailed(error: Error): void;
  /** What was written has gone out, after a write that was told to hold on. */
  serverDrained(): void;
}

export class ServerConnection {
  readonly wire: ServerSocket;
  readonly socket: Socket;
  /** Of a connection over TLS: what it was opened with. */
  readonly profile: ServerProfile | undefined;
  /** Known once its handshake is complete. */
  tls: ServerTlsFacts | undefined = undefined;
  /** Of TLS: it can be told whether its end was said or it was cut. */
  readonly watched: boolean;
  readonly server: ServerRuntime;
  /** Of the server's address when it was opened. */
  readonly generation: number;
  user: ServerConnectionUser | undefined;
  /** The TCP connection stands. */
  reached = false;
  /** An exchange was served on it before the present one. */
  reused = false;
  /** A write failed: what has come is still read, but nothing more can be sent. */
  failing = false;
  /** Monotonic, of the last exchange's end. */
  idleSince = 0;
  /** Where it waits; told when it ended, failed, or got octets that nobody asked for while idle. */
  pool: { remove(connection: ServerConnection): void } | undefined = undefined;

  readonly #secure: TlsServerSocket | undefined;

  /** @param watched over TLS, where it matters how the connection ends: slower */
  constructor(server: ServerRuntime, user: ServerConnectionUser, profile?: ServerProfile, watched = false) {
    this.server = server;
    this.generation = server.generation;
    this.user = user;
    this.profile = profile;
    this.watched = watched;
    if (profile === undefined) this.wire = openServerSocket(server.settings.address);
    else {
      const open = watched ? openWatchedTlsServerSocket : openTlsServerSocket;
      this.wire = this.#secure = open(tlsAddress(server.settings), profile);
      this.#secure.socket.once('secureConnect', this.#secured);
    }
    this.socket = this.wire.socket;
    this.wire.onBytes = (octets, length) => {
      if (this.user !== undefined) return this.user.serverBytes(octets, length);
      // Octets that no request asked for would be taken for the next one's answer.
      this.#spoil();
      return false;
    };
    this.transport.once('connect', this.#connected);
    this.socket.on('end', this.#ended);
    this.socket.on('error', this.#failed);
    this.socket.on('drain', this.#drained);
    this.socket.on('close', this.#closed);
  }

  /**
   * A server that answers and closes before it has read the whole request resets the connection: our next write fails
   * while the answer still waits to be read. The socket would be destroyed with it, so that is put off for one turn of
   * the event loop, in which what has come is read.
   */
  readOnAfterFailedWrite(): void {
    const { socket } = this;
    if (Object.hasOwn(socket, 'destroy')) return;
    const destroy = socket.destroy.bind(socket);
    socket.destroy = (error?: Error) => {
      if (error === undefined || !('syscall' in error) || error.syscall !== 'write') return destroy(error);
      if (!this.failing) setImmediate(() => setImmediate(() => destroy(error)));
      this.failing = true;
      return socket;
    };
  }

  /** Closes it between two exchanges. */
  close(): void {
    this.#letGo();
    this.socket.destroy();
  }

  /** Breaks an exchange off: the server can tell that from a regular end. */
  abort(): void {
    this.#letGo();
    resetSocket(this.socket);
  }

  #letGo(): void {
    this.user = undefined;
    this.pool = undefined;
  }

  /** The TCP connection below. */
  get transport(): Socket {
    return this.#secure?.transport ?? this.socket;
  }

  /** For a tunnel: the socket goes on without this object's listeners. */
  release(): void {
    this.user = undefined;
    this.socket.off('end', this.#ended);
    this.socket.off('error', this.#failed);
    this.socket.off('drain', this.#drained);
    this.socket.off('close', this.#closed);
  }

  /** Was the end said by the server? Of TLS only where the connection is watched; a FIN says it on plain TCP. */
  get endWasSaid(): boolean {
    return this.#secure === undefined || this.#secure.endWasSaid === true;
  }

  #connected = (): void => {
    this.reached = true;
    this.user?.serverConnected();
  };

  #secured = (): void => {
    const { profile } = this;
    const { socket } = this.#secure!;
    this.tls = {
      version: socket.getProtocol() ?? '',
      cipher: socket.getCipher().name,
      resumed: socket.isSessionReused(),
      ...(profile!.serverName === undefined ? {} : { serverName: profile!.serverName }),
      verified: socket.authorized,
      handshakeMs: 0,
    };
    this.user?.serverSecured();
  };

  #ended = (): void => {
    if (this.user === undefined) this.#spoil();
    else this.user.serverEnded();
  };

  #failed = (error: Error): void => {
    if (this.user === undefined) this.#spoil();
    else this.user.serverFailed(error);
  };

  #drained = (): void => this.user?.serverDrained();

  #closed = (): void => {
    if (this.user === undefined) this.#spoil();
    else this.user.serverFailed(new Error('the connection was closed'));
  };

  #spoil(): void {
    this.pool?.remove(this);
    this.pool = undefined;
    if (!this.socket.destroyed) this.socket.destroy();
  }
}
