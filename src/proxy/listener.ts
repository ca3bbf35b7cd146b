// One listening socket: TCP over IPv4 or IPv6 ("::" is both), or a unix socket. Errors say who is in the way.

import { stat, unlink } from 'node:fs/promises';
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { addressText, hostPort } from '../domain/address-text.ts';
import type { Address } from '../domain/plan.ts';
import { holderOf } from './port-holder.ts';

export interface Listener {
  /** What is really listened on: an ephemeral port resolved. */
  readonly address: string;
  /** Stops accepting and frees the address; what was accepted stays. */
  close(): void;
}

export interface ListenerEvents {
  accepted(socket: Socket): void;
  /** Accepting failed (no more files, say); it listens on. */
  failed(error: Error): void;
}

/** A bind that cannot be had. `code` is the system's: EADDRINUSE, EACCES, EADDRNOTAVAIL … */
export class BindError extends Error {
  override readonly name = 'BindError';
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Listening sockets that another process keeps, so that they outlive this one. Whether clients are accepted here or there,
 * and that this may change, is the holder's affair: they all come by `accepted`.
 */
export interface HeldSockets {
  /** Rejects with an Error that has the system's `code`. */
  open(bind: NamedAddress, events: ListenerEvents): Promise<Listener>;
}

export interface NamedAddress {
  readonly name: string;
  readonly address: Address;
}

/**
 * @param exclusive false in a node:cluster worker, where the socket is the primary's and shared on purpose.
 * @param held where sockets come from, when they are not opened here.
 * @throws BindError
 */
export async function openListener(
  bind: NamedAddress,
  exclusive: boolean,
  events: ListenerEvents,
  held?: HeldSockets,
): Promise<Listener> {
  try {
    return held === undefined ? await openHere(bind, exclusive, events) : await held.open(bind, events);
  } catch (error) {
    throw await bindError(bind, error);
  }
}

async function openHere(
  { address }: NamedAddress,
  exclusive: boolean,
  events: ListenerEvents,
): Promise<Listener> {
  const open = () => listenOn(listenOptions(address, exclusive), events);
  let server: Server;
  try {
    server = await open();
  } catch (error) {
    if (address.kind !== 'unix' || codeOf(error) !== 'EADDRINUSE') throw error;
    if (await answers(address.path)) throw error;
    // Left behind by a process that died without cleaning up.
    await unlink(address.path);
    server = await open();
  }
  const actual = server.address();
  const port = actual !== null && typeof actual === 'object' ? actual.port : undefined;
  return { address: listeningAddress(address, port), close: () => void server.close() };
}

/** The kernel cuts it to net.core.somaxconn. */
const backlog = 4096;

function listenOptions(address: Address, exclusive: boolean): ListenOptions {
  return address.kind === 'unix'
    ? { path: address.path, exclusive, backlog }
    : { host: address.host, port: address.port, exclusive, backlog };
}

/** What an accepted socket is like, wherever it was accepted. */
export const acceptedSocket = { allowHalfOpen: true, noDelay: true } as const;

/** @param socket anything that `server.listen` takes */
export function listenOn(socket: ListenOptions | object, events: ListenerEvents): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(acceptedSocket, events.accepted);
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      server.on('error', events.failed);
      resolve(server);
    });
    // Options carry their backlog; beside a socket it is an argument.
    server.listen(socket, backlog);
  });
}

/** Does a living process accept on this unix socket? */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => settle(true));
    // Full backlogs and denied permissions belong to the living; only a refusal proves that nobody listens.
    socket.once('error', (error) => settle(codeOf(error) !== 'ECONNREFUSED'));
  });
}

/** As it is written, with the port that it really has. */
export function listeningAddress(address: Address, port: number | undefined): string {
  return address.kind === 'ip' && port !== undefined ? hostPort(address.host, port) : addressText(address);
}

async function bindError(bind: NamedAddress, cause: unknown): Promise<BindError> {
  const code = codeOf(cause);
  const where = addressText(bind.address);
  const subject = bind.name === where ? `bind ${where}` : `bind ${bind.name} (${where})`;
  return new BindError(code, `${subject}: ${await reason(code, bind.address, cause)}`, { cause });
}

async function reason(code: string, address: Address, cause: unknown): Promise<string> {
  switch (code) {
    case 'EADDRINUSE': {
      const holder = await holderOf(address);
      return `the address is in use${holder === undefined ? '' : ` by ${holder}`}`;
    }
    case 'EACCES': {
      if (address.kind === 'ip') {
        return address.port < 1024
          ? 'not permitted: ports below 1024 need root or CAP_NET_BIND_SERVICE'
          : 'not permitted';
      }
      // libuv says EACCES for a missing directory, too.
      const directory = await stat(dirname(address.path)).catch(() => undefined);
      return directory === undefined ? 'the directory of the socket does not exist' : 'not permitted';
    }
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}
