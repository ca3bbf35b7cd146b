// Keeps the rules by which a server that is a service is reached: its address is translated to those of its endpoints that are
// ready. Where they cannot be had it says so, and tries again; everything else goes on.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { Usable } from '../../domain/kernel.ts';
import type { Plan, ServerKey } from '../../domain/plan.ts';
import type { ServerWish } from '../../domain/server-state.ts';
import type { Kernel } from '../../nft/kernel.ts';
import { type ServiceRules, servicePart } from '../../nft/table/parts/service-part.ts';
import { type Engine, EngineError, type ServiceInForce } from '../engine.ts';
import { oneLine } from './one-line.ts';
import { type RouteProbe, routeProbe } from './route-probe.ts';
import { leftEndpoints, serviceRules, together } from './service-rules.ts';

export interface ServiceKeeper {
  /**
   * The engine is about to take this plan: its rules are in force before the first connection by them, and those of the plan
   * before are there still. Never rejects: what cannot be had is told in `services`.
   */
  coming(plan: Plan, wishes: readonly ServerWish[]): Promise<void>;
  /** It took it: only its rules are left, and kept connections to endpoints that are gone are not used again. */
  planned(): Promise<void>;
  /** It did not: as before. */
  refused(): Promise<void>;
  /** Before the engine is told the same. @throws EngineError where the rules could not be had; nothing changed then */
  setServers(wishes: readonly ServerWish[]): Promise<void>;
  /** Of every server that is a service. */
  readonly services: readonly ServiceInForce[];
  /** Nothing more is changed, or told. */
  close: Disposer;
}

export interface ServiceKeeperOptions {
  /** The one that is decorated. */
  readonly engine: Pick<Engine, 'retirePool'>;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly changed: (service: ServiceInForce) => void;
  readonly hasRoute?: RouteProbe;
}

const againMs = 30_000;
const routeAgainMs = 3_000;

export function createServiceKeeper(options: ServiceKeeperOptions): ServiceKeeper {
  const { engine, kernel, clock, changed, hasRoute = routeProbe } = options;
  /** Of the plan in force, and of the one that is coming. */
  let now: readonly ServiceRules[] = [];
  let next: readonly ServiceRules[] | undefined;
  /** What the table was given last, and took. */
  let taken: readonly ServiceRules[] | undefined = [];
  let touched = false;
  let closed = false;
  let cancelAgain: Disposer = () => {};
  let turn: Promise<unknown> = Promise.resolve();
  const told = new Map<ServerKey, Usable>();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  }

  /** @throws {Error} in words; the table is as it was */
  async function set(rules: readonly ServiceRules[]): Promise<void> {
    // Without a service nothing is asked of the kernel at all.
    if (rules.length === 0 && !touched) return;
    if (same(rules, taken) && kernel.table.state.state === 'in-force') return;
    const { change } = await kernel.nft.usable();
    if (change !== true) throw new NotUsable(change);
    touched = true;
    taken = undefined;
    await kernel.table.set('service', servicePart(rules));
    taken = rules;
  }

  /** As `set`, but what goes wrong is told and tried again. */
  async function settle(rules: readonly ServiceRules[]): Promise<void> {
    if (closed) return;
    cancelAgain();
    let fault: Usable = true;
    try {
      await set(rules);
    } catch (error) {
      fault = error instanceof NotUsable ? error.usable : { no: (error as Error).message };
    }
    await tellAll(rules, fault);
    // Looking for a route costs nothing.
    if ([...told.values()].some((usable) => usable !== true))
      cancelAgain = clock.after(
        fault === true ? routeAgainMs : againMs,
        () => void inTurn(() => settle(next ?? now)),
      );
  }

  async function tellAll(rules: readonly ServiceRules[], fault: Usable): Promise<void> {
    const routes = new Map<string, boolean>();
    if (fault === true)
      for (const { address } of rules)
        if (!routes.has(address.host)) routes.set(address.host, await hasRoute(address.host));
    if (closed) return;
    for (const server of [...told.keys()])
      if (!rules.some((service) => service.server === server)) told.delete(server);
    for (const { server, address } of rules)
      tell(server, fault === true && routes.get(address.host) === false ? noRoute(address.host) : fault);
  }

  function tell(server: ServerKey, usable: Usable): void {
    const inForce = usable === true ? true : safely(usable);
    if (JSON.stringify(told.get(server)) === JSON.stringify(inForce)) return;
    told.set(server, inForce);
    changed({ server, inForce });
  }

  /** Those that lost an endpoint: no kept connection to it takes another request. */
  async function retire(before: readonly ServiceRules[], after: readonly ServiceRules[]): Promise<void> {
    for (const server of leftEndpoints(before, after)) await engine.retirePool(server).catch(() => 0);
  }

  const stopTable = kernel.table.changes(({ state }) => {
    if (state === 'in-force' || taken === undefined || !touched || closed) return;
    taken = undefined;
    cancelAgain();
    cancelAgain = clock.after(againMs, () => void inTurn(() => settle(next ?? now)));
  });

  return {
    coming: (plan, wishes) =>
      inTurn(async () => {
        next = serviceRules(plan, wishes);
        await settle(together(next, now));
      }),

    planned: () =>
      inTurn(async () => {
        const before = now;
        now = next ?? now;
        next = undefined;
        await settle(now);
        await retire(before, now);
      }),

    refused: () =>
      inTurn(async () => {
        next = undefined;
        await settle(now);
      }),

    async setServers(wishes) {
      // Others need not wait for what the kernel is told of these.
      const concerned = new Set([...now, ...(next ?? [])].map(({ server }) => server));
      if (!wishes.some(({ server }) => concerned.has(server))) return;
      await inTurn(async () => {
        const drained = new Map(wishes.map((wish) => [wish.server, new Set(wish.drained ?? [])]));
        const wished = now.map((service) => {
          const names = drained.get(service.server);
          if (names === undefined) return service;
          const endpoints = service.endpoints.map((each) => ({ ...each, drained: names.has(each.name) }));
          return { ...service, endpoints };
        });
        if (same(wished, now)) return;
        try {
          await set(wished);
        } catch (error) {
          throw new EngineError('instance-failed', `endpoints are as before: ${(error as Error).message}`);
        }
        const before = now;
        now = wished;
        await retire(before, now);
      });
    },

    get services() {
      return (next ?? now).map(
        ({ server }): ServiceInForce => ({
          server,
          inForce: told.get(server) ?? { no: 'its rules are not set yet' },
        }),
      );
    },

    close() {
      closed = true;
      cancelAgain();
      stopTable();
    },
  };
}

class NotUsable extends Error {
  readonly usable: Exclude<Usable, true>;
  constructor(usable: Exclude<Usable, true>) {
    super(usable.remedy === undefined ? usable.no : `${usable.no}; ${usable.remedy}`);
    this.usable = usable;
  }
}

const same = (a: readonly ServiceRules[], b: readonly ServiceRules[] | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Routes are looked for before addresses are translated. */
function noRoute(host: string): Usable {
  const prefix = host.includes(':') ? `-6 route add ${host}/128` : `route add ${host}/32`;
  return {
    no: `this machine has no route to ${host}, so nobody on it can connect to it`,
    remedy: `give it one, whichever (its rules choose anew): \`ip ${prefix} dev lo\``,
  };
}

function safely({ no, remedy }: Exclude<Usable, true>): Usable {
  return { no: oneLine(no), ...(remedy !== undefined && { remedy: oneLine(remedy) }) };
}
