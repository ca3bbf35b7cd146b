// A Route (route.openshift.io/v1) → a route of the configuration with its backends, or a note that says why not.

import { parseMoment } from '../moment.ts';
import { parsePath, parseUid } from '../values.ts';
import { readAnnotations } from './annotations.ts';
import { labelsOf } from './labels.ts';
import { nameOf } from './names.ts';
import { keyText, quoted } from './notes.ts';
import type { KubernetesObject } from './objects.ts';
import { type BackendSurroundings, backendsOf } from './route-backends.ts';
import { type HostSurroundings, hostOf } from './route-host.ts';
import { routeTls, type TlsSurroundings, terminationOf } from './route-tls.ts';
import type { WrittenBackend, WrittenRoute } from './written.ts';

export interface RouteSurroundings extends TlsSurroundings, BackendSurroundings, HostSurroundings {
  /** Serves Routes whose allowlist is not enforced. */
  readonly serveRestricted: boolean;
}

export interface MadeRoute {
  readonly route: WrittenRoute;
  readonly backends: readonly WrittenBackend[];
}

const specKeys = ['host', 'subdomain', 'path', 'to', 'alternateBackends', 'port', 'tls', 'wildcardPolicy'];

/** Undefined: it is left out, and a note tells. */
export function routeFrom(object: KubernetesObject, around: RouteSurroundings): MadeRoute | undefined {
  const { namespace, name, fields } = object;
  const { notes } = around;
  const spec = fields.at('spec');
  if (spec.keys.length === 0) {
    notes.add('error', fields, `Route ${name} has no spec: left out`);
    return undefined;
  }
  const termination = terminationOf(object, notes);
  if (termination === 'left out') return undefined;
  const annotations = readAnnotations(fields, termination, notes);
  if (isRestricted(object, annotations.allowlist, around)) return undefined;
  tellUnknown(object, around);
  const labels = labelsOf(fields, notes);
  const host = hostOf(object, labels, around);
  const path = pathOf(object, termination === 'passthrough', around);
  const age = ageOf(object, around);
  if (host === undefined || path === undefined || age === undefined) return undefined;
  const tls = termination === undefined ? undefined : routeTls(object, termination, annotations, around);
  if (tls === 'left out') return undefined;
  const made = backendsOf(object, termination, annotations, around);
  if (!made) return undefined;
  return {
    backends: made.backends,
    route: {
      name: nameOf(namespace, name),
      namespace,
      ...(Object.keys(labels).length > 0 && { labels }),
      ...age,
      host,
      ...(path !== '/' && { path }),
      ...(tls && { tls }),
      to: made.to,
    },
  };
}

/** Whoever restricted a Route does not want it open: it is left out unless somebody asks for it. */
function isRestricted(
  { name }: KubernetesObject,
  allowlist: ReturnType<typeof readAnnotations>['allowlist'],
  { serveRestricted, notes }: RouteSurroundings,
): boolean {
  if (!allowlist) return false;
  const only = `Route ${name} is only for ${quoted(allowlist.looseText)}, which is not enforced in this version`;
  if (serveRestricted) notes.add('warning', allowlist, `${only}: IT IS OPEN TO EVERYBODY`);
  else notes.add('error', allowlist, `${only}: left out, since it would be open to everybody`);
  return !serveRestricted;
}

function tellUnknown({ name, fields }: KubernetesObject, { notes }: RouteSurroundings): void {
  const spec = fields.at('spec');
  if (spec.at('httpHeaders').isThere)
    notes.add(
      'warning',
      spec.at('httpHeaders'),
      `spec.httpHeaders of Route ${name}: headers are relayed as they are`,
    );
  for (const key of spec.keys.filter((each) => each !== 'httpHeaders' && !specKeys.includes(each)))
    notes.add('warning', spec.at(key), `spec.${keyText(key)} of Route ${name} is not known, and not used`);
}

function pathOf(
  { name, fields }: KubernetesObject,
  passthrough: boolean,
  { notes }: RouteSurroundings,
): string | undefined {
  const written = fields.at('spec', 'path');
  const path = written.looseText;
  if (path === undefined || path === '/') return '/';
  if (passthrough) {
    notes.add(
      'warning',
      written,
      `Route ${name} is passthrough, where no path can be seen: ${quoted(path)} is not used`,
    );
    return '/';
  }
  const parsed = parsePath(path, false);
  if (parsed.ok) return parsed.value;
  notes.add('error', written, `Route ${name} is left out: ${parsed.message}`);
  return undefined;
}

/** Undefined: nobody knows which hosts it may have. One without a time, as files that people write are, is older than any. */
function ageOf(
  { name, fields }: KubernetesObject,
  { notes }: RouteSurroundings,
): Pick<WrittenRoute, 'created' | 'uid'> | undefined {
  const [created, uid] = [fields.at('metadata', 'creationTimestamp'), fields.at('metadata', 'uid')];
  const moment = created.text === undefined ? undefined : parseMoment(created.text);
  if (moment?.ok === false) {
    notes.add('error', created, `Route ${name} is left out: creationTimestamp ${moment.message}`);
    return undefined;
  }
  return {
    ...(created.text !== undefined && { created: created.text }),
    ...(uid.text !== undefined && parseUid(uid.text).ok && { uid: uid.text }),
  };
}
