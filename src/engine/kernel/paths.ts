// Keeps the rules of binds with `path: kernel` as plan, health and operators have it. Where they cannot be had, clients are
// relayed, or nobody serves them, as the bind says; why is told, and it is tried again.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { BindPathEntity } from '../../domain/kernel.ts';
import type { BindEntity } from '../../domain/model.ts';
import type { Bind, Plan, ServerKey } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';
import type { ServerWish } from '../../domain/server-state.ts';
import type { Kernel } from '../../nft/kernel.ts';
import { type EndedFlow, type PathRules, pathPart } from '../../nft/table/parts/path-part.ts';
import { type Engine, EngineError } from '../engine.ts';
import { type Forwarding, forwardingOfMachine } from './forwarding.ts';
import { wishedPaths } from './path-rules.ts';

export interface Paths {
  /** Without the binds that only the kernel is to serve: nobody listens there. */
  relayed(plan: Plan): Plan;
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
  /** Both sides are told with their next packet. */
  end(flow: EndedFlow): Promise<void>;
  close: Disposer;
}

export interface PathsOptions {
  readonly engine: Pick<Engine, 'snapshot'>;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly changed: (bind: BindEntity) => void;
  readonly forwarding?: Forwarding;
}

const againMs = 30_000;
const longestWhy = 300;

export function createPaths(options: PathsOptions): Paths {
  const { engine, kernel, clock, changed, forwarding = forwardingOfMachine } = options;
  let plan: Plan | undefined;
  const wishes = new Map<ServerKey, ServerWish>();
  let ended: readonly EndedFlow[] = [];
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
    const wanted = paths.flatMap((path) => (path.rules === undefined ? [] : [path.rules]));
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
      tell(bind, why ?? (held.has(bind.name) ? undefined : (fault ?? 'its rules are not set yet')));
    // What it was made from may change without a word: a sysctl, say.
    if (paths.length > 0) cancelAgain = clock.after(againMs, () => void inTurn(settle).catch(() => {}));
    if (fault !== undefined) throw new Error(fault);
  }

  async function set(wanted: readonly PathRules[]): Promise<void> {
    if (wanted.length === 0 && !touched) return;
    const now = clock.now();
    ended = ended.filter(({ until }) => until > now);
    const { change } = await kernel.nft.usable();
    if (change !== true) {
      rules = [];
      throw new Error(change.remedy === undefined ? change.no : `${change.no}; ${change.remedy}`);
    }
    touched = true;
    await kernel.table.set('path', pathPart(wanted, ended));
    rules = wanted;
  }

  function tell({ name }: Bind, why: string | undefined): void {
    const next = why === undefined ? undefined : safe(why.replaceAll(/\s+/g, ' '), longestWhy);
    if (told.has(name) && told.get(name) === next) return;
    told.set(name, next);
    const entity = [...engine.snapshot().binds, ...own()].find((bind) => bind.name === name);
    if (entity !== undefined) changed(withPath(entity));
  }

  function pathOf(bind: Bind): BindPathEntity {
    const why = told.has(bind.name) ? told.get(bind.name) : 'its rules are not set yet';
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
    planned: (next, list) =>
      inTurn(async () => {
        plan = next;
        wishes.clear();
        for (const wish of list) wishes.set(wish.server, wish);
        await settle().catch(() => {});
      }),
    setServers: (list) =>
      inTurn(async () => {
        const before = new Map(wishes);
        for (const wish of list) wishes.set(wish.server, wish);
        if (kernelBinds(plan).length === 0) return;
        const was = rules;
        try {
          await settle();
        } catch (error) {
          // Nobody is sent by rules that were not there anyway.
          if (was.length === 0) return;
          wishes.clear();
          for (const [server, wish] of before) wishes.set(server, wish);
          throw new EngineError(
            'instance-failed',
            `clients are sent by the kernel as before: ${(error as Error).message}`,
          );
        }
      }),
    get rules() {
      return rules;
    },
    withPath,
    binds: own,
    end: (flow) =>
      inTurn(async () => {
        ended = [...ended, flow];
        await set(rules);
      }),
    close() {
      closed = true;
      cancelAgain();
      stopTable();
    },
  };
}
