// The Certificates screen: what clients are shown, how long it holds, and whether it is what is on disk.

import type { CertificateEntity } from '../../domain/model.ts';
import { type Block, besides, scrolledPart } from '../block.ts';
import { certificateName, diskSpan, expirySpan, ocspSpan, validityOf } from '../certificate-look.ts';
import { count } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { type Area, detailPaneFrom } from '../layout.ts';
import { settleCursor } from '../list-cursor.ts';
import { apart, blank, line, muted, selectedWhen, span } from '../spans.ts';
import type { CertificatesState } from '../state.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../table.ts';
import { cutStart } from '../text.ts';
import type { TypedText } from '../typed-text.ts';
import type { View } from '../view.ts';
import { certificateDetail } from './certificate-detail.ts';
import { aboveCertificates, certificateList, certificateRows } from './certificate-rows.ts';
import { wordFilterLine } from './word-filter.ts';

function columnsFor(now: number): Column<CertificateEntity>[] {
  return [
    { title: 'names', width: 24, upTo: 44, cell: namesCell },
    {
      title: 'issuer',
      width: 13,
      upTo: 28,
      cell: ({ issuer, selfSigned }) =>
        selfSigned ? span('self-signed', 'warning') : muted(commonName(issuer)),
    },
    { title: 'key', width: 11, spare: 3, cell: ({ keyType }) => muted(keyType) },
    { title: 'routes', width: 10, upTo: 30, spare: 2, cell: routesCell },
    { title: 'file', width: 16, upTo: 40, spare: 4, cell: ({ key }, width) => muted(cutStart(key, width)) },
    { title: 'disk', width: 9, cell: diskSpan },
    { title: 'ocsp', width: 9, spare: 1, cell: ocspSpan },
    { title: 'expires', width: 7, align: 'right', cell: (certificate) => expirySpan(certificate, now) },
  ];
}

/** "CN=Example TLS CA 2,O=Example": who it is, without what it belongs to. */
function commonName(issuer: string): string {
  return /(?:^|[,\s])CN=([^,]+)/.exec(issuer)?.[1] ?? issuer;
}

function namesCell(certificate: CertificateEntity): Span[] {
  const { length } = certificate.names;
  return [span(certificateName(certificate)), muted(length > 1 ? ` +${length - 1}` : '')];
}

/** The default one is chosen for whatever name no other has: that first, since it is chosen for most. */
function routesCell({ routes, isDefault }: CertificateEntity): Span[] {
  if (isDefault) return [span('default', 'accent'), muted(routes.length === 0 ? '' : ` +${routes.length}`)];
  return routes.length === 0 ? [muted('–')] : [span(routes.join(', '))];
}

export function certificatesScreen(
  view: View,
  state: CertificatesState,
  area: Area,
  typing?: TypedText,
): Block {
  if (state.open !== undefined) {
    const { open } = state;
    const lines = certificateDetail(view, open.certificate, area.width);
    return { lines: scrolledPart(lines, open.top, area.height) };
  }
  const rows = certificateRows(view, state);
  const wide = area.width >= detailPaneFrom;
  const width = wide ? Math.max(104, Math.floor(area.width * 0.6)) : area.width;
  const top =
    typing === undefined ? undefined : wordFilterLine(typing, 'such as shop, ecdsa, refused', width);
  const lines = [
    ...(top?.lines ?? [summary(view, state, rows, width)]),
    ...table(view, state, rows, width, area.height),
  ];
  const cursor = top?.cursor === undefined ? {} : { cursor: top.cursor };
  if (!wide) return { lines, ...cursor };
  const selected = rows[settleCursor(state.cursor, certificateList(rows, area.height)).index];
  const pane = selected === undefined ? [] : certificateDetail(view, selected.key, area.width - width - 1);
  return { lines: besides(lines, width, pane, area.height), ...cursor };
}

function summary(
  view: View,
  { filter }: CertificatesState,
  rows: readonly CertificateEntity[],
  width: number,
): Line {
  const all = [...view.model.certificate.values()];
  const amount = (validities: readonly string[]) =>
    all.filter((certificate) => validities.includes(validityOf(certificate, view.now))).length;
  const expired = amount(['expired', 'not-yet']);
  const due = amount(['soon', 'due']);
  const matches =
    filter === '' ? [] : [span(count(rows.length)), muted(' match  '), span(filter, 'accent'), span(' ')];
  return apart(
    [
      span(` ${count(all.length)}`, 'text', true),
      muted(all.length === 1 ? ' certificate' : ' certificates'),
      ...(expired === 0 ? [] : [muted(' · '), span(`▼ ${expired} not valid`, 'bad', true)]),
      ...(due === 0 ? [] : [muted(' · '), span(`▲ ${due} within 30 d`, 'warning')]),
    ],
    matches.length > 0 ? matches : [muted('first to expire on top ')],
    width,
  );
}

function table(
  view: View,
  state: CertificatesState,
  rows: readonly CertificateEntity[],
  width: number,
  height: number,
): Line[] {
  if (rows.length === 0)
    return [
      blank,
      line(
        muted(
          view.model.certificate.size > 0
            ? `   No certificate matches ${state.filter}.  / changes the filter, Esc drops it.`
            : '   No certificates are configured: TLS can only be passed through.',
        ),
      ),
    ];
  const placed = placeColumns(columnsFor(view.now), width - 2);
  const cursor = settleCursor(state.cursor, certificateList(rows, height));
  return [
    headOfTable(placed, 1),
    ...rows.slice(cursor.top, cursor.top + Math.max(1, height - aboveCertificates)).map((row) => {
      const selected = row.key === cursor.key;
      return selectedWhen(selected, {
        spans: [span(selected ? '›' : ' ', 'accent'), ...rowOfTable(placed, row)],
      });
    }),
  ];
}
