// The instance's side of held-sockets.ts: listening sockets come from its acceptor, over the channel it was forked with, and
// clients either from its copy of one or, already accepted, from the acceptor. Should that die, it accepts for itself.

import type { EventEmitter } from 'node:events';
import { type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { Bind } from '../../domain/plan.ts';
import {
  acceptedSocket,
  type HeldSockets,
  type Listener,
  type ListenerEvents,
  listeningAddress,
  listenOn,
  type NamedAddress,
} from '../../proxy/listener.ts';
import type { AcceptWay, FromChild, NativeHandle, ToChild } from './channel-messages.ts';
import type { InForce } from './held-plan.ts';
import { createPrivateListening } from './private-listening.ts';
import { socketKey } from './socket-key.ts';

/** The IPC half of `process` in a forked child. */
export interface ParentChannel extends Pick<EventEmitter, 'on' | 'once'> {
  send(message: FromChild, handle?: NativeHandle, options?: object, sent?: (error: unknown) => void): boolean;
}

export interface AcceptorSockets extends HeldSockets {
  /** It serves: lets go of every address but these. */
  keep(binds: readonly Bind[]): void;
  /** From now on listening ends here alone: a successor goes on with the same sockets. */
  handOn(): void;
  /** Asks for a successor; false where nobody can be asked. */
  succeed(): boolean;
  say(message: FromChild): void;
}

export interface AcceptorSocketsEvents {
  /** A successor serves, or none is wanted. */
  leave(): void;
  /** What the others had when the runtime went. */
  plan(inForce: InForce): void;
  /** The acceptor is gone: from now on clients of several instances are accepted here by chance. */
  orphaned(): void;
}

interface Open {
  readonly events: ListenerEvents;
  way: AcceptWay;
  /** Where the acceptor accepts: not polled, until it is gone. */
  copy: NativeHandle | undefined;
  server: Server | undefined;
  closed: boolean;
}

type Answer = Extract<ToChild, { readonly socket: number }>;

export function createAcceptorSockets(channel: ParentChannel, told: AcceptorSocketsEvents): AcceptorSockets {
  let asked = 0;
  let handedOn = false;
  let orphan = false;
  const waiting = new Map<number, (answer: Answer | Error, handle: NativeHandle | undefined) => void>();
  /** By the acceptor's number. */
  const open = new Map<number, Open>();

  const send = (message: FromChild, handle?: NativeHandle) => {
    // It may go at any time; what that means is seen to below.
    if (!orphan) channel.send(message, handle, { keepOpen: true }, () => {});
  };
  const privates = createPrivateListening((number) => open.get(number)?.events, send);

  channel.on('message', (message: ToChild, handle: NativeHandle | undefined) => {
    if (typeof message === 'number') accepted(message, handle);
    else if ('socket' in message) {
      const answer = waiting.get(message.socket);
      waiting.delete(message.socket);
      if (answer === undefined) handle?.close();
      else answer(message, handle);
    } else if ('turn' in message) void turn(message.turn, message.way, handle);
    else if ('plan' in message) told.plan(message.plan);
    else if ('ping' in message) send({ pong: true });
    else if ('private' in message || 'spare' in message || 'without' in message)
      privates.told(message, handle);
    else told.leave();
  });
  channel.once('disconnect', () => {
    orphan = true;
    for (const answer of waiting.values()) answer(new Error('the acceptor is gone'), undefined);
    waiting.clear();
    for (const entry of open.values()) if (entry.way === 'handed') void acceptHere(entry);
    told.orphaned();
  });

  function accepted(number: number, handle: NativeHandle | undefined): void {
    const entry = open.get(number);
    if (handle === undefined) return;
    if (entry === undefined) {
      // A bind that was let go of while this was on its way.
      handle.close();
      return;
    }
    handle.setNoDelay?.(acceptedSocket.noDelay);
    // As net.Server makes one of what it accepts; `handle` is what it passes, and in no documentation.
    const options = { handle, allowHalfOpen: acceptedSocket.allowHalfOpen, readable: true, writable: true };
    entry.events.accepted(new Socket(options as unknown as SocketConstructorOpts));
  }

  /** Accepts on the copy. */
  async function acceptHere(entry: Open): Promise<void> {
    const { copy } = entry;
    if (copy === undefined) return;
    entry.copy = undefined;
    entry.way = 'own';
    try {
      entry.server = await listenOn(copy, entry.events);
      // Closed, or handed over again, while it was opened.
      if (entry.closed || entry.copy !== undefined) entry.server.close();
    } catch (error) {
      entry.events.failed(error as Error);
    }
  }

  async function turn(number: number, way: AcceptWay, handle: NativeHandle | undefined): Promise<void> {
    const entry = open.get(number);
    if (entry === undefined || entry.way === way) {
      handle?.close();
      return;
    }
    if (way === 'own') {
      // Sent before it is polled; both are the same socket.
      if (entry.copy !== undefined) send({ copy: number }, entry.copy);
      await acceptHere(entry);
      return;
    }
    entry.way = 'handed';
    entry.copy = handle;
    entry.server?.close();
    entry.server = undefined;
  }

  /** How it listens, once the acceptor has answered. */
  async function listen(
    bind: NamedAddress,
    events: ListenerEvents,
    { entry: number, way, copyBack }: Extract<Answer, { readonly entry: number }>,
    handle: NativeHandle,
  ): Promise<Listener> {
    const name: { port?: number } = {};
    if (bind.address.kind === 'ip') handle.getsockname?.(name);
    const entry: Open = { events, way, copy: handle, server: undefined, closed: false };
    open.set(number, entry);
    if (copyBack) send({ copy: number }, handle);
    if (way === 'own') {
      entry.copy = undefined;
      try {
        entry.server = await listenOn(handle, events);
      } catch (error) {
        open.delete(number);
        release(bind);
        throw error;
      }
    }
    return {
      address: listeningAddress(bind.address, name.port),
      close: () => {
        if (open.get(number) !== entry) return;
        open.delete(number);
        entry.closed = true;
        entry.server?.close();
        entry.copy?.close();
        privates.close(number);
        release(bind);
      },
    };
  }

  const release = (bind: NamedAddress) => {
    if (!handedOn) send({ release: socketKey(bind) });
  };

  return {
    open(bind, events) {
      if (orphan || handedOn) return Promise.reject(new Error('the acceptor is gone'));
      const { address } = bind;
      const ask = ++asked;
      return new Promise((resolve, reject) => {
        waiting.set(ask, (answer, handle) => {
          if (answer instanceof Error) reject(answer);
          else if ('errno' in answer) reject(systemError(answer.errno));
          else if (handle === undefined) reject(systemError(undefined));
          // In the same turn: what is handed over next must find it.
          else resolve(listen(bind, events, answer, handle));
        });
        const place =
          address.kind === 'ip' ? { host: address.host, port: address.port } : { path: address.path };
        send({ ask, key: socketKey(bind), ...place });
      });
    },
    keep(binds) {
      if (!handedOn) send({ keep: binds.map(socketKey) });
    },
    handOn() {
      handedOn = true;
    },
    succeed() {
      if (orphan) return false;
      send({ succeed: true });
      return true;
    },
    say: (message) => send(message),
  };
}

function systemError(errno: number | undefined): Error {
  const code = errno === undefined ? 'UNKNOWN' : getSystemErrorName(errno);
  return Object.assign(new Error(`cannot bind: ${code}`), { code });
}
