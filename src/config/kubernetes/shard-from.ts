// IngressControllers (operator.openshift.io/v1) → shards with their binds and default certificates. Without any, one
// shard that serves everything.

import type { LabelSelector } from '../../domain/selector.ts';
import { parseHost } from '../values.ts';
import { timeOf } from './annotations.ts';
import { type Contents, pairFault } from './contents.ts';
import { selectorOf } from './labels.ts';
import type { Located } from './located.ts';
import { keyText, type Notes, quoted } from './notes.ts';
import type { KubernetesObject, Objects } from './objects.ts';
import { secretPair } from './secrets.ts';
import { bindTls } from './shard-tls.ts';
import type { WrittenBind, WrittenCertificate, WrittenShard } from './written.ts';

export interface ShardSurroundings {
  readonly objects: Objects;
  readonly contents: Contents;
  readonly notes: Notes;
}

export interface MadeShards {
  readonly shards: readonly WrittenShard[];
  readonly certificates: readonly WrittenCertificate[];
}

/** OpenShift's own (router, haproxy-config.template), where they are not ours. */
const timeouts = { request: '10s', keepAlive: '300s' };

const known = [
  'domain',
  'replicas',
  'routeSelector',
  'namespaceSelector',
  'routeAdmission',
  'endpointPublishingStrategy',
  'defaultCertificate',
  'tlsSecurityProfile',
  'clientTLS',
  'httpHeaders',
  'tuningOptions',
];
/** Of the cluster, or as it is here anyway. */
const meaningless = [
  'nodePlacement',
  'unsupportedConfigOverrides',
  'idleConnectionTerminationPolicy',
  'closedClientConnectionPolicy',
];

export function shardsFrom(around: ShardSurroundings): MadeShards {
  const controllers = [...around.objects.of('IngressController')].sort(defaultFirst);
  if (controllers.length === 0) {
    const binds: WrittenBind[] = [
      { listen: ':80', mode: 'http', timeouts, forwardedHeaders: 'append' },
      { listen: ':443', mode: 'tls', timeouts, forwardedHeaders: 'append' },
    ];
    return { shards: [{ name: 'default', binds }], certificates: [] };
  }
  const taken = new Set<number>();
  const certificates: WrittenCertificate[] = [];
  const shards: WrittenShard[] = [];
  for (const controller of controllers) {
    const shard = shardFrom(controller, taken, around);
    if (!shard) continue;
    shards.push(shard);
    const certificate = defaultCertificate(controller, around);
    if (certificate) certificates.push(certificate);
  }
  return { shards, certificates };
}

function defaultFirst(a: KubernetesObject, b: KubernetesObject): number {
  return Number(b.name === 'default') - Number(a.name === 'default') || (a.name < b.name ? -1 : 1);
}

function shardFrom(
  controller: KubernetesObject,
  taken: Set<number>,
  around: ShardSurroundings,
): WrittenShard | undefined {
  const { fields } = controller;
  const { notes } = around;
  const name = controller.name.slice(0, 64);
  const spec = fields.at('spec');
  const selectors: { routeSelector?: LabelSelector; namespaceSelector?: LabelSelector } = {};
  for (const key of ['routeSelector', 'namespaceSelector'] as const) {
    const selector = selectorOf(spec.at(key), notes);
    if (selector === 'wrong') {
      notes.add(
        'error',
        spec.at(key),
        `IngressController ${name}: this ${key} is not understood, and without it the shard would take every route: left out`,
      );
      return undefined;
    }
    if (selector) selectors[key] = selector;
  }
  for (const key of spec.keys.filter((each) => !known.includes(each) && !meaningless.includes(each)))
    if (!isEmpty(spec.at(key).value))
      notes.add('note', spec.at(key), `spec.${keyText(key)} of IngressController ${name}: not used`);
  const domain = domainOf(fields, name, notes);
  const instances = instancesOf(spec, name, notes);
  return {
    name,
    ...(domain !== undefined && { domain }),
    ...(instances !== 1 && { instances }),
    ...selectors,
    routeAdmission: {
      wildcardPolicy: oneOf(
        spec.at('routeAdmission', 'wildcardPolicy'),
        ['WildcardsDisallowed', 'WildcardsAllowed'],
        notes,
      ),
      namespaceOwnership: oneOf(
        spec.at('routeAdmission', 'namespaceOwnership'),
        ['Strict', 'InterNamespaceAllowed'],
        notes,
      ),
    },
    binds: bindsOf(spec, name, taken, around),
  };
}

/** As the operator writes what nobody has set. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === '' || value === 'Respond' || value === '0s') return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}

/** The first is what OpenShift takes where none is written. */
function oneOf<T extends string>(found: Located, words: readonly [T, ...T[]], notes: Notes): T {
  const word = words.find((each) => each === found.text);
  if (word === undefined && found.text !== undefined)
    notes.add('warning', found, `${quoted(found.text)} is none of ${words.join(', ')}: taken as ${words[0]}`);
  return word ?? words[0];
}

function domainOf(fields: Located, name: string, notes: Notes): string | undefined {
  const found = [fields.at('status', 'domain'), fields.at('spec', 'domain')].find(
    ({ text }) => text !== undefined,
  );
  if (found?.text === undefined) return undefined;
  const parsed = parseHost(found.text);
  if (parsed.ok) return parsed.value;
  notes.add('warning', found, `IngressController ${name}: ${parsed.message}; the shard has no domain`);
  return undefined;
}

/** OpenShift's default depends on the nodes; 2 where there are any two. */
function instancesOf(spec: Located, name: string, notes: Notes): number {
  const replicas = spec.at('replicas');
  if (!replicas.isThere) return 2;
  const count = replicas.integer;
  if (count !== undefined && count >= 1 && count <= 64) return count;
  const taken = count !== undefined && count > 64 ? 64 : 1;
  notes.add(
    'warning',
    replicas,
    `IngressController ${name} has ${quoted(replicas.value)} replicas: taken as ${taken}`,
  );
  return taken;
}

function bindsOf(spec: Located, name: string, taken: Set<number>, around: ShardSurroundings): WrittenBind[] {
  const { notes } = around;
  const strategy = spec.at('endpointPublishingStrategy');
  const settings = bindSettings(spec, notes);
  const port = (key: string, usual: number): number => {
    const written = strategy.at('hostNetwork', key).integer;
    let chosen = written !== undefined && written > 0 && written < 65_536 ? written : usual;
    const wanted = chosen;
    if (taken.has(chosen)) chosen += 8000;
    while (taken.has(chosen) || chosen > 65_535) chosen = chosen > 65_535 ? 1_024 : chosen + 1;
    taken.add(chosen);
    if (chosen !== wanted)
      notes.add(
        'warning',
        strategy,
        `IngressController ${name} listens on :${chosen}, since another shard has :${wanted}: give its binds an address of their own`,
      );
    return chosen;
  };
  for (const kind of ['hostNetwork', 'nodePort', 'private'])
    if (strategy.at(kind, 'protocol').text === 'PROXY') tellProxy(strategy.at(kind, 'protocol'), name, notes);
  const aws = strategy.at('loadBalancer', 'providerParameters', 'aws', 'type');
  if (aws.text === 'Classic') tellProxy(aws, name, notes);
  const http: WrittenBind = { listen: `:${port('httpPort', 80)}`, mode: 'http', ...settings };
  const tls = bindTls(spec, name, around);
  return tls === 'closed'
    ? [http]
    : [http, { listen: `:${port('httpsPort', 443)}`, mode: 'tls', ...tls, ...settings }];
}

function tellProxy(at: Located, name: string, notes: Notes): void {
  notes.add(
    'warning',
    at,
    `IngressController ${name} gets the PROXY protocol, which is not understood in this version: whoever connects must not send it`,
  );
}

function bindSettings(
  spec: Located,
  notes: Notes,
): Pick<WrittenBind, 'timeouts' | 'maxConnections' | 'forwardedHeaders'> {
  const tuning = spec.at('tuningOptions');
  const headers = spec.at('httpHeaders');
  const policy = headers.at('forwardedHeaderPolicy');
  const policies = { Append: 'append', Replace: 'replace', Never: 'never', IfNone: 'append' } as const;
  const forwarded = Object.hasOwn(policies, policy.text ?? '')
    ? (policy.text as keyof typeof policies)
    : 'Append';
  if (policy.text !== undefined && policy.text !== forwarded)
    notes.add(
      'warning',
      policy,
      `forwardedHeaderPolicy ${quoted(policy.text)} is not known: taken as Append`,
    );
  if (forwarded === 'IfNone') notes.add('warning', policy, 'forwardedHeaderPolicy IfNone is taken as Append');
  for (const key of headers.keys.filter((each) => each !== 'forwardedHeaderPolicy'))
    if (!isEmpty(headers.at(key).value))
      notes.add(
        'warning',
        headers.at(key),
        `spec.httpHeaders.${keyText(key)} is not done: headers are relayed as they are`,
      );
  const time = (key: string) => {
    const { text } = tuning.at(key);
    return text === undefined ? undefined : timeOf(text);
  };
  const [client, keepAlive] = [time('clientTimeout'), time('httpKeepAliveTimeout')];
  const most = tuning.at('maxConnections').integer;
  const used = ['clientTimeout', 'httpKeepAliveTimeout', 'maxConnections', 'threadCount', 'reloadInterval'];
  for (const key of tuning.keys.filter((each) => !used.includes(each)))
    if (!isEmpty(tuning.at(key).value))
      notes.add(
        'note',
        tuning.at(key),
        `spec.tuningOptions.${keyText(key)} is not used: see timeouts: in the configuration`,
      );
  return {
    timeouts: {
      ...timeouts,
      ...(client !== undefined && { client }),
      ...(keepAlive !== undefined && { keepAlive }),
    },
    ...(most !== undefined && most > 0 && { maxConnections: Math.min(most, 1_000_000) }),
    forwardedHeaders: policies[forwarded],
  };
}

/** Named, or the one that the ingress operator makes. */
function defaultCertificate(
  { name, fields }: KubernetesObject,
  { objects, contents, notes }: ShardSurroundings,
): WrittenCertificate | undefined {
  const named = fields.at('spec', 'defaultCertificate', 'name');
  const secret = named.text ?? `router-certs-${name}`;
  const pair = secretPair(objects, 'openshift-ingress', secret);
  const unserved =
    'list one under certificates:, or clients whose names no Route has a certificate for are refused';
  if (typeof pair === 'string') {
    notes.add(
      'warning',
      named,
      `the default certificate of IngressController ${name}, Secret openshift-ingress/${secret}, ${pair}: ${unserved}`,
    );
    return undefined;
  }
  const fault =
    pairFault(pair.cert, pair.key) ??
    (contents.hasPlace ? undefined : 'there is no folder for it (--certificates DIR)');
  if (fault !== undefined) {
    notes.add(
      'warning',
      named,
      `the default certificate of IngressController ${name} is not used, ${fault}: ${unserved}`,
    );
    return undefined;
  }
  return {
    cert: contents.put(`ingress_${name}.crt`, pair.cert),
    key: contents.put(`ingress_${name}.key`, pair.key, true),
  };
}
