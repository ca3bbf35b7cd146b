// Keeps the rules of binds with `path: kernel` as plan, health and operators have it. Where they cannot be had, clients are
// relayed, or nobody serves them, as the bind says; why is told, and it is tried again.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { BindPathEntity, Usable } from '../../domain/kernel.ts';
import type { BindEntity } from '../../domain/model.ts';
import { type Bind, backendOf, type Plan, type ServerKey } from '../../domain/plan.ts';
import type { ServerWish } from '../../domain/server-state.ts';
import type { Kernel } from '../../nft/kernel.ts';
import { type PathRules, pathPart } from '../../nft/table/parts/path-part.ts';
import { type Engine, EngineError } from '../engine.ts';
import { type Forwarding, forwardingOfMachine } from './forwarding.ts';
import { oneLine } from './one-line.ts';
import { wishedPaths } from './path-rules.ts';

export interface Paths {
  /** Without the binds that only the kernel is to serve: nobody listens there. */
  relayed(plan: Plan): Plan;
  /** A plan is about to be taken: servers that are set from now on are so over what it says. */
  coming(): void;
  /** The engine took this plan. Never rejects: what cannot be had is told. */
  planned(plan: Plan, wishes: readonly ServerWish[]): Promise<void>;
  /** Rejects where those rules are not as wished; they are as before then. @throws EngineError */
  setServers(wishes: readonly ServerWish[]): Promise<void>;
  /** In force now. */
  readonly rules: readonly PathRules[];
  /** With who carries its clients. */
  withPath(bind: BindEntity): BindEntity;
  /** Binds that nobody listens on, but the kernel serves, or should. */
  binds(): readonly BindEntity[];
  /** Of the kernel's numbers: whoever of both sides sends another packet gets a reset. @throws {Error} in words */
  end(connections: readonly number[]): Promise<void>;
  /** Nobody new is sent on; connections that there are stay as they are. Never rejects. */
  rest(): Promise<void>;
  close: Disposer;
}

export interface PathsOptions {
  readonly engine: Pick<Engine, 'snapshot'>;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly changed: (bind: BindEntity) => void;
  /** Does the kernel track a connection of that number still? */
  readonly isTracked: (connection: number) => boolean;
  readonly forwarding?: Forwarding;
}

const againMs = 30_000;
const notYet = 'its rules are not set yet';

export function createPaths(options: PathsOptions): Paths {
  const { engine, kernel, clock, changed, isTracked, forwarding = forwardingOfMachine } = options;
  let plan: Plan | undefined;
  const wishes = new Map<ServerKey, ServerWish>();
  /** Set while a plan is coming. */
  let late: Map<ServerKey, ServerWish> | undefined;
  let ended: readonly number[] = [];
  /** As the table was given them last, and took them. */
  let taken: string | undefined;
  let rules: readonly PathRules[] = [];
  let touched = false;
  let closed = false;
  let cancelAgain: Disposer = () => {};
  let turn: Promise<unknown> = Promise.resolve();
  /** By bind: why the kernel does not carry it; undefined: it does. */
  const told = new Map<string, string | undefined>();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  }

  const kernelBinds = (of: Plan | undefined): { readonly shard: string; readonly bind: Bind }[] =>
    of?.shards.flatMap(({ name, binds }) =>
      binds.filter(({ kernelPath }) => kernelPath !== undefined).map((bind) => ({ shard: name, bind })),
    ) ?? [];

  /** @throws {Error} in words; the table is as it was */
  async function settle(): Promise<void> {
    if (plan === undefined || closed) return;
    cancelAgain();
    if (kernelBinds(plan).length === 0 && !touched) return;
    const addresses = new Map(engine.snapshot().binds.map(({ name, address }) => [name, address]));
    const paths = wishedPaths(plan, wishes, {
      forwarding: await forwarding(),
      portOf: (bind) => Number(/:(\d+)$/.exec(addresses.get(bind) ?? '')?.[1] ?? Number.NaN) || undefined,
    });
    // Without it nobody could say which connections there are: a server would be drained while it has clients.
    const { list } = await kernel.conntrack.usable();
    const unable = list === true ? undefined : inWords(list);
    const wanted = unable === undefined ? paths.flatMap(({ rules: own }) => own ?? []) : [];
    let fault: string | undefined;
    try {
      await set(wanted);
    } catch (error) {
      fault = (error as Error).message;
    }
    if (closed) return;
    const held = new Set(rules.map(({ bind }) => bind));
    for (const name of [...told.keys()]) if (!paths.some(({ bind }) => bind.name === name)) told.delete(name);
    for (const { bind, why } of paths)
      tell(bind, why ?? (held.has(bind.name) ? undefined : (fault ?? unable ?? notYet)));
    // What it was made from may change without a word: a sysctl, say.
    if (paths.length > 0) cancelAgain = clock.after(againMs, () => void inTurn(settle).catch(() => {}));
    if (fault !== undefined) throw new Error(fault);
  }

  /** @throws {Error} in words */
  async function set(wanted: readonly PathRules[]): Promise<void> {
    if (wanted.length === 0 && !touched) return;
    const stillThere = ended.filter(isTracked);
    const key = JSON.stringify([wanted, stillThere]);
    if (key === taken && kernel.table.state.state === 'in-force') return;
    const { change } = await kernel.nft.usable();
    if (change !== true) {
      rules = [];
      throw new Error(inWords(change));
    }
    touched = true;
    taken = undefined;
    await kernel.table.set('path', pathPart(wanted, stillThere));
    taken = key;
    ended = stillThere;
    rules = wanted;
  }

  function tell({ name }: Bind, why: string | undefined): void {
    const next = why === undefined ? undefined : oneLine(why);
    if (told.has(name) && told.get(name) === next) return;
    told.set(name, next);
    const entity = [...engine.snapshot().binds, ...own()].find((bind) => bind.name === name);
    if (entity !== undefined) changed(withPath(entity));
  }

  function pathOf(bind: Bind): BindPathEntity {
    const why = told.has(bind.name) ? told.get(bind.name) : notYet;
    if (why === undefined) return { by: 'kernel' };
    return { by: bind.kernelPath?.fallback === 'none' ? 'none' : 'relay', why };
  }

  function withPath(entity: BindEntity): BindEntity {
    const found = kernelBinds(plan).find(({ bind }) => bind.name === entity.name);
    return found === undefined ? entity : { ...entity, path: pathOf(found.bind) };
  }

  function own(): BindEntity[] {
    return kernelBinds(plan).flatMap(({ shard, bind }): BindEntity[] => {
      if (bind.kernelPath?.fallback !== 'none' || bind.address.kind !== 'ip') return [];
      const { host, port } = bind.address;
      const path = pathOf(bind);
      return [
        {
          name: bind.name,
          shard,
          address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
          mode: bind.mode,
          ...(bind.backend !== undefined && { backend: bind.backend }),
          maxConnections: bind.maxConnections,
          state: path.by === 'kernel' ? 'open' : 'failed',
          ...(path.why !== undefined && { text: path.why }),
          path,
        },
      ];
    });
  }

  const stopTable = kernel.table.changes(({ state }) => {
    if (state === 'in-force' || !touched || closed) return;
    cancelAgain();
    cancelAgain = clock.after(againMs, () => void inTurn(settle).catch(() => {}));
  });

  return {
    relayed: (given) => ({
      ...given,
      shards: given.shards.map((shard) => ({
        ...shard,
        binds: shard.binds.filter(({ kernelPath }) => kernelPath?.fallback !== 'none'),
      })),
    }),
    coming() {
      late = new Map();
    },
    planned: (next, list) =>
      inTurn(async () => {
        plan = next;
        wishes.clear();
        for (const wish of [...list, ...(late?.values() ?? [])]) wishes.set(wish.server, wish);
        late = undefined;
        await settle().catch(() => {});
      }),
    async setServers(list) {
      // Others need not wait for what the kernel is told of these.
      const backends = new Set(kernelBinds(plan).map(({ bind }) => bind.backend));
      if (!list.some(({ server }) => backends.has(backendOf(server)))) {
        for (const wish of list) {
          wishes.set(wish.server, wish);
          late?.set(wish.server, wish);
        }
        return;
      }
      await inTurn(async () => {
        const before = new Map(list.map(({ server }) => [server, wishes.get(server)]));
        for (const wish of list) {
          wishes.set(wish.server, wish);
          late?.set(wish.server, wish);
        }
        const was = rules;
        try {
          await settle();
        } catch (error) {
          // Nobody is sent by rules that were not there anyway.
          if (was.length === 0) return;
          for (const [server, wish] of before)
            if (wish === undefined) wishes.delete(server);
            else wishes.set(server, wish);
          throw new EngineError(
            'instance-failed',
            `clients are sent by the kernel as before: ${(error as Error).message}`,
          );
        }
      });
    },
    get rules() {
      return rules;
    },
    withPath,
    binds: own,
    end: (connections) =>
      inTurn(async () => {
        const before = ended;
        ended = [...new Set([...ended, ...connections])];
        try {
          await set(rules);
        } catch (error) {
          ended = before;
          throw error;
        }
      }),
    rest: () =>
      inTurn(async () => {
        plan = undefined;
        cancelAgain();
        await set([]).catch(() => {});
      }),
    close() {
      closed = true;
      cancelAgain();
      stopTable();
    },
  };
}

function inWords({ no, remedy }: Exclude<Usable, true>): string {
  return remedy === undefined ? no : `${no}; ${remedy}`;
}
