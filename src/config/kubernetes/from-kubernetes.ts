// Kubernetes and OpenShift objects, as `oc get … -o yaml` prints them → what sluice.yaml would say, and a note on
// everything that could not be said. Pure: texts come in, and contents of files go out.

import type { Shard } from '../../domain/plan.ts';
import type { SafeText } from '../../domain/safe.ts';
import { Contents } from './contents.ts';
import { endpointsOf } from './endpoints.ts';
import { labelsOf } from './labels.ts';
import { Notes } from './notes.ts';
import { type Objects, readObjects } from './objects.ts';
import type { ReadCache } from './read-cache.ts';
import { routeFrom } from './route-from.ts';
import { shardsFrom } from './shard-from.ts';
import type { WrittenBackend, WrittenConfiguration, WrittenNamespace, WrittenRoute } from './written.ts';

export interface KubernetesFile {
  /** As it is shown. */
  readonly file: string;
  readonly text: string;
}

export interface KubernetesOptions {
  /**
   * Where the contents of a certificate, a key or authorities will stand: the path to be written into the configuration.
   * Without it they are left out, and a note tells. The same file may be asked for more than once.
   */
  readonly pathOf?: (file: NamedContent) => string;
  /** Those that there are already: a route's `subdomain` is of their domains. Without any: those of the texts. */
  readonly shards?: readonly KnownShard[];
  /** Routes with an allowlist, which is not enforced, are served to everybody; else they are left out. */
  readonly serveRestricted?: boolean;
  /** For whoever reads the same texts again: what did not change in them is not parsed again. */
  readonly cache?: ReadCache;
}

export type KnownShard = Pick<Shard, 'name'> &
  Partial<Pick<Shard, 'domain' | 'routeSelector' | 'namespaceSelector'>>;

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface NamedContent {
  /** "bank_shop.crt", "bank_shop.key", "bank_shop.destination-ca.crt": fit for a file name, and the same for the same object. */
  readonly name: string;
  readonly content: string;
  /** First 12 hex digits of the content's SHA-256. */
  readonly hash: string;
}

export interface ContentFile {
  readonly path: string;
  readonly content: string;
  /** It holds a private key. */
  readonly secret: boolean;
}

export interface Note extends Place {
  /** `error`: the object is left out, or the file could not be read. `warning`: it is served otherwise than there. */
  readonly severity: 'error' | 'warning' | 'note';
  /** One line; never holds a value of a Secret. */
  readonly text: SafeText;
}

export interface FromKubernetes {
  readonly configuration: WrittenConfiguration;
  /** To be written before the configuration is used. */
  readonly files: readonly ContentFile[];
  readonly notes: readonly Note[];
  /** Files that are not right YAML or too large, by name: nothing of them is in the configuration. */
  readonly broken: readonly string[];
  /** By name of the route: where it stands. */
  readonly places: ReadonlyMap<string, Place>;
  /** What was in the files, by kind: "Route" → 12. */
  readonly found: ReadonlyMap<string, number>;
}

/** In the order of their names, so that the same objects in another order make the same configuration. */
export function fromKubernetes(
  files: readonly KubernetesFile[],
  { pathOf, shards: known, serveRestricted = false, cache }: KubernetesOptions = {},
): FromKubernetes {
  const notes = new Notes();
  const contents = new Contents(pathOf);
  const { objects, broken } = readObjects(files, notes, cache);
  const { shards, certificates } =
    known === undefined ? shardsFrom({ objects, contents, notes }) : { shards: [], certificates: [] };
  const namespaces = namespacesOf(objects, notes);
  const around = {
    objects,
    contents,
    notes,
    endpointsOf: endpointsOf(objects),
    shards: known ?? shards,
    namespaces,
    serveRestricted,
  };
  const routes: WrittenRoute[] = [];
  const backends = new Map<string, WrittenBackend>();
  const places = new Map<string, Place>();
  for (const object of objects.of('Route')) {
    const made = routeFrom(object, around);
    if (!made) continue;
    const { name } = made.route;
    routes.push(made.route);
    for (const backend of made.backends) backends.set(backend.name, backend);
    places.set(name, { file: object.fields.file, line: object.fields.line });
  }
  return {
    configuration: {
      certificates,
      namespaces,
      shards,
      routes: byName(routes),
      backends: byName([...backends.values()]),
    },
    files: contents.files,
    notes: notes.inOrder(files.map(({ file }) => file)),
    broken,
    places,
    found: objects.counts,
  };
}

function namespacesOf(objects: Objects, notes: Notes): WrittenNamespace[] {
  const labelled = objects
    .of('Namespace')
    .map(({ name, fields }) => ({ name, labels: labelsOf(fields, notes) }));
  return byName(labelled.filter(({ labels }) => Object.keys(labels).length > 0));
}

function byName<T extends { readonly name: string }>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
