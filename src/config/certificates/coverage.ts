// Whether clients of each route get a certificate that is for its host: asked of the certificates that could be read, by
// the rule that they are served by.

import { certificateChoice, namesCover, plannedCertificates } from '../../domain/certificate-choice.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Finding } from '../problem.ts';
import type { TlsUnit } from './tls-unit.ts';

export function coverageWarnings(plan: Plan, units: readonly TlsUnit[]): Finding[] {
  const choice = certificateChoice(
    plannedCertificates(plan).flatMap(({ files, host }) => {
      const leaf = units.find(({ kind, paths }) => kind === 'pair' && paths[0] === files.cert)?.leaf;
      if (leaf === undefined) return [];
      const { names, keyKind } = leaf;
      return [{ file: files.cert, names, keyKind, ...(host === undefined ? {} : { host }) }];
    }),
  );
  return plan.routes.flatMap(({ host, tls }, index): Finding[] => {
    if (tls === undefined || tls.termination === 'passthrough' || host === undefined) return [];
    const [chosen] = choice(host);
    if (chosen !== undefined && namesCover(chosen.names, host)) return [];
    const own = chosen?.host !== undefined;
    const names = chosen?.names.slice(0, 3).join(', ') || 'no name';
    return [
      {
        path: own ? ['routes', index, 'tls', 'certificate'] : ['routes', index, 'host'],
        message:
          chosen === undefined
            ? `no certificate is for ${host}, and there is no default: its handshakes are refused`
            : `${own ? '' : `no certificate is for ${host}: `}clients get ${chosen.file}, which is for ${names}, and refuse it`,
        ...(own ? {} : { remedy: 'list one under certificates:, or write certificate: in tls of the route' }),
      },
    ];
  });
}
