// spec.tls of a Route → how the configuration's route carries HTTPS. What the router refuses as a whole
// (ExtendedValidationFailed) is left out here as well.

import type { Termination } from '../../domain/tls.ts';
import type { RouteAnnotations } from './annotations.ts';
import { authoritiesFault, type Contents, pairFault } from './contents.ts';
import type { Located } from './located.ts';
import { keyText, type Notes, quoted } from './notes.ts';
import type { KubernetesObject, Objects } from './objects.ts';
import { secretPair } from './secrets.ts';
import type { WrittenBackend, WrittenRouteTls } from './written.ts';

export interface TlsSurroundings {
  readonly objects: Objects;
  readonly contents: Contents;
  readonly notes: Notes;
}

const parts = [
  'termination',
  'insecureEdgeTerminationPolicy',
  'certificate',
  'key',
  'caCertificate',
  'destinationCACertificate',
  'externalCertificate',
];

/** Undefined: plain HTTP. "left out": the note is there already. */
export function terminationOf(
  { name, fields }: KubernetesObject,
  notes: Notes,
): Termination | 'left out' | undefined {
  const tls = fields.at('spec', 'tls');
  const written = tls.at('termination');
  // The router goes by the termination alone (router.go createServiceAliasConfig).
  if (!tls.isThere || tls.keys.length === 0) return undefined;
  const { text } = written;
  if (text === 'edge' || text === 'reencrypt' || text === 'passthrough') return text;
  const why =
    text === undefined ? 'has tls without termination' : `has the termination ${quoted(text)}, which is none`;
  notes.add('error', written, `Route ${name} ${why}: left out`);
  return 'left out';
}

/** "left out": the note is there already. */
export function routeTls(
  route: KubernetesObject,
  termination: Termination,
  { hsts }: RouteAnnotations,
  around: TlsSurroundings,
): WrittenRouteTls | 'left out' {
  const tls = route.fields.at('spec', 'tls');
  for (const key of tls.keys.filter((each) => !parts.includes(each)))
    around.notes.add(
      'warning',
      tls.at(key),
      `spec.tls.${keyText(key)} of Route ${route.name} is not known, and not used`,
    );
  const policy = insecurePolicy(tls.at('insecureEdgeTerminationPolicy'), termination, around.notes);
  const served = termination === 'passthrough' ? {} : servedCertificate(route, tls, around);
  const authorities = termination === 'reencrypt' ? destination(route, tls, around) : {};
  if (served === 'left out' || authorities === 'left out') return 'left out';
  return { termination, ...policy, ...served, ...authorities, ...(hsts && { hsts }) };
}

/** Whose name the servers' certificates must have: the router asks for the Service's (verifyhost), or for none at all. */
export function serverNameOf(namespace: string, service: string): NonNullable<WrittenBackend['tls']> {
  return { serverName: `${service}.${namespace}.svc` };
}

/** Plain HTTP is served only where Allow is written (router, map_entry.go); the type's own comment says otherwise. */
function insecurePolicy(
  found: Located,
  termination: Termination,
  notes: Notes,
): Pick<WrittenRouteTls, 'insecureEdgeTerminationPolicy'> {
  const { text } = found;
  if (text === undefined || text === 'None') return {};
  if (text === 'Redirect' || (text === 'Allow' && termination !== 'passthrough'))
    return { insecureEdgeTerminationPolicy: text };
  const why = text === 'Allow' ? 'is not to be had with passthrough' : 'is none of None, Allow, Redirect';
  notes.add(
    'warning',
    found,
    `insecureEdgeTerminationPolicy ${quoted(text)} ${why}: plain HTTP is not served`,
  );
  return {};
}

type Served = Pick<WrittenRouteTls, 'certificate' | 'key'>;

function servedCertificate(
  route: KubernetesObject,
  tls: Located,
  around: TlsSurroundings,
): Served | 'left out' {
  const { contents, notes, objects } = around;
  const [certificate, key] = [tls.at('certificate'), tls.at('key')];
  const secret = tls.at('externalCertificate', 'name');
  const unserved = 'clients get the default certificate';
  let pair: { readonly cert: string; readonly key: string } | undefined;
  if (secret.text !== undefined) {
    const found = secretPair(objects, route.namespace, secret.text);
    if (typeof found === 'string')
      notes.add('warning', secret, `Secret ${quoted(secret.text)} ${found}: ${unserved}`);
    else pair = found;
  } else if (certificate.text !== undefined && key.text !== undefined) {
    const issuer = tls.at('caCertificate').text;
    pair = { cert: [certificate.text.trim(), issuer?.trim() ?? ''].join('\n').trim(), key: key.text };
  } else if (certificate.isThere && certificate.text !== undefined)
    notes.add('warning', certificate, `Route ${route.name} has a certificate without its key: ${unserved}`);
  if (!pair) return {};
  const fault = pairFault(pair.cert, pair.key);
  if (fault !== undefined) {
    const at = secret.text === undefined ? certificate : secret;
    notes.add(
      'error',
      at,
      `Route ${route.name} is left out, as the router leaves it out (ExtendedValidationFailed): ${fault}`,
    );
    return 'left out';
  }
  if (!contents.hasPlace) {
    notes.add(
      'warning',
      secret.text === undefined ? certificate : secret,
      `Route ${route.name} has a certificate and a key of its own, and there is no folder for them (--certificates DIR): ${unserved}`,
    );
    return {};
  }
  const base = `${route.namespace}_${route.name}`;
  return {
    certificate: contents.put(`${base}.crt`, pair.cert),
    key: contents.put(`${base}.key`, pair.key, true),
  };
}

function destination(
  route: KubernetesObject,
  tls: Located,
  { contents, notes }: TlsSurroundings,
): Pick<WrittenRouteTls, 'destinationCACertificate'> | 'left out' {
  const found = tls.at('destinationCACertificate');
  if (found.text === undefined) {
    notes.add(
      'warning',
      tls,
      `Route ${route.name} trusts the cluster's service CA, which is not in the Route: give it as destinationCACertificate, or its servers are verified with the system's authorities`,
    );
    return {};
  }
  const fault = authoritiesFault(found.text);
  if (fault !== undefined) {
    notes.add(
      'error',
      found,
      `Route ${route.name} is left out: its destinationCACertificate cannot be used, ${fault}`,
    );
    return 'left out';
  }
  notes.add(
    'note',
    found,
    `the router asks for no name in the certificates of the servers of Route ${route.name}; here it must be that of the Service: else change tls.serverName of its backends`,
  );
  if (!contents.hasPlace) {
    notes.add(
      'warning',
      found,
      `Route ${route.name} has authorities of its own, and there is no folder for them (--certificates DIR): its servers are verified with the system's`,
    );
    return {};
  }
  const path = contents.put(`${route.namespace}_${route.name}.destination-ca.crt`, found.text);
  return { destinationCACertificate: path };
}
