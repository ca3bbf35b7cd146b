// What a runtime and its data plane say to each other over a link: the messages, and the check that one is well formed.
// Both sides are the same release (the hello says so), so contents are checked as far as a wrong one could do harm.

import type { StreamRecord } from '../../domain/connection.ts';
import type { EngineSample } from '../../domain/counters.ts';
import type { BindEntity } from '../../domain/model.ts';
import type { Plan, ServerKey } from '../../domain/plan.ts';
import type { ServerWish } from '../../domain/server-state.ts';
import type { ObservedClients } from '../../domain/shard-plan.ts';
import type { RouteWish, TlsMaterial } from '../../domain/tls.ts';
import type { ConnectionQuery, ConnectionWindow, TlsInForce } from '../engine.ts';
import { LinkError } from './link.ts';
import type { HeldPrivatePort } from './private-sockets.ts';
import type { SteeredShard } from './shard-steering.ts';

/** Changes with every change of a message that an older side would misunderstand. */
export const linkVersion = 4;

/** The first message of an instance. */
export interface InstanceHello {
  readonly kind: 'instance';
  readonly version: number;
  /** "default/1". */
  readonly id: string;
  readonly shard: string;
  readonly pid: number;
  /** Names this run of the process; ids of its connections begin with it. */
  readonly life: string;
  readonly startedAt: number;
  /** Of the program it runs. */
  readonly release: string;
  /** "" where it has none yet. */
  readonly planHash: string;
  readonly binds: readonly BindEntity[];
  /** What of its TLS files it cannot use, one line each. */
  readonly tlsProblems: readonly string[];
  /** Wall clock at which what it carries is ended; 0 while it serves. */
  readonly leaveBy: number;
  /** Its acceptor is gone: nobody replaces it, and nobody spreads clients. */
  readonly orphaned: boolean;
}

/** An instance's part of a window; its turn says which query it answers. */
export type InstanceWindow = Omit<ConnectionWindow, 'query'>;

/** What an instance answers of its clients: the engine knows who it is. */
export interface InstanceClients {
  readonly clients: readonly Pick<
    ObservedClients['clients'][number],
    'address' | 'connections' | 'backends'
  >[];
  readonly missed: number;
}

/** The first message of an acceptor. */
export interface AcceptorHello {
  readonly kind: 'acceptor';
  readonly version: number;
  readonly pid: number;
}

export type FromInstance =
  | InstanceHello
  | { readonly kind: 'sample'; readonly sample: EngineSample }
  | {
      readonly kind: 'window';
      readonly watch: number;
      readonly turn: number;
      readonly window: InstanceWindow;
    }
  | {
      readonly kind: 'tail';
      readonly tail: number;
      readonly records: readonly StreamRecord[];
      readonly dropped: number;
    }
  | { readonly kind: 'binds'; readonly binds: readonly BindEntity[] }
  /** Somebody else has its name: it carries what it has. */
  | { readonly kind: 'leaving'; readonly leaveBy: number }
  /** Its acceptor is gone. */
  | { readonly kind: 'orphaned' }
  /** A fault that traffic survives: the access log cannot be written, say. */
  | { readonly kind: 'problem'; readonly text: string };

export type FromAcceptor =
  | AcceptorHello
  /** All of them, whenever one comes or goes. Never said where nothing is steered by nft. */
  | { readonly kind: 'privatePorts'; readonly ports: readonly HeldPrivatePort[] }
  /** It runs under its name; told again when its crashes are over. */
  | { readonly kind: 'started'; readonly id: string; readonly pid: number; readonly crashes: number }
  | {
      readonly kind: 'gone';
      readonly id: string;
      readonly pid: number;
      readonly text: string;
      readonly crashes: number;
      /** Wall clock of the next start; 0 where there will be none. */
      readonly retryAt: number;
    };

/** Requests: each is answered; `apply` and `setTlsMaterial` with a hello. */
export type ToInstance =
  | {
      readonly kind: 'apply';
      readonly plan: Plan;
      readonly wishes: readonly ServerWish[];
      readonly tls: TlsInForce;
    }
  | { readonly kind: 'setRoutes'; readonly wishes: readonly RouteWish[] }
  | { readonly kind: 'setTlsMaterial'; readonly material: TlsMaterial }
  | { readonly kind: 'endInOtherModes'; readonly route: string; readonly how: 'retire' | 'kill' }
  | { readonly kind: 'setServers'; readonly wishes: readonly ServerWish[] }
  | { readonly kind: 'kill'; readonly serial: number }
  | { readonly kind: 'killOnServer'; readonly server: ServerKey; readonly count: number }
  | { readonly kind: 'retirePool'; readonly server: ServerKey }
  /** Answered with InstanceClients. */
  | { readonly kind: 'clients' }
  | { readonly kind: 'connection'; readonly serial: number }
  /** `turn` comes back with each window: it grows with every query, so that windows of an older one are known. */
  | {
      readonly kind: 'watch';
      readonly watch: number;
      readonly turn: number;
      readonly query: ConnectionQuery;
    }
  | { readonly kind: 'unwatch'; readonly watch: number }
  | { readonly kind: 'tail'; readonly tail: number; readonly filter: string }
  | { readonly kind: 'untail'; readonly tail: number }
  | { readonly kind: 'reopenLogs' }
  /** Answered when nothing is left; the process ends then. */
  | { readonly kind: 'stop'; readonly graceMs: number };

export type HeldChange = Extract<
  ToInstance,
  { readonly kind: 'apply' | 'setServers' | 'setRoutes' | 'setTlsMaterial' }
>;

export type ToAcceptor =
  /**
   * Exactly these instances from now on; others leave. Which of them get clients, `shards` says: one that starts, or is to
   * leave, is in `instances` alone. Answered when clients are spread so.
   */
  | {
      readonly kind: 'run';
      /** What instances that are started from now on run: the runtime's own release. */
      readonly program: string;
      readonly instances: readonly { readonly id: string; readonly shard: string }[];
      readonly shards: readonly SteeredShard[];
    }
  /** These besides those that run: clients are spread as before. */
  | {
      readonly kind: 'add';
      readonly program: string;
      readonly instances: readonly { readonly id: string; readonly shard: string }[];
    }
  /** Answered when a successor serves in its place; refused where none could be had. */
  | { readonly kind: 'renew'; readonly id: string }
  /** What every instance has, as they are told: for those that are started while no runtime is there. */
  | HeldChange
  /** Ends its instances and itself. */
  | { readonly kind: 'leave' };

type FieldType = 'string' | 'number' | 'boolean' | 'array' | 'object';
type Shapes<M extends { readonly kind: string }> = {
  readonly [K in M['kind']]: { readonly [F in Exclude<keyof Extract<M, { kind: K }>, 'kind'>]: FieldType };
};

const fromInstance: Shapes<FromInstance> = {
  instance: {
    version: 'number',
    id: 'string',
    shard: 'string',
    pid: 'number',
    life: 'string',
    startedAt: 'number',
    release: 'string',
    planHash: 'string',
    binds: 'array',
    tlsProblems: 'array',
    leaveBy: 'number',
    orphaned: 'boolean',
  },
  sample: { sample: 'object' },
  window: { watch: 'number', turn: 'number', window: 'object' },
  tail: { tail: 'number', records: 'array', dropped: 'number' },
  binds: { binds: 'array' },
  leaving: { leaveBy: 'number' },
  orphaned: {},
  problem: { text: 'string' },
};

const fromAcceptor: Shapes<FromAcceptor> = {
  acceptor: { version: 'number', pid: 'number' },
  privatePorts: { ports: 'array' },
  started: { id: 'string', pid: 'number', crashes: 'number' },
  gone: { id: 'string', pid: 'number', text: 'string', crashes: 'number', retryAt: 'number' },
};

const toInstance: Shapes<ToInstance> = {
  apply: { plan: 'object', wishes: 'array', tls: 'object' },
  setRoutes: { wishes: 'array' },
  setTlsMaterial: { material: 'object' },
  endInOtherModes: { route: 'string', how: 'string' },
  setServers: { wishes: 'array' },
  kill: { serial: 'number' },
  killOnServer: { server: 'string', count: 'number' },
  retirePool: { server: 'string' },
  clients: {},
  connection: { serial: 'number' },
  watch: { watch: 'number', turn: 'number', query: 'object' },
  unwatch: { watch: 'number' },
  tail: { tail: 'number', filter: 'string' },
  untail: { tail: 'number' },
  reopenLogs: {},
  stop: { graceMs: 'number' },
};

const toAcceptor: Shapes<ToAcceptor> = {
  run: { program: 'string', instances: 'array', shards: 'array' },
  add: { program: 'string', instances: 'array' },
  renew: { id: 'string' },
  apply: toInstance.apply,
  setServers: toInstance.setServers,
  setRoutes: toInstance.setRoutes,
  setTlsMaterial: toInstance.setTlsMaterial,
  leave: {},
};

/** Each @throws LinkError `protocol`. */
export const readFromInstance = (value: unknown) => read<FromInstance>(fromInstance, value);
export const readFromAcceptor = (value: unknown) => read<FromAcceptor>(fromAcceptor, value);
export const readToInstance = (value: unknown) => read<ToInstance>(toInstance, value);
export const readToAcceptor = (value: unknown) => read<ToAcceptor>(toAcceptor, value);

function read<M extends { readonly kind: string }>(
  shapes: Readonly<Record<string, Readonly<Record<string, FieldType>>>>,
  value: unknown,
): M {
  if (typeof value !== 'object' || value === null) throw new LinkError('protocol', 'a message is no object');
  const message = value as Record<string, unknown>;
  const kind = String(message.kind);
  const shape = Object.hasOwn(shapes, kind) ? shapes[kind] : undefined;
  if (shape === undefined)
    throw new LinkError('protocol', `unknown message ${JSON.stringify(kind.slice(0, 40))}`);
  for (const [field, type] of Object.entries(shape)) {
    if (!hasType(message[field], type))
      throw new LinkError('protocol', `message ${kind}: ${field} is not ${type}`);
  }
  return message as unknown as M;
}

function hasType(value: unknown, type: FieldType): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type && (type !== 'number' || Number.isFinite(value));
}
