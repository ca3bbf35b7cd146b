// `sluice show certificates`: what clients are shown, how long it holds, and whether it is what is on disk. Pure.
import { validityOf } from '../../console/certificate-look.ts';
import type { CertificateEntity } from '../../domain/model.ts';
import type { Cell, Shade } from '../table.ts';
import type { Table } from './table-of.ts';

const day = 86_400_000;

export const certificates: Table<CertificateEntity> = {
  rows: (model) => [...model.certificate.values()],
  columns: (now) => [
    { title: 'certificate', cell: ({ key, isDefault }) => (isDefault ? `${key} (default)` : key) },
    { title: 'names', cell: ({ names, subject }) => names.join(' ') || subject },
    { title: 'issuer', cell: ({ issuer, selfSigned }) => (selfSigned ? 'itself' : issuer) },
    { title: 'expires', align: 'right', cell: (certificate) => expiryCell(certificate, now) },
    { title: 'type', cell: ({ keyType }) => keyType },
    { title: 'disk', cell: diskCell },
    { title: 'OCSP', cell: ocspCell },
    { title: 'routes', cell: ({ routes }) => routes.join(' ') },
  ],
  empty: 'no certificates: nothing is terminated here',
};

export function expiryCell(certificate: CertificateEntity, now: number): Cell {
  const { notBefore, notAfter } = certificate;
  const shades = { good: 'good', due: 'warning', soon: 'bad', expired: 'bad', 'not-yet': 'bad' } as const;
  const validity = validityOf(certificate, now);
  const shade: Shade = shades[validity];
  switch (validity) {
    case 'expired':
      return { text: `▼ ${Math.floor((now - notAfter) / day)} d ago`, shade };
    case 'not-yet':
      return { text: `▼ not yet, in ${Math.ceil((notBefore - now) / day)} d`, shade };
    case 'good':
    case 'due':
    case 'soon':
      return { text: `${validity === 'good' ? '' : '▲ '}${Math.floor((notAfter - now) / day)} d`, shade };
  }
}

/** What is served stays the old one where the file does not fit. */
function diskCell({ disk }: CertificateEntity): Cell {
  switch (disk.state) {
    case 'same':
      return 'same';
    case 'refused':
    case 'missing':
      return { text: `▲ ${disk.state}, the old one is served: ${disk.text}`, shade: 'warning' };
  }
}

function ocspCell({ ocsp }: CertificateEntity): Cell {
  switch (ocsp?.state) {
    case undefined:
      return undefined;
    case 'good':
      return { text: 'good', shade: 'good' };
    case 'revoked':
      return { text: '▼ revoked', shade: 'bad' };
    case 'unknown':
    case 'refused':
      return {
        text: `▲ ${ocsp!.state}${ocsp!.text === undefined ? '' : `: ${ocsp!.text}`}`,
        shade: 'warning',
      };
  }
}
