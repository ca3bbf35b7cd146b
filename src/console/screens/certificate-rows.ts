// The certificates that clients are shown, the one that ends first on top: that is the one somebody has to renew.

import type { CertificateEntity } from '../../domain/model.ts';
import type { ListShape } from '../list-cursor.ts';
import type { CertificatesState } from '../state.ts';
import type { View } from '../view.ts';
import { matchesWords } from './route-rows.ts';

const known = new WeakMap<View, { readonly filter: string; readonly rows: readonly CertificateEntity[] }>();

export function certificateRows(
  view: View,
  { filter }: Pick<CertificatesState, 'filter'>,
): readonly CertificateEntity[] {
  const last = known.get(view);
  if (last?.filter === filter) return last.rows;
  const rows = [...view.model.certificate.values()]
    .filter((certificate) => filter === '' || matchesWords(filter, wordsOf(certificate)))
    .sort((a, b) => a.notAfter - b.notAfter);
  known.set(view, { filter, rows });
  return rows;
}

function wordsOf({ key, names, issuer, keyType, routes, disk, isDefault }: CertificateEntity): string {
  return [key, ...names, issuer, keyType, ...routes, disk.state, isDefault ? 'default' : '']
    .join(' ')
    .toLowerCase();
}

/** Lines above the rows: how many there are, and the head of the table. */
export const aboveCertificates = 2;

export function certificateList(rows: readonly CertificateEntity[], height: number): ListShape {
  return { keys: rows.map(({ key }) => key), rows: Math.max(1, height - aboveCertificates) };
}
