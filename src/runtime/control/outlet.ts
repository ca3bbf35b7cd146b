// What goes out to one console, in two lanes: changes are ordered and never left out, samples go first when it is slow.
//
//   flowing ──(much is waiting)──► held: changes are not queued any more
//      ▲                             │
//      └──(it read on: model.reset)──┤──(too long, or far too much)──► closed with 1013

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { Channel } from '../../protocol/channel.ts';
import { closeCodes, type Limits } from '../../protocol/limits.ts';
import { notificationText } from '../../protocol/rpc.ts';
import type { ModelStore } from '../model-store.ts';
import { snapshotOf } from './snapshot.ts';

export interface Outlet {
  /** Bytes that the console has not taken yet. */
  readonly waiting: number;
  /** A reply: always sent. */
  reply(text: string): void;
  /** Changes, already written down once for all consoles. */
  changes(text: string): void;
  /** A sample, window or tail batch; false when it was left out. */
  sample(make: () => string): boolean;
  close: Disposer;
}

const pollMs = 100;

export function createOutlet(
  channel: Channel,
  store: Pick<ModelStore, 'model' | 'epoch' | 'seq' | 'flush'>,
  limits: Limits,
  clock: Clock,
  /** Bytes that wait for all consoles together. */
  waitingForAll: () => number,
): Outlet {
  let heldSince: number | undefined;
  let stopPolling: Disposer | undefined;
  let closed = false;

  function giveUp(): void {
    closed = true;
    channel.close(closeCodes.tryAgainLater, 'too slow: could not keep up with the changes');
    // It hardly reads, so it may never answer the close.
    clock.after(2_000, () => channel.terminate());
  }

  function overflows(): boolean {
    const waiting = channel.bufferedAmount;
    if (waiting <= limits.holdChangesAbove) return false;
    if (waiting <= limits.closeAbove && waitingForAll() <= limits.closeAllAbove) return false;
    giveUp();
    return true;
  }

  function poll(): void {
    stopPolling = undefined;
    if (closed || heldSince === undefined) return;
    // Half of the first bound, so that the reset itself does not hold it again at once.
    if (channel.bufferedAmount <= limits.dropSamplesAbove / 2) {
      heldSince = undefined;
      store.flush();
      const { epoch, seq, model } = store;
      channel.send(notificationText('model.reset', { epoch, seq, snapshot: snapshotOf(model) }));
    } else if (clock.now() - heldSince > limits.behindMs) giveUp();
    else stopPolling = clock.after(pollMs, poll);
  }

  return {
    get waiting() {
      return channel.bufferedAmount;
    },
    reply(text) {
      if (closed || overflows()) return;
      channel.send(text);
    },
    changes(text) {
      if (closed || heldSince !== undefined || overflows()) return;
      if (channel.bufferedAmount > limits.holdChangesAbove) {
        heldSince = clock.now();
        stopPolling = clock.after(pollMs, poll);
      } else channel.send(text);
    },
    sample(make) {
      if (closed || heldSince !== undefined || channel.bufferedAmount > limits.dropSamplesAbove) return false;
      channel.send(make());
      return true;
    },
    close() {
      closed = true;
      stopPolling?.();
    },
  };
}
