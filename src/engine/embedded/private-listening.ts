// The instance's side of private-sockets.ts: it accepts on its private sockets as on the public ones that they belong to.

import type { Server } from 'node:net';
import { type ListenerEvents, listenOn } from '../../proxy/listener.ts';
import type { FromChild, NativeHandle, ToChild } from './channel-messages.ts';

export interface PrivateListening {
  told(message: PrivateMessage, handle: NativeHandle | undefined): void;
  /** Nobody listens on this public socket any more. */
  close(entry: number): void;
}

type PrivateMessage = Extract<
  ToChild,
  { readonly private: number } | { readonly spare: number } | { readonly without: number }
>;

interface Private {
  readonly entry: number;
  readonly handle: NativeHandle;
  server: Server | undefined;
  closed: boolean;
}

/** @param eventsOf of a public socket, by the acceptor's number */
export function createPrivateListening(
  eventsOf: (entry: number) => ListenerEvents | undefined,
  send: (message: FromChild, handle: NativeHandle) => void,
): PrivateListening {
  const open = new Map<number, Private>();

  async function listen(number: number, entry: number, handle: NativeHandle): Promise<void> {
    const events = eventsOf(entry);
    if (events === undefined || open.has(number)) {
      handle.close();
      return;
    }
    const one: Private = { entry, handle, server: undefined, closed: false };
    open.set(number, one);
    try {
      one.server = await listenOn(handle, events);
    } catch {
      // Without it clients are handed over.
      open.delete(number);
      return;
    }
    if (one.closed) one.server.close();
    else send({ spare: number }, handle);
  }

  function shut(number: number, one: Private): void {
    open.delete(number);
    one.closed = true;
    one.server?.close();
  }

  return {
    told(message, handle) {
      if ('private' in message) {
        if (handle !== undefined) void listen(message.private, message.of, handle);
        return;
      }
      const number = 'spare' in message ? message.spare : message.without;
      const one = open.get(number);
      if (one?.server === undefined) return;
      if ('spare' in message) send({ spare: number }, one.handle);
      else shut(number, one);
    },
    close(entry) {
      for (const [number, one] of [...open]) if (one.entry === entry) shut(number, one);
    },
  };
}
