// Every file that a plan's TLS names, and where sluice.yaml names it. A plan keeps the order of its file, so that its
// places are the file's.

import type { Plan } from '../../domain/plan.ts';
import type { CertificateFiles } from '../../domain/tls.ts';
import type { Path } from '../problem.ts';
import type { AuthoritiesPlace } from './read-authorities.ts';
import type { OcspPlace } from './read-ocsp.ts';
import type { PairPlace } from './read-pair.ts';

export interface TlsPlaces {
  readonly pairs: readonly PairPlace[];
  readonly authorities: readonly AuthoritiesPlace[];
  readonly responses: readonly OcspPlace[];
}

export function tlsPlaces(plan: Plan): TlsPlaces {
  const pairs: PairPlace[] = [];
  const authorities: AuthoritiesPlace[] = [];
  const responses: OcspPlace[] = [];
  const pair = (
    files: CertificateFiles,
    use: PairPlace['use'],
    path: Path,
    certKey: 'cert' | 'certificate',
  ) => {
    const { cert, key, ocsp } = files;
    // What is not named is in the other file: its place is that one's.
    const at = { cert: [...path, certKey], key: [...path, key === cert ? certKey : 'key'] };
    pairs.push({ cert, key, use, at });
    if (ocsp !== undefined) responses.push({ path: ocsp, cert, at: [...path, 'ocsp'] });
  };
  const authority = (path: string | undefined, at: Path) => {
    if (path !== undefined) authorities.push({ path, at });
  };

  for (const [index, files] of plan.certificates.entries())
    pair(files, 'served', ['certificates', index], 'cert');
  for (const [shard, { binds }] of plan.shards.entries())
    for (const [index, { tls }] of binds.entries())
      authority(tls?.clientTLS?.clientCA, ['shards', shard, 'binds', index, 'clientTLS', 'clientCA']);
  for (const [index, { tls }] of plan.routes.entries()) {
    if (tls?.certificate) pair(tls.certificate, 'served', ['routes', index, 'tls'], 'certificate');
    authority(tls?.destinationCACertificate, ['routes', index, 'tls', 'destinationCACertificate']);
  }
  for (const [index, { tls }] of plan.backends.entries()) {
    if (tls?.certificate) pair(tls.certificate, 'shown', ['backends', index, 'tls'], 'certificate');
    authority(tls?.ca, ['backends', index, 'tls', 'ca']);
  }
  return {
    pairs: once(pairs, ({ cert, key }) => `${cert} ${key}`),
    authorities: once(authorities, ({ path }) => path),
    responses: once(responses, ({ path, cert }) => `${path} ${cert}`),
  };
}

function once<T>(places: readonly T[], key: (place: T) => string): T[] {
  const found = new Map<string, T>();
  for (const place of places) if (!found.has(key(place))) found.set(key(place), place);
  return [...found.values()];
}
