// Every server's two states: the wish (configuration and override) and what checks observe; published as entities,
// drift, and wishes for the engine.

import { isDeepStrictEqual } from 'node:util';
import { addressText } from '../domain/address-text.ts';
import type { Clock } from '../domain/clock.ts';
import type { ServerEntity } from '../domain/model.ts';
import { type Backend, type Plan, type Server, type ServerKey, serverKey } from '../domain/plan.ts';
import {
  afterCheck,
  checkProgress,
  type Health,
  pausedHealth,
  resumedHealth,
  startingHealth,
} from '../domain/rise-fall.ts';
import type { AdminState, CheckResult, OperationalState, ServerWish } from '../domain/server-state.ts';
import { publishDrift } from './drift.ts';
import type { EndpointStates } from './endpoints/endpoint-states.ts';
import type { ModelStore } from './model-store.ts';
import { beyond, type Configured, driftOf, isEmpty, noOverride, type Override } from './overrides.ts';

export interface OperationalChange {
  readonly server: ServerKey;
  readonly from: OperationalState;
  readonly to: OperationalState;
  readonly lastedMs: number;
  readonly result?: CheckResult;
}

export interface ServerStates {
  /** Takes over a plan: keeps what is known of servers that stay. Publishes nothing yet. */
  adopt(plan: Plan): void;
  has(key: ServerKey): boolean;
  health(key: ServerKey): Health | undefined;
  /** As it holds now; undefined for a server that the plan does not have. */
  state(key: ServerKey): { readonly admin: AdminState; readonly weight: number } | undefined;
  configured(key: ServerKey): Configured | undefined;
  override(key: ServerKey): Override;
  overrides(): ReadonlyMap<ServerKey, Override>;
  /** What the engine is told while a change of the override is under way, and before it is confirmed. */
  propose(key: ServerKey, override: Override | undefined): ServerWish;
  /** The engine confirmed (or, for a server that is gone, nobody needs to). */
  commit(key: ServerKey, override: Override): void;
  /**
   * Holds overrides that nobody has to confirm: those of the state file at start, and those that make no difference
   * to what runs because the configuration changes with them.
   */
  hold(overrides: ReadonlyMap<ServerKey, Override>): void;
  /**
   * The plan taken over last is in force: what it says itself is no override any more, but for servers that drain: a
   * job's own wish ends with the job. Answers the servers whose admin state is another than before.
   */
  settle(drains: (key: ServerKey) => boolean): ServerKey[];
  checked(key: ServerKey, result: CheckResult): OperationalChange | undefined;
  wish(key: ServerKey): ServerWish;
  wishes(): ServerWish[];
  publish(): void;
  /** One of them: something beside its states changed. */
  refresh(key: ServerKey): void;
}

const sameCheckMs = 5_000;

interface Entry {
  backend: Backend;
  server: Server;
  health: Health | undefined;
  /** What was published of it last, and since when it holds. */
  admin: AdminState;
  adminSince: number;
  operationalSince: number;
  previousOperational: { state: OperationalState; lastedMs: number } | undefined;
  check: CheckResult | undefined;
  checkShownAt: number | undefined;
  proposed: Override | undefined;
}

export function createServerStates(
  store: ModelStore,
  clock: Clock,
  endpoints?: Pick<EndpointStates, 'drained' | 'entity'>,
): ServerStates {
  let entries = new Map<ServerKey, Entry>();
  const overrides = new Map<ServerKey, Override>();

  const overrideOf = (key: ServerKey): Override => overrides.get(key) ?? noOverride;
  const operational = ({ health }: Entry): OperationalState => health?.state ?? 'unchecked';
  const stateOf = (entry: Entry, { admin, weight }: Override) => ({
    admin: admin?.value ?? entry.server.admin,
    weight: weight?.value ?? entry.server.weight,
  });

  function wish(key: ServerKey): ServerWish {
    const entry = entries.get(key)!;
    const { admin, weight } = stateOf(entry, entry.proposed ?? overrideOf(key));
    const drained = endpoints?.drained(key) ?? [];
    return {
      server: key,
      admin,
      weight,
      operational: operational(entry),
      ...(drained.length > 0 && { drained }),
    };
  }

  function setHealth(entry: Entry, health: Health | undefined): { lastedMs: number; from: OperationalState } {
    const from = operational(entry);
    entry.health = health;
    if (operational(entry) === from) return { lastedMs: 0, from };
    const lastedMs = Math.max(0, clock.now() - entry.operationalSince);
    entry.previousOperational = { state: from, lastedMs };
    entry.operationalSince = clock.now();
    return { lastedMs, from };
  }

  function setOverride(key: ServerKey, held: Override): void {
    if (isEmpty(held)) overrides.delete(key);
    else overrides.set(key, held);
  }

  function setAdmin(entry: Entry, admin: AdminState): boolean {
    if (admin === entry.admin) return false;
    entry.admin = admin;
    entry.adminSince = clock.now();
    return true;
  }

  /** Checks rest in maint, and go on when it ends. */
  function followAdmin(entry: Entry, admin: AdminState): void {
    if (!entry.backend.check) return;
    if (admin === 'maint' && entry.health?.state !== 'paused') setHealth(entry, pausedHealth);
    else if (admin !== 'maint' && entry.health?.state === 'paused') setHealth(entry, resumedHealth);
  }

  function entity(key: ServerKey, entry: Entry): ServerEntity {
    const { admin: wished } = overrideOf(key);
    const { check } = entry.backend;
    const progress = check && entry.health && checkProgress(entry.health, check);
    const service = endpoints?.entity(key);
    return {
      key,
      backend: entry.backend.name,
      name: entry.server.name,
      address: addressText(entry.server.address),
      ...(service && { service }),
      ...stateOf(entry, overrideOf(key)),
      configuredAdmin: entry.server.admin,
      configuredWeight: entry.server.weight,
      backup: entry.server.backup,
      maxConnections: entry.server.maxConnections,
      adminSince: entry.adminSince,
      ...(wished && { adminBy: wished.by }),
      operational: operational(entry),
      operationalSince: entry.operationalSince,
      ...(entry.previousOperational && { previousOperational: { ...entry.previousOperational } }),
      ...(entry.check && { check: entry.check }),
      ...(progress && { checkProgress: progress }),
    };
  }

  function publishOne(key: ServerKey): void {
    const entry = entries.get(key);
    if (entry) store.set('server', key, entity(key, entry));
    publishOverrides();
  }

  function publishOverrides(): void {
    publishDrift(
      store,
      'server',
      [...overrides].flatMap(([key, held]) => driftOf(key, held, entries.get(key)?.server)),
    );
  }

  return {
    adopt(plan) {
      const now = clock.now();
      const next = new Map<ServerKey, Entry>();
      for (const backend of plan.backends)
        for (const server of backend.servers) {
          const key = serverKey(backend.name, server.name);
          const known = entries.get(key);
          // Another address is another server as far as checks are concerned.
          const same = known && addressText(known.server.address) === addressText(server.address);
          const entry: Entry = {
            backend,
            server,
            health: backend.check ? ((same ? known.health : undefined) ?? startingHealth) : undefined,
            admin: known?.admin ?? overrideOf(key).admin?.value ?? server.admin,
            adminSince: known?.adminSince ?? overrideOf(key).admin?.at ?? now,
            operationalSince: (same && known.operationalSince) || now,
            previousOperational: same ? known.previousOperational : undefined,
            check: same && backend.check ? known.check : undefined,
            checkShownAt: undefined,
            proposed: known?.proposed,
          };
          followAdmin(entry, stateOf(entry, overrideOf(key)).admin);
          next.set(key, entry);
        }
      entries = next;
    },

    has: (key) => entries.has(key),
    health: (key) => entries.get(key)?.health,
    state(key) {
      const entry = entries.get(key);
      return entry && stateOf(entry, overrideOf(key));
    },
    configured: (key) => entries.get(key)?.server,
    override: overrideOf,
    overrides: () => overrides,

    propose(key, proposed) {
      const entry = entries.get(key)!;
      entry.proposed = proposed;
      const told = wish(key);
      // Checks rest only once maint is confirmed, but the data plane needs the state that goes with the wish.
      if (!entry.backend.check) return told;
      if (told.admin === 'maint') return { ...told, operational: 'paused' };
      return told.operational === 'paused' ? { ...told, operational: 'up' } : told;
    },

    commit(key, held) {
      const entry = entries.get(key);
      setOverride(key, held);
      if (entry) {
        entry.proposed = undefined;
        const { admin } = stateOf(entry, held);
        setAdmin(entry, admin);
        followAdmin(entry, admin);
      }
      publishOne(key);
    },

    hold(held) {
      for (const [key, override] of held) setOverride(key, override);
    },

    settle(drains) {
      return [...entries].flatMap(([key, entry]) => {
        if (!drains(key)) setOverride(key, beyond(overrideOf(key), entry.server));
        return setAdmin(entry, stateOf(entry, overrideOf(key)).admin) ? [key] : [];
      });
    },

    checked(key, result) {
      const entry = entries.get(key);
      const { check } = entry?.backend ?? {};
      if (!entry?.health || !check || entry.health.state === 'paused') return undefined;
      const health = afterCheck(entry.health, result.ok, check);
      const { check: earlier } = entry;
      // One more success like the one before is news only from time to time: hundreds of servers are checked each second.
      const same =
        isDeepStrictEqual(health, entry.health) &&
        earlier?.code === result.code &&
        earlier.status === result.status &&
        result.at - (entry.checkShownAt ?? 0) < sameCheckMs;
      const { from, lastedMs } = setHealth(entry, health);
      entry.check = result;
      if (!same) {
        entry.checkShownAt = result.at;
        store.set('server', key, entity(key, entry));
      }
      const to = operational(entry);
      return to === from ? undefined : { server: key, from, to, lastedMs, result };
    },

    wish,
    wishes: () => [...entries.keys()].map(wish),

    publish() {
      store.replace(
        'server',
        [...entries].map(([key, entry]) => [key, entity(key, entry)]),
      );
      publishOverrides();
    },

    refresh(key) {
      const entry = entries.get(key);
      if (entry) store.set('server', key, entity(key, entry));
    },
  };
}
