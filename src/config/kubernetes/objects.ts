// The objects of all files by kind and name: lists taken apart, what is there twice told, and what is of no kind that we
// know counted.

import type { KubernetesFile, Place } from './from-kubernetes.ts';
import type { Located } from './located.ts';
import { counted, type Notes, quoted } from './notes.ts';
import type { ReadCache } from './read-cache.ts';
import { readValues } from './read-values.ts';

/** With the groups of their API; "" is the core's. Routes were there before OpenShift 3.6 had groups. */
const kinds = {
  Route: ['route.openshift.io', ''],
  IngressController: ['operator.openshift.io'],
  Service: [''],
  Endpoints: [''],
  EndpointSlice: ['discovery.k8s.io'],
  Namespace: [''],
  Secret: [''],
  ConfigMap: [''],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Kind = keyof typeof kinds;

export interface KubernetesObject {
  readonly kind: Kind;
  readonly name: string;
  /** "default" where none is written, as kubectl has it. */
  readonly namespace: string;
  readonly fields: Located;
}

export interface Objects {
  of(kind: Kind): readonly KubernetesObject[];
  find(kind: Kind, namespace: string, name: string): KubernetesObject | undefined;
  /** Of every kind that was found, known or not. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface ReadObjects {
  readonly objects: Objects;
  /** Names of files that could not be read. */
  readonly broken: readonly string[];
}

const nameShape = /^[a-z0-9A-Z]([a-z0-9A-Z._:-]*[a-z0-9A-Z])?$/;
const namespaceShape = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function readObjects(files: readonly KubernetesFile[], notes: Notes, cache?: ReadCache): ReadObjects {
  const broken: string[] = [];
  const byKind = new Map<Kind, Map<string, KubernetesObject>>();
  const strangers = new Map<string, { count: number; first: Place }>();

  const take = (fields: Located, inherited?: { kind: string; apiVersion: string }): void => {
    const kind = fields.at('kind').text ?? inherited?.kind;
    const apiVersion = fields.at('apiVersion').text ?? inherited?.apiVersion ?? '';
    if (kind === undefined) {
      notes.add('error', fields, 'this is no object of Kubernetes: it has no kind');
      return;
    }
    if (kind.endsWith('List') && Array.isArray(fields.at('items').value)) {
      const entry = { kind: kind.slice(0, -'List'.length), apiVersion };
      for (const item of fields.at('items').items) take(item, entry.kind === '' ? undefined : entry);
      return;
    }
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    const groups: readonly string[] | undefined = isKind(kind) ? kinds[kind] : undefined;
    if (!groups?.includes(group)) {
      const stranger = `${kind}${group === '' ? '' : ` of ${group}`}`;
      const known = strangers.get(stranger);
      if (known) known.count++;
      else strangers.set(stranger, { count: 1, first: fields });
      return;
    }
    keep(kind as Kind, fields);
  };

  const keep = (kind: Kind, fields: Located): void => {
    const name = fields.at('metadata', 'name').looseText;
    const namespace = fields.at('metadata', 'namespace').looseText ?? 'default';
    if (name === undefined || !nameShape.test(name) || name.length > 253) {
      const called = name === undefined ? 'has no name' : `is called ${quoted(name)}, which is not a name`;
      notes.add('error', fields.at('metadata', 'name'), `this ${kind} ${called}: left out`);
      return;
    }
    if (!namespaceShape.test(kind === 'Namespace' ? name : namespace)) {
      const where = kind === 'Namespace' ? 'is called so' : `is in ${quoted(namespace)}`;
      const text = `${kind} ${quoted(name)} ${where}, which is not the name of a namespace: left out`;
      notes.add('error', fields.at('metadata', 'namespace'), text);
      return;
    }
    const known = byKind.get(kind) ?? new Map<string, KubernetesObject>();
    byKind.set(kind, known);
    const key = kind === 'Namespace' ? name : `${namespace}/${name}`;
    const other = known.get(key);
    if (other) {
      const { file, line } = other.fields;
      notes.add('warning', fields, `${kind} ${key} is there already, and that one is used: ${file}:${line}`);
    } else known.set(key, { kind, name, namespace, fields });
  };

  for (const { file, text } of files) {
    const read = readValues(text, file, cache);
    if (!read.ok) {
      broken.push(file);
      notes.add('error', { file, line: read.line }, `${read.message}: nothing of the file is used`);
      continue;
    }
    for (const value of read.values) take(value);
  }
  cache?.turn();
  for (const [stranger, { count, first }] of strangers) tellStranger(stranger, count, first, notes);
  return {
    broken,
    objects: {
      of: (kind) => [...(byKind.get(kind)?.values() ?? [])],
      find: (kind, namespace, name) => byKind.get(kind)?.get(`${namespace}/${name}`),
      counts: new Map([
        ...[...byKind].map(([kind, known]): [string, number] => [kind, known.size]),
        ...[...strangers].map(([stranger, { count }]): [string, number] => [stranger, count]),
      ]),
    },
  };
}

function tellStranger(stranger: string, count: number, first: Place, notes: Notes): void {
  const found = counted(count, stranger.split(' ')[0]!, `objects of kind ${stranger.split(' ')[0]!}`);
  const group = stranger.includes(' ') ? stranger.slice(stranger.indexOf(' ')) : '';
  if (stranger === 'Ingress of networking.k8s.io' || stranger === 'Ingress of extensions')
    notes.add(
      'warning',
      first,
      `${found}${group}: not served. OpenShift makes Routes of them: export those with oc get routes`,
    );
  else notes.add('note', first, `${found}${group}: not used`);
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(kinds, kind);
}
