// Keys that sluice.yaml does not know at some place: what a later version brings is told apart from a slip, and a slip
// gets the key that was probably meant.

import { nearest } from '../domain/nearest.ts';
import { type Finding, type Path, pathText } from './problem.ts';

/** Known words of the field that are not there yet. Where they may stand: undefined is everywhere. */
const later: readonly {
  readonly key: string;
  readonly within?: RegExp;
  readonly remedy: string;
}[] = [
  { key: 'service', remedy: 'write the address of each server' },
  { key: 'engine', remedy: 'the engine is the embedded one: remove it' },
  {
    key: 'caCertificate',
    within: /\.tls$/,
    remedy: 'put the intermediate certificates into the file of certificate, after its own',
  },
  {
    key: 'externalCertificate',
    within: /\.tls$/,
    remedy: 'write certificate: and key: with the paths of the files',
  },
  { key: 'alpn', remedy: 'http/1.1 is spoken: remove it' },
  { key: 'ciphers', remedy: 'only ciphers without a known weakness are used: remove it' },
  { key: 'haproxy', remedy: 'the engine is the embedded one: remove it' },
];

const inBind = /\.binds\[\d+\]$/;
const inShard = /^shards\[\d+\]$/;
const inSelector = /^shards\[\d+\]\.(route|namespace)Selector$/;
const inRouteTls = /^routes\[\d+\]\.tls$/;
const onBind = 'write mode: tls, and list the certificate under certificates: at the top';
const onBackend = 'write it in tls: of the backend';

/** Keys that are known, in another place. */
const misplaced: readonly { readonly key: string; readonly within: RegExp; readonly remedy: string }[] = [
  ...['tls', 'ssl', 'certificates', 'certificate', 'cert', 'crt', 'key'].map((key) => ({
    key,
    within: inBind,
    remedy: onBind,
  })),
  {
    key: 'ca',
    within: inBind,
    remedy: 'write clientTLS: { clientCertificatePolicy: Required, clientCA: FILE }',
  },
  { key: 'clientCA', within: inBind, remedy: 'write it in clientTLS:' },
  { key: 'verify', within: inRouteTls, remedy: onBackend },
  { key: 'serverName', within: inRouteTls, remedy: onBackend },
  { key: 'minVersion', within: inRouteTls, remedy: 'write it at the bind' },
  { key: 'clientTLS', within: inRouteTls, remedy: 'write it at the bind' },
  ...['routeSelector', 'namespaceSelector', 'routeAdmission', 'steering', 'instances', 'domain'].map(
    (key) => ({
      key,
      within: /^$/,
      remedy: 'write it at the shard',
    }),
  ),
  { key: 'watch', within: /^$/, remedy: 'write it in runtime:' },
  { key: 'wildcardPolicy', within: inShard, remedy: 'write it in routeAdmission:' },
  { key: 'namespaceOwnership', within: inShard, remedy: 'write it in routeAdmission:' },
  { key: 'matchLabels', within: inShard, remedy: 'write it in routeSelector: or namespaceSelector:' },
  { key: 'matchExpressions', within: inShard, remedy: 'write it in routeSelector: or namespaceSelector:' },
  { key: 'termination', within: /^routes\[\d+\]$/, remedy: 'write tls: { termination: … }' },
  { key: 'tlsPort', within: /^backends\[\d+\](\.tls)?$/, remedy: 'write it at each server' },
];

/** What the same thing is called elsewhere, mostly in HAProxy. */
const otherNames: Readonly<Record<string, string>> = {
  inter: 'interval',
  fastinter: 'fastInterval',
  downinter: 'downInterval',
  maxconn: 'maxConnections',
  server: 'servers',
  bind: 'binds',
  backend: 'backends',
  route: 'routes',
  shard: 'shards',
  frontends: 'shards',
  upstreams: 'backends',
  default_backend: 'defaultBackend',
  addr: 'address',
  hostname: 'host',
  backends: 'to',
  algorithm: 'balance',
  healthCheck: 'check',
  port: 'listen',
  address: 'listen',
  log: 'accessLog',
  ssl: 'tls',
  crt: 'cert',
  chain: 'cert',
  privateKey: 'key',
  ca_file: 'ca',
  'ca-file': 'ca',
  cafile: 'ca',
  sni: 'serverName',
  verifyhost: 'serverName',
  ssl_min_ver: 'minVersion',
  'ssl-min-ver': 'minVersion',
  tlsSecurityProfile: 'minVersion',
  insecurePolicy: 'insecureEdgeTerminationPolicy',
  hsts_header: 'hsts',
  certificate: 'cert',
  cert: 'certificate',
  ca: 'destinationCACertificate',
  clientCa: 'clientCA',
  mode: 'termination',
  replicas: 'instances',
  selector: 'routeSelector',
  isDefault: 'default',
  creationTimestamp: 'created',
  createdAt: 'created',
  watchDir: 'watch',
};

export function unknownKey(path: Path, key: string, known: readonly string[]): Finding {
  const within = pathText(path);
  const place = { path: [...path, key], atKey: true };
  const notYet = later.find((entry) => entry.key === key && (entry.within?.test(within) ?? true));
  if (notYet)
    return { ...place, message: `"${key}" is not supported yet in this version`, remedy: notYet.remedy };
  if (inSelector.test(within) && nearest(key, known) === undefined)
    return {
      ...place,
      message: `"${key}" does not belong here`,
      remedy: `write matchLabels: { ${key}: … }, if it is a label`,
    };
  const elsewhere = misplaced.find((entry) => entry.key === key && entry.within.test(within));
  if (elsewhere) return { ...place, message: `"${key}" does not belong here`, remedy: elsewhere.remedy };
  if (key === '<<')
    return { ...place, message: 'merge keys are not supported', remedy: 'use an alias for a whole value' };
  const other = Object.hasOwn(otherNames, key) ? otherNames[key] : undefined;
  const meant = other !== undefined && known.includes(other) ? other : nearest(key, known);
  return {
    ...place,
    message: `unknown key "${key}"${within === '' ? '' : ` in ${within}`}`,
    remedy: meant ? `did you mean ${meant}?` : `the keys here are ${known.join(', ')}`,
  };
}
