// The runtime's hold on the acceptor: finds the one that serves already, else starts one; starts another should it die.
//
//   looking ──(one lives)──► waiting for it ──(dials in)──► attached ⇄ (link broke) waiting
//      └──(none)──► started ────────────────────────────────►┘            └──(it died, no instance left)──► started

import type { Clock } from '../../domain/clock.ts';
import { EngineError } from '../engine.ts';
import { startAcceptor } from './acceptor-process.ts';
import { livingAcceptor, wasLeftBehind } from './directory.ts';
import type { InstanceEnd } from './engine-entities.ts';
import type { PeerEvents } from './engine-listener.ts';
import type { InForce } from './held-plan.ts';
import { type Link, LinkError, RemoteError } from './link.ts';
import type { AcceptorHello, FromAcceptor, HeldChange, ToAcceptor } from './messages.ts';
import type { HeldPrivatePort } from './private-sockets.ts';

/** Who is to run, and who of them gets clients. */
export type Crew = Omit<Extract<ToAcceptor, { readonly kind: 'run' }>, 'kind' | 'program'>;

export interface AcceptorPeer {
  /** Resolves once one is there or on its way; true where it served before. */
  find(): Promise<boolean>;
  /** False while none is there: nobody starts instances, or replaces them. */
  readonly attached: boolean;
  /** These besides those that run, of an acceptor that was found. */
  add(crew: Crew): void;
  /** Resolves once clients are spread so, or when there is nobody who spreads them. @throws EngineError */
  run(crew: Crew): Promise<void>;
  /** Resolves once a successor serves. @throws EngineError `instance-failed` */
  renew(id: string): Promise<void>;
  /** Instances that are started while no runtime is there have it so. */
  hold(change: HeldChange): void;
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
  /** What instances run that are started from now on. */
  readonly program: string;
  readonly started: (id: string, pid: number, crashes: number) => void;
  readonly gone: (end: InstanceEnd) => void;
  /** All that it has. */
  readonly privatePorts: (ports: readonly HeldPrivatePort[]) => void;
  /** It cannot be had at all. */
  readonly failed: (reason: string) => void;
  /** Asked when none is there: an orphaned instance goes on serving, and a second one could not have its sockets. */
  readonly isNeeded: () => boolean;
  /** What one that dials in is told to hold. */
  readonly inForce: () => InForce | undefined;
  /** Does any instance attend that no acceptor is behind? */
  readonly hasInstances: () => boolean;
}

/** It dials at least every 400 ms. */
const adoptMs = 2_000;
const leaveMs = 4_000;
const lookAgainMs = 500;
/** They dial at least as often. */
const orphansMs = 1_000;

export function createAcceptorPeer(options: AcceptorPeerOptions): AcceptorPeer {
  const { clock, directory } = options;
  let link: Link | undefined;
  let wanted: Crew | undefined;
  let closed = false;
  let lastPid: number | undefined;
  let arrived = () => {};
  let left = () => {};

  /** A link that breaks is no fault here: when it dials in again it is told again. */
  const ask = async (message: ToAcceptor): Promise<void> => {
    try {
      await link?.request(message);
    } catch (error) {
      if (error instanceof LinkError) return;
      const text = error instanceof Error ? error.message : String(error);
      throw new EngineError('instance-failed', text, { cause: error });
    }
  };
  /** What nobody waits for. */
  const askAside = (message: ToAcceptor) =>
    void ask(message).catch((error: EngineError) => options.failed(error.message));
  const tellCrew = () =>
    wanted === undefined ? Promise.resolve() : ask({ kind: 'run', program: options.program, ...wanted });
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
      // It died, and its instances may serve on: they have its sockets, and another could not bind them.
      if (wasLeftBehind(directory)) {
        for (let waited = 0; waited < orphansMs && !options.hasInstances(); waited += 50)
          await new Promise<void>((resolve) => clock.after(50, resolve));
        if (options.hasInstances()) {
          watch();
          return true;
        }
      }
      startOne();
      return false;
    },
    get attached() {
      return link !== undefined;
    },
    add({ instances }) {
      askAside({ kind: 'add', program: options.program, instances });
    },
    run(crew) {
      wanted = crew;
      return tellCrew();
    },
    async renew(id) {
      if (link === undefined)
        throw new EngineError('instance-failed', `instance ${id} cannot be renewed: its acceptor is gone`);
      try {
        await link.request({ kind: 'renew', id });
      } catch (error) {
        if (!(error instanceof RemoteError || error instanceof LinkError)) throw error;
        throw new EngineError('instance-failed', error.message, { cause: error });
      }
    },
    hold: (change) => askAside(change),
    async leave() {
      if (link === undefined) return;
      const gone = new Promise<void>((resolve) => {
        left = resolve;
        clock.after(leaveMs, resolve);
      });
      askAside({ kind: 'leave' });
      await gone;
    },
    close() {
      closed = true;
    },
    dialledIn(hello, dialled) {
      link = dialled;
      // Sockets outlive a link that broke, not the acceptor.
      if (lastPid !== hello.pid) options.privatePorts([]);
      lastPid = hello.pid;
      arrived();
      void tellCrew().catch((error: EngineError) => options.failed(error.message));
      const inForce = options.inForce();
      if (inForce !== undefined) askAside({ kind: 'apply', ...inForce });
      return {
        message(message) {
          if (message.kind === 'started') options.started(message.id, message.pid, message.crashes);
          else if (message.kind === 'gone') {
            const { id: name, pid, text, crashes, retryAt } = message;
            options.gone({ name, pid, text, crashes, retryAt });
          } else if (message.kind === 'privatePorts') options.privatePorts(message.ports);
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
