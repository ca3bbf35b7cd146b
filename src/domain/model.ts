// The model a runtime owns and a console mirrors: flat entities by type and key, changed one whole entity at a time.
// Traffic is not here: it comes as samples (see sample.ts).

import type { RouteStatus } from './admission.ts';
import type { DrainJob } from './drain.ts';
import type { JournalEntry } from './journal.ts';
import type { BindPathEntity, BlockEntity, KernelEntity, ServiceEntity } from './kernel.ts';
import type { BalanceAlgorithm, BindMode, Milliseconds, Mode, ServerKey, WeightedBackend } from './plan.ts';
import type { Labels } from './selector.ts';
import type { AdminState, CheckResult, OperationalState } from './server-state.ts';
import type { InsecurePolicy, Termination } from './tls.ts';
import type { TlsSwitch } from './tls-switch.ts';

export type EngineKind = 'embedded' | 'haproxy' | 'scripted';

/** What this engine can do, as data; where not, why not, in words that a screen can show. */
export type Capabilities = Readonly<Record<Capability, true | { readonly no: string }>>;

export type Capability =
  | 'drain'
  | 'maint'
  | 'weight'
  | 'kill'
  | 'kill-server'
  | 'connections'
  | 'tail'
  | 'reload'
  | 'latency'
  | 'tls'
  | 'shards';

export interface RuntimeEntity {
  readonly name: string;
  readonly engine: EngineKind;
  readonly version: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly plan: { readonly hash: string; readonly at: number; readonly file?: string };
  /** Demo servers and traffic: screens say so. */
  readonly demo: boolean;
  readonly capabilities: Capabilities;
}

export interface InstanceEntity {
  /** Unique, the model's key: "default/1"; of one that carries connections beside its successor "default/1:4711" (its pid). */
  readonly id: string;
  /** "default/1": what clients are steered to; a successor has the name of the one before. */
  readonly name: string;
  readonly shard: string;
  readonly pid: number;
  /** `gone`: dead; of one that is to be replaced, waiting for `retryAt`. */
  readonly state: 'starting' | 'serving' | 'leaving' | 'gone';
  readonly planHash: string;
  readonly startedAt: number;
  /** Of the program it runs: after an upgrade of the runtime it may be an older one. */
  readonly version: string;
  /** Times in a row that it died soon after its start. From the second on it is restarted later and later. */
  readonly crashes: number;
  /** Wall clock of the next start, while it waits for it. */
  readonly retryAt?: number;
  /** Of a leaving one: wall clock at which what is left is ended. */
  readonly leaveBy?: number;
  readonly text?: string;
}

export interface ShardEntity {
  readonly name: string;
  readonly domain?: string;
  /** In force; `configuredInstances` where no operator wished otherwise. */
  readonly instances: number;
  readonly configuredInstances: number;
  /** As kubectl writes them; "" selects all. */
  readonly routeSelector: string;
  readonly configuredRouteSelector: string;
  readonly namespaceSelector: string;
  readonly isDefault: boolean;
  readonly binds: readonly string[];
  /** Admitted, oldest first. */
  readonly routes: readonly string[];
  /** Selected, and not admitted. */
  readonly refused: readonly string[];
  /** `direct`: its one instance accepts for itself. */
  readonly steering: {
    readonly by: 'direct' | 'handoff' | 'nft';
    /** Where nft was wished and is not in force: why not. */
    readonly why?: string;
    readonly tableSize: number;
    readonly ipv6Prefix: 64 | 128;
  };
}

export interface BindEntity {
  readonly name: string;
  readonly shard: string;
  /** "0.0.0.0:80", "[::]:80", "unix:/run/x.sock": the address really listened on (ephemeral ports resolved). */
  readonly address: string;
  readonly mode: BindMode;
  readonly backend?: string;
  readonly maxConnections: number;
  readonly state: 'open' | 'failed';
  readonly text?: string;
  /** Of one with `path: kernel`. */
  readonly path?: BindPathEntity;
}

export interface BackendEntity {
  readonly name: string;
  readonly mode: Mode;
  readonly algorithm: BalanceAlgorithm;
  readonly cookie?: string;
  /** "HTTP GET /healthz every 2 s, rise 2, fall 3"; undefined where servers are not checked. */
  readonly check?: string;
  readonly servers: readonly ServerKey[];
}

export interface ServerEntity {
  readonly key: ServerKey;
  readonly backend: string;
  readonly name: string;
  readonly address: string;
  readonly service?: ServiceEntity;
  readonly weight: number;
  readonly configuredWeight: number;
  readonly backup: boolean;
  readonly maxConnections: number;
  readonly admin: AdminState;
  readonly configuredAdmin: AdminState;
  readonly adminSince: number;
  /** Who wished it; undefined where it is the configuration's own state. */
  readonly adminBy?: string;
  readonly operational: OperationalState;
  /** Wall clock of the last change of `operational`. */
  readonly operationalSince: number;
  readonly previousOperational?: { readonly state: OperationalState; readonly lastedMs: Milliseconds };
  readonly check?: CheckResult;
  /** Consecutive results towards the next change, such as { done: 1, of: 3, towards: 'down' }. */
  readonly checkProgress?: { readonly done: number; readonly of: number; readonly towards: 'up' | 'down' };
}

export interface RouteEntity {
  readonly name: string;
  readonly host?: string;
  readonly path: string;
  readonly tls?: RouteTlsEntity;
  readonly to: readonly WeightedBackend[];
  readonly namespace: string;
  /** In force, and as configured. */
  readonly labels: Labels;
  readonly configuredLabels: Labels;
  /** Of each shard whose selectors take it. None admitted: it is served by no shard; several: by each of them. */
  readonly shards: readonly RouteStatus[];
  /** What an operator should know of it, each one safe line: "verify: none", "no certificate for api.example.com". */
  readonly warnings: readonly RouteWarning[];
}

/** What concerns a certificate of ours is shown of the certificate, too. */
export interface RouteWarning {
  readonly about: 'route' | 'certificate';
  readonly text: string;
}

export interface RouteTlsEntity {
  /** In force. */
  readonly termination: Termination;
  readonly configuredTermination: Termination;
  readonly insecureEdgeTerminationPolicy: InsecurePolicy;
  readonly hsts?: string;
  /** Of reencrypt, were it the mode: is the servers' certificate verified? */
  readonly verify: 'required' | 'none';
  /** Key of the certificate that clients of its host get, were it terminated here; undefined: there is none. */
  readonly certificate?: string;
}

/** A certificate that is served to clients: what every instance has, against what is on disk. */
export interface CertificateEntity {
  /** Its file as the configuration names it; unique. */
  readonly key: string;
  /** Subject alternative names, else the common name: "*.apps.example.com". */
  readonly names: readonly string[];
  readonly subject: string;
  readonly issuer: string;
  readonly selfSigned: boolean;
  /** Wall clock. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** "ECDSA P-256", "RSA 2048". */
  readonly keyType: string;
  /** SHA-256, hex, without colons. */
  readonly fingerprint: string;
  /** Certificates in the file, the leaf included. */
  readonly chain: number;
  /** Served where no name matches. */
  readonly isDefault: boolean;
  /** Routes whose host it is chosen for, and whose TLS ends here now: those passed through show none of ours. */
  readonly routes: readonly string[];
  readonly servedSince: number;
  /** `same`: what is served is what is on disk. `refused`: the file changed, is broken, and the old one is kept. */
  readonly disk:
    | { readonly state: 'same' }
    | { readonly state: 'refused' | 'missing'; readonly text: string };
  readonly ocsp?: {
    readonly state: 'good' | 'revoked' | 'unknown' | 'refused';
    readonly nextUpdate?: number;
    readonly text?: string;
  };
}

/** A difference between what runs and what the configuration says. */
export type DriftEntity = ServerDrift | RouteDrift | ShardDrift | EndpointDrift;

export interface ServerDrift extends Drift {
  readonly server: ServerKey;
  readonly field: 'admin' | 'weight';
}

export interface RouteDrift extends Drift {
  readonly route: string;
  readonly field: 'termination' | 'labels';
}

export interface ShardDrift extends Drift {
  readonly shard: string;
  readonly field: 'instances' | 'routeSelector';
}

export interface EndpointDrift extends Drift {
  readonly server: ServerKey;
  readonly endpoint: string;
  readonly field: 'endpoint';
}

interface Drift {
  readonly key: string;
  readonly configured: string;
  readonly running: string;
  readonly by: string;
  readonly at: number;
}

export interface EntityTypes {
  runtime: RuntimeEntity;
  shard: ShardEntity;
  instance: InstanceEntity;
  bind: BindEntity;
  backend: BackendEntity;
  server: ServerEntity;
  route: RouteEntity;
  certificate: CertificateEntity;
  drain: DrainJob;
  /** By route: the newest switch. */
  switch: TlsSwitch;
  drift: DriftEntity;
  kernel: KernelEntity;
  /** By address. */
  block: BlockEntity;
  journal: JournalEntry;
}

export type EntityType = keyof EntityTypes;

/** Insertion order is the configuration's order. `runtime` has the one key "runtime", `kernel` "kernel"; journal keys are its ids as text. */
export type Model = { readonly [T in EntityType]: ReadonlyMap<string, EntityTypes[T]> };

/** One entity set (value) or gone (null). `seq` grows by one with each change of an epoch. */
export type Change = {
  [T in EntityType]: {
    readonly seq: number;
    readonly type: T;
    readonly key: string;
    readonly value: EntityTypes[T] | null;
  };
}[EntityType];

export type MutableModel = { readonly [T in EntityType]: Map<string, EntityTypes[T]> };

export function emptyModel(): MutableModel {
  return {
    runtime: new Map(),
    shard: new Map(),
    instance: new Map(),
    bind: new Map(),
    backend: new Map(),
    server: new Map(),
    route: new Map(),
    certificate: new Map(),
    drain: new Map(),
    switch: new Map(),
    drift: new Map(),
    kernel: new Map(),
    block: new Map(),
    journal: new Map(),
  };
}

export function applyChange(model: MutableModel, change: Change): void {
  const entities = model[change.type] as Map<string, unknown>;
  if (change.value === null) entities.delete(change.key);
  else entities.set(change.key, change.value);
}
