// Kubernetes and OpenShift objects, as `oc get … -o yaml` prints them → what sluice.yaml would say, and a note on
// everything that could not be said. Pure: texts come in, and contents of files go out.

import type { SafeText } from '../../domain/safe.ts';
import type { WrittenConfiguration } from './written.ts';

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
  readonly shards?: readonly { readonly name: string; readonly domain?: string }[];
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

export interface Note {
  readonly file: string;
  /** From 1. */
  readonly line: number;
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
  readonly places: ReadonlyMap<string, { readonly file: string; readonly line: number }>;
}

export function fromKubernetes(
  _files: readonly KubernetesFile[],
  _options: KubernetesOptions = {},
): FromKubernetes {
  return {
    configuration: { certificates: [], namespaces: [], shards: [], routes: [], backends: [] },
    files: [],
    notes: [],
    broken: [],
    places: new Map(),
  };
}
