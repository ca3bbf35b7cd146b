// The runtime's hold on the acceptor: finds the one that serves already, else starts one; starts another should it die.
//
//   looking ──(one lives)──► waiting for it ──(dials in)──► attached ⇄ (link broke) waiting
//      └──(none)──► started ────────────────────────────────►┘            └──(it died, no instance left)──► started

import type { Clock } from '../../domain/clock.ts';
import { startAcceptor } from './acceptor-process.ts';
import { livingAcceptor } from './directory.ts';
import type { PeerEvents } from './engine-listener.ts';
import type { WantedInstance } from './instance-keeper.ts';
import { type Link, LinkError } from './link.ts';
import type { AcceptorHello, FromAcceptor, ToAcceptor } from './messages.ts';

export interface AcceptorPeer {
  /** Resolves once one is there or on its way; true where it served before. */
  find(): Promise<boolean>;
  run(instances: readonly WantedInstance[]): void;
  /** Ends it with its instances; resolves when it is gone. */
  leave(): Promise<void>;
  /** Lets go of it. */
  close(): void;
  dialledIn(hello: AcceptorHello, link: Link): PeerEvents<FromAcceptor>;
}

export interface AcceptorPeerOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly exitWithRuntime: boolean;
  readonly output: 'inherit' | 'ignore';
  readonly started: (id: string, pid: number) => void;
  readonly gone: (id: string, pid: number, text: string) => void;
  /** It cannot be had at all. */
  readonly failed: (reason: string) => void;
  /** Asked when none is there: an orphaned instance goes on serving, and a second one could not have its sockets. */
  readonly isNeeded: () => boolean;
}

/** It dials at least every 400 ms. */
const adoptMs = 2_000;
const leaveMs = 4_000;
const lookAgainMs = 500;

export function createAcceptorPeer(options: AcceptorPeerOptions): AcceptorPeer {
  const { clock, directory } = options;
  let link: Link | undefined;
  let wanted: readonly WantedInstance[] = [];
  let closed = false;
  let arrived = () => {};
  let left = () => {};

  const ask = (message: ToAcceptor) => {
    // A link that breaks is no fault here: when it dials in again it is told again.
    void link?.request(message).catch((error: unknown) => {
      if (!(error instanceof LinkError)) throw error;
    });
  };
  const startOne = () =>
    startAcceptor(options, (reason) => {
      if (!closed && link === undefined) options.failed(reason);
    });

  /** `adoptMs` long, or until it is there. */
  const arrival = () =>
    new Promise<boolean>((resolve) => {
      const cancel = clock.after(adoptMs, () => resolve(false));
      arrived = () => {
        cancel();
        resolve(true);
      };
    });

  function watch(): void {
    clock.after(lookAgainMs, () => {
      if (closed || link !== undefined) return;
      if (livingAcceptor(directory) === undefined && options.isNeeded()) startOne();
      watch();
    });
  }

  return {
    async find() {
      // The file may name a process that has nothing to do with us: if it does not dial in, it is none of ours.
      if (livingAcceptor(directory) !== undefined && (link !== undefined || (await arrival()))) return true;
      startOne();
      return false;
    },
    run(instances) {
      wanted = instances;
      ask({ kind: 'run', instances });
    },
    async leave() {
      if (link === undefined) return;
      const gone = new Promise<void>((resolve) => {
        left = resolve;
        clock.after(leaveMs, resolve);
      });
      ask({ kind: 'leave' });
      await gone;
    },
    close() {
      closed = true;
    },
    dialledIn(_hello, dialled) {
      link = dialled;
      arrived();
      if (wanted.length > 0) ask({ kind: 'run', instances: wanted });
      return {
        message(message) {
          if (message.kind === 'started') options.started(message.id, message.pid);
          else if (message.kind === 'gone') options.gone(message.id, message.pid, message.text);
        },
        closed() {
          if (link !== dialled) return;
          link = undefined;
          left();
          watch();
        },
      };
    },
  };
}
