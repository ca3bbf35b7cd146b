// Keeps the wanted instances running: starts them, replaces one that dies, has a successor serve before its forerunner
// leaves, and ends those not wanted.
//
//   wanted ──► running ──(dies: the first time at once, then later and later)──► running
//                 ├──(renewed, or asks to leave)──► running beside its successor ──(that serves)──► leaving ──► gone
//                 └──(not wanted)──► told to leave ──► gone

import type { Clock } from '../../domain/clock.ts';
import type { HandOver } from './hand-over.ts';
import type { InForce } from './held-plan.ts';
import type { SocketHolder } from './held-sockets.ts';
import { type InstanceProcess, startInstance } from './instance-process.ts';

export interface WantedInstance {
  readonly id: string;
  readonly shard: string;
}

export interface InstanceState {
  readonly id: string;
  readonly pid: number;
  /** In a row. */
  readonly crashes: number;
  /** Why it is gone, and when the next is started (wall clock); undefined while it runs. */
  readonly gone?: { readonly text: string; readonly retryAt: number };
}

export interface InstanceKeeper {
  /** Exactly these from now on; processes that are started run this program. */
  run(wanted: readonly WantedInstance[], program: string): void;
  /** These besides those that run. */
  add(wanted: readonly WantedInstance[], program: string): void;
  /** Resolves once a successor serves in its place. Rejects where none could be had: then the forerunner serves on. */
  renew(id: string): Promise<void>;
  readonly states: readonly InstanceState[];
  /** None wanted and none left: the runtime stopped them for good. */
  readonly idle: boolean;
  /** Tells all to leave, ends those still there after `killAfterMs`, and resolves when the last is gone. */
  close(killAfterMs?: number): Promise<void>;
}

export interface InstanceKeeperOptions {
  readonly clock: Clock;
  readonly socket: string;
  readonly exitWithRuntime: boolean;
  readonly holder: SocketHolder;
  readonly handOver: HandOver;
  /** One runs under its name, or is known to be steady: its crashes are over. */
  readonly started: (id: string, pid: number, crashes: number) => void;
  /** `retryAt`: wall clock of the next start; 0 where there will be none. */
  readonly gone: (id: string, pid: number, text: string, crashes: number, retryAt: number) => void;
  /** What to serve where no runtime says it; undefined where one does. */
  readonly heldPlan: () => InForce | undefined;
}

interface Place {
  readonly wanted: WantedInstance;
  /** Serves, or is starting to. */
  current: InstanceProcess | undefined;
  /** Starts beside it. */
  successor: InstanceProcess | undefined;
  /** How the successor came off: undefined where nobody waits for it. */
  succeeded: ((failure?: string) => void) | undefined;
  crashes: number;
  last: { readonly pid: number; readonly text: string };
  retryAt: number;
}

const secondDelayMs = 100;
const longestDelayMs = 5_000;
/** Whoever lived this long was healthy: its successor starts at once. */
const healthyMs = 10_000;
/** Longest wait for a successor to serve: a forerunner that was told to leave does so then. */
const successorMs = 15_000;

export function createInstanceKeeper(options: InstanceKeeperOptions): InstanceKeeper {
  const { clock, handOver, holder } = options;
  const places = new Map<string, Place>();
  const processes = new Set<InstanceProcess>();
  let program = '';
  let closing: (() => void) | undefined;

  function start(place: Place): InstanceProcess {
    const { id, shard } = place.wanted;
    const started: InstanceProcess = startInstance(
      {
        ...{ id, shard, program, socket: options.socket },
        exitWithRuntime: options.exitWithRuntime,
        startedAt: clock.now(),
      },
      {
        room: () => handOver.ready(started.lane),
        said(message, handle) {
          if ('keep' in message) served(place, started);
          if ('stopped' in message) forget(place);
          else if ('succeed' in message) succeed(place, started);
          else if ('leaving' in message) leaves(place, started);
          else if ('planless' in message) givePlan(started);
          else holder.asked(started.lane, message, handle);
        },
        ended: (text) => ended(place, started, text),
      },
      handOver,
    );
    processes.add(started);
    return started;
  }

  function givePlan({ lane }: InstanceProcess): void {
    const plan = options.heldPlan();
    if (plan !== undefined) void lane.tell({ plan });
  }

  function startCurrent(place: Place): void {
    if (place.current !== undefined || closing !== undefined || places.get(place.wanted.id) !== place) return;
    place.retryAt = 0;
    appoint(place, start(place));
  }

  function appoint(place: Place, process: InstanceProcess): void {
    const { id } = place.wanted;
    place.current = process;
    place.last = { pid: process.pid, text: '' };
    handOver.appoint(id, process.lane);
    options.started(id, process.pid, place.crashes);
    clock.after(healthyMs, () => {
      if (place.current !== process || place.crashes === 0) return;
      place.crashes = 0;
      options.started(id, process.pid, 0);
    });
  }

  /** It serves its plan: a successor takes its forerunner's place. */
  function served(place: Place, process: InstanceProcess): void {
    if (place.successor !== process) return;
    place.successor = undefined;
    const forerunner = place.current;
    appoint(place, process);
    if (forerunner !== undefined) dismiss(forerunner);
    settle(place);
  }

  function settle(place: Place, failure?: string): void {
    const settled = place.succeeded;
    place.succeeded = undefined;
    settled?.(failure);
  }

  function dismiss(process: InstanceProcess): void {
    process.leaving = true;
    void process.lane.tell({ leave: true });
  }

  /** It was told to leave by a signal, and asks for a successor first. */
  function succeed(place: Place, process: InstanceProcess): void {
    if (process.leaving || place.current !== process || closing !== undefined) {
      dismiss(process);
      return;
    }
    if (place.successor === undefined) place.successor = start(place);
    clock.after(successorMs, () => {
      if (place.current === process) leaves(place, process);
      dismiss(process);
    });
  }

  /** It goes without waiting: whoever is started next has its name. */
  function leaves(place: Place, process: InstanceProcess): void {
    process.leaving = true;
    holder.ended(process.lane);
    if (place.current !== process) return;
    place.current = undefined;
    const { successor } = place;
    place.successor = undefined;
    if (successor === undefined) startCurrent(place);
    else appoint(place, successor);
  }

  function forget(place: Place): void {
    const { id } = place.wanted;
    if (places.get(id) === place) places.delete(id);
  }

  function ended(place: Place, process: InstanceProcess, text: string): void {
    if (!processes.delete(process)) return;
    const { id } = place.wanted;
    const wasCurrent = place.current === process;
    if (place.successor === process) {
      place.successor = undefined;
      settle(place, `its successor ended: ${text}`);
    }
    if (wasCurrent) died(place, process, text);
    else options.gone(id, process.pid, text, 0, 0);
    holder.ended(process.lane);
    // After its successor was appointed, where there is one: what it did not confirm goes there.
    handOver.ended(process.lane);
    if (closing !== undefined && processes.size === 0) closing();
  }

  function died(place: Place, process: InstanceProcess, text: string): void {
    const { id } = place.wanted;
    place.current = undefined;
    place.last = { pid: process.pid, text };
    const wanted = closing === undefined && places.get(id) === place;
    if (!wanted) {
      options.gone(id, process.pid, text, 0, 0);
      return;
    }
    place.crashes = clock.now() - process.startedAt > healthyMs ? 1 : place.crashes + 1;
    const { crashes, successor } = place;
    const delay =
      crashes === 1 || successor !== undefined
        ? 0
        : Math.min(secondDelayMs * 2 ** (crashes - 2), longestDelayMs);
    place.retryAt = clock.now() + delay;
    options.gone(id, process.pid, text, crashes, place.retryAt);
    if (successor !== undefined) {
      place.successor = undefined;
      appoint(place, successor);
      settle(place);
    } else if (delay === 0) startCurrent(place);
    else clock.after(delay, () => startCurrent(place));
  }

  function unwanted(place: Place): void {
    const { id } = place.wanted;
    places.delete(id);
    handOver.appoint(id, undefined);
    settle(place, 'it is not to run any more');
    for (const process of [place.current, place.successor]) if (process !== undefined) dismiss(process);
    holder.forget(id);
  }

  function add(next: readonly WantedInstance[], path: string): void {
    program = path;
    for (const wanted of next) {
      if (places.has(wanted.id)) continue;
      const place: Place = {
        wanted,
        current: undefined,
        successor: undefined,
        succeeded: undefined,
        crashes: 0,
        last: { pid: 0, text: '' },
        retryAt: 0,
      };
      places.set(wanted.id, place);
      startCurrent(place);
    }
  }

  return {
    run(next, path) {
      const wanted = new Set(next.map(({ id }) => id));
      for (const [id, place] of [...places]) if (!wanted.has(id)) unwanted(place);
      add(next, path);
    },
    add,
    renew(id) {
      const place = places.get(id);
      if (place === undefined) return Promise.reject(new Error(`instance ${id} is not to run`));
      if (place.succeeded !== undefined)
        return Promise.reject(new Error(`instance ${id} is being renewed already`));
      // Between two starts: the next one is a new process anyway.
      if (place.current === undefined) {
        startCurrent(place);
        return Promise.resolve();
      }
      const successor = place.successor ?? start(place);
      place.successor = successor;
      return new Promise((resolve, reject) => {
        const fail = (text: string) => reject(new Error(`instance ${id} serves on: ${text}`));
        place.succeeded = (failure) => (failure === undefined ? resolve() : fail(failure));
        clock.after(successorMs, () => {
          if (place.successor !== successor) return;
          place.successor = undefined;
          successor.kill();
          settle(place, `its successor did not serve within ${successorMs / 1_000} s`);
        });
      });
    },
    get states() {
      return [...places].map(([id, { current, last, crashes, retryAt }]) =>
        current === undefined
          ? { id, pid: last.pid, crashes, gone: { text: last.text, retryAt } }
          : { id, pid: current.pid, crashes },
      );
    },
    get idle() {
      return places.size === 0 && processes.size === 0;
    },
    close(killAfterMs) {
      places.clear();
      if (processes.size === 0) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      closing = resolve;
      for (const process of processes) dismiss(process);
      if (killAfterMs !== undefined)
        clock.after(killAfterMs, () => {
          for (const process of processes) process.kill();
        });
      return promise;
    },
  };
}
