// The acceptor's way of giving sockets to one instance. Node sends a socket over a channel only when the one before has been
// acknowledged: an instance that is busy for 20 ms would get fifty a second. Here many may be on their way (30 µs of CPU
// for each in the acceptor, 56 where sent as `net.Socket`), and Node's acknowledgement of each is its confirmation.

import type { ChildProcess, SendHandle } from 'node:child_process';
import type { NativeHandle, ToChild } from './channel-messages.ts';

/** An accepted connection that no instance has yet. */
export interface Arrival {
  /** The listening socket it came in by. */
  readonly entry: number;
  readonly handle: NativeHandle;
  /** Client address; undefined over a unix socket. */
  readonly client: string | undefined;
  /** Of the wall clock. */
  readonly at: number;
}

export interface InstanceLane {
  /** "default/2". */
  readonly name: string;
  readonly shard: string;
  /** 2. */
  readonly number: number;
  /** Listening sockets that it has a copy of: it can take arrivals of these. */
  readonly entries: Set<number>;
  /** Of them, those that it accepts on itself. */
  readonly own: Set<number>;
  /** It does not answer: nothing more is handed to it. */
  silent: boolean;
  /** False while too many arrivals are on their way: it is busy, or stopped. */
  readonly hasRoom: boolean;
  hand(arrival: Arrival): void;
  /** Resolves once a message with a handle has arrived, or never will. The handle stays open here. */
  tell(message: ToChild, handle?: NativeHandle): Promise<void>;
  /** The instance is gone; answers what was handed over and never confirmed. */
  end(): Arrival[];
}

/** Of a channel's 200 KB, some 800 bytes each in the kernel: more would be queued here and not there. */
const mostUnderWay = 200;

interface Sent {
  readonly arrival?: Arrival;
  readonly done?: () => void;
}

/** `room`: it takes arrivals again. `lost`: an arrival did not reach it, for want of files say. */
export function createInstanceLane(
  name: string,
  shard: string,
  child: ChildProcess,
  events: { readonly room: () => void; readonly lost: (arrival: Arrival) => void },
): InstanceLane {
  let sent: Sent[] = [];
  let underWay = 0;
  let ended = false;
  const entries = new Set<number>();
  const own = new Set<number>();
  const send = pipelined(child);

  child.on('internalMessage', ({ cmd }: { cmd?: string }) => {
    if (cmd !== 'NODE_HANDLE_ACK' && cmd !== 'NODE_HANDLE_NACK') return;
    const first = sent.shift();
    if (first === undefined) return;
    first.done?.();
    if (first.arrival === undefined) return;
    underWay -= 1;
    if (cmd === 'NODE_HANDLE_ACK') first.arrival.handle.close();
    else events.lost(first.arrival);
    if (underWay < mostUnderWay) events.room();
  });

  /** What carries a handle is confirmed in the order it was sent; what could not be sent never is. */
  function sendConfirmed(message: ToChild, handle: NativeHandle, one: Sent): void {
    sent.push(one);
    send(message, handle, () => {
      const place = sent.indexOf(one);
      if (place < 0) return;
      sent.splice(place, 1);
      one.done?.();
      if (one.arrival === undefined) return;
      underWay -= 1;
      events.lost(one.arrival);
    });
  }

  return {
    name,
    shard,
    number: Number(name.slice(name.lastIndexOf('/') + 1)),
    entries,
    own,
    silent: false,
    get hasRoom() {
      return !ended && !this.silent && underWay < mostUnderWay;
    },
    hand(arrival) {
      underWay += 1;
      sendConfirmed(arrival.entry, arrival.handle, { arrival });
    },
    tell(message, handle) {
      if (ended) return Promise.resolve();
      if (handle === undefined) {
        send(message);
        return Promise.resolve();
      }
      return new Promise((done) => sendConfirmed(message, handle, { done }));
    },
    end() {
      ended = true;
      const open = sent;
      sent = [];
      underWay = 0;
      for (const { done } of open) done?.();
      return open.flatMap(({ arrival }) => (arrival === undefined ? [] : [arrival]));
    },
  };
}

/**
 * `child.send` that does not wait for acknowledgements: Node keeps what waits for one in a queue of the child's, and waits
 * while there is a queue. Where a Node has it under another name, it goes on one after another, as documented.
 */
function pipelined(
  child: ChildProcess,
): (message: ToChild, handle?: NativeHandle, failed?: () => void) => void {
  let sending = false;
  const queue: never[] = [];
  if ('_handleQueue' in child)
    Object.defineProperty(child, '_handleQueue', {
      get: () => (sending ? null : queue),
      set: () => {},
      configurable: true,
    });
  return (message, handle, failed) => {
    sending = true;
    // The channel is gone, or the system has too many sockets under way.
    const told = (error: Error | null) => error && failed?.();
    child.send(message as object, handle as unknown as SendHandle | undefined, { keepOpen: true }, told);
    sending = false;
  };
}
