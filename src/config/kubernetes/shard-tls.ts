// What an IngressController says of TLS with clients → its bind of mode tls. What asks clients for certificates and cannot
// be had closes the bind: it would open what was closed.

import { authoritiesFault } from './contents.ts';
import type { Located } from './located.ts';
import { type Notes, quoted } from './notes.ts';
import type { ShardSurroundings } from './shard-from.ts';
import type { WrittenBind } from './written.ts';

export function bindTls(
  spec: Located,
  name: string,
  around: ShardSurroundings,
): Pick<WrittenBind, 'minVersion' | 'clientTLS'> | 'closed' {
  const clientTLS = clientTlsOf(spec.at('clientTLS'), name, around);
  if (clientTLS === 'closed') return 'closed';
  const minVersion = minVersionOf(spec.at('tlsSecurityProfile'), name, around.notes);
  return { ...(minVersion && { minVersion }), ...(clientTLS && { clientTLS }) };
}

function minVersionOf(profile: Located, name: string, notes: Notes): WrittenBind['minVersion'] {
  const type = profile.at('type');
  const custom = profile.at('custom', 'minTLSVersion');
  if (type.text === undefined || type.text === 'Intermediate') return undefined;
  if (type.text === 'Modern' || (type.text === 'Custom' && custom.text === 'VersionTLS13')) return 'TLSv1.3';
  const old = type.text === 'Old' || ['VersionTLS10', 'VersionTLS11'].includes(custom.text ?? '');
  if (old)
    notes.add('warning', type, `IngressController ${name}: nothing older than TLSv1.2 is spoken (RFC 8996)`);
  else if (type.text === 'Custom')
    notes.add(
      'note',
      type,
      `IngressController ${name}: of its profile only the version is used, not the ciphers`,
    );
  else
    notes.add('warning', type, `tlsSecurityProfile ${quoted(type.text)} is not known: taken as Intermediate`);
  return undefined;
}

function clientTlsOf(
  found: Located,
  name: string,
  { objects, contents, notes }: ShardSurroundings,
): WrittenBind['clientTLS'] | 'closed' {
  const policy = found.at('clientCertificatePolicy').text;
  if (policy === undefined) return undefined;
  const closed = (at: Located, why: string) => {
    notes.add(
      'error',
      at,
      `IngressController ${name} asks clients for certificates, ${why}: its bind for TLS is left out, since it would be open to everybody`,
    );
    return 'closed' as const;
  };
  if (policy !== 'Required' && policy !== 'Optional')
    return closed(found, `with the policy ${quoted(policy)}, which is not known`);
  const patterns = found.at('allowedSubjectPatterns');
  if (patterns.items.length > 0)
    return closed(patterns, 'and allowedSubjectPatterns cannot be enforced in this version');
  const map = found.at('clientCA', 'name');
  // The operator reads it from openshift-config (operator/v1 ClientTLS).
  const bundle = objects
    .find('ConfigMap', 'openshift-config', map.text ?? '')
    ?.fields.at('data', 'ca-bundle.pem').text;
  if (bundle === undefined)
    return closed(
      map,
      `and their authorities, ConfigMap openshift-config/${map.text ?? '?'}, are not in the input`,
    );
  const fault = authoritiesFault(bundle);
  if (fault !== undefined) return closed(map, `and their authorities cannot be used, ${fault}`);
  if (!contents.hasPlace)
    return closed(map, 'and there is no folder for their authorities (--certificates DIR)');
  return { clientCertificatePolicy: policy, clientCA: contents.put(`ingress_${name}.client-ca.crt`, bundle) };
}
