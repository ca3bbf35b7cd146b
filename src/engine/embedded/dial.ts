// Keeps an attachment to the runtime's engine socket: dials, and dials again whenever it is gone. Never gives up by itself.

import { connect, type Socket } from 'node:net';
import type { Clock } from '../../domain/clock.ts';

export interface Dialler {
  close(): void;
}

export interface DialEvents {
  /** A fresh connection; whoever takes it must let `lost` be called by returning the promise of its end. */
  connected(socket: Socket): Promise<void>;
  /** The runtime has been away for so long; called at each failed attempt. */
  away(ms: number): void;
}

const firstMs = 25;
/** Short enough that a restarted runtime has its data plane back before an operator wonders. */
const longestMs = 400;

export function dial(path: string, clock: Clock, events: DialEvents): Dialler {
  let closed = false;
  let socket: Socket | undefined;
  let cancel = () => {};
  let delay = firstMs;
  let lostAt = clock.now();

  function attempt(): void {
    const dialled = connect({ path });
    socket = dialled;
    const failed = () => {
      if (closed) return;
      events.away(clock.now() - lostAt);
      cancel = clock.after(delay, attempt);
      delay = Math.min(delay * 2, longestMs);
    };
    dialled.once('error', failed);
    dialled.once('connect', () => {
      dialled.off('error', failed);
      delay = firstMs;
      void events.connected(dialled).then(() => {
        lostAt = clock.now();
        if (!closed) cancel = clock.after(delay, attempt);
      });
    });
  }
  attempt();

  return {
    close() {
      closed = true;
      cancel();
      socket?.end();
    },
  };
}
