// The binds of the Overview, where the terminal is tall enough: where clients come in, and how many.

import type { BindEntity } from '../../domain/model.ts';
import type { BindRates } from '../../domain/sample.ts';
import { count, rate } from '../format.ts';
import type { Line } from '../frame.ts';
import { pathSpans } from '../kernel-look.ts';
import { muted, span } from '../spans.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../table.ts';
import type { View } from '../view.ts';

interface BindRow {
  readonly bind: BindEntity;
  readonly rates: BindRates | undefined;
}

const columns: readonly Column<BindRow>[] = [
  { title: 'bind', width: 12, upTo: 20, cell: ({ bind }) => span(bind.name) },
  { title: 'mode', width: 4, cell: ({ bind }) => muted(bind.mode) },
  {
    title: 'listens on',
    width: 22,
    upTo: 40,
    cell: ({ bind }) =>
      bind.state === 'open'
        ? [span(bind.address), ...pathSpans(bind)]
        : span(`▼ ${bind.text ?? 'failed'}`, 'bad'),
  },
  { title: 'conns', width: 6, align: 'right', cell: ({ rates }) => span(count(rates?.connections)) },
  {
    title: 'of',
    width: 6,
    align: 'right',
    cell: ({ bind, rates }) =>
      span(
        count(bind.maxConnections),
        (rates?.connections ?? 0) > 0.8 * bind.maxConnections ? 'warning' : 'muted',
      ),
  },
  { title: 'new/s', width: 6, align: 'right', cell: ({ rates }) => span(rate(rates?.newConnections)) },
  {
    title: 'req/s',
    width: 6,
    align: 'right',
    cell: ({ bind, rates }) => span(bind.mode === 'tcp' ? '–' : rate(rates?.requests)),
  },
];

export function bindLines(view: View, width: number, most: number): Line[] {
  const binds = [...view.model.bind.values()];
  if (binds.length === 0) return [];
  const placed = placeColumns(columns, width - 2);
  const rows = binds.slice(0, most).map((bind) => ({
    spans: [span(' '), ...rowOfTable(placed, { bind, rates: view.traffic.binds.get(bind.name) })],
  }));
  const hidden = binds.length - rows.length;
  return [
    headOfTable(placed, 1),
    ...rows,
    ...(hidden > 0 ? [{ spans: [muted(`  and ${hidden} more`)] }] : []),
  ];
}
