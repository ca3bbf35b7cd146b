// What the proxy counted beside what the kernel counted, of the same binds, shards, instances and servers since the same
// moment; and why they differ, which they honestly do.

import type { Compared, ComparedCounts } from '../../domain/kernel.ts';
import { bytes, count } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { type ListCursor, type ListShape, settleCursor } from '../list-cursor.ts';
import { blank, line, muted, selectedWhen, span } from '../spans.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../table.ts';
import { wrap } from '../text.ts';
import { kernelOf, type View } from '../view.ts';

export function comparedKey({ kind, name }: Pick<Compared, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

function belowIn(height: number): number {
  return height >= 14 ? 5 : 3;
}

export function comparedList(view: View, height: number): ListShape {
  return {
    keys: view.traffic.compared.map(comparedKey),
    rows: Math.max(1, height - 2 - belowIn(height)),
  };
}

type Figure = keyof ComparedCounts;

/** IPv6 and TCP with their options: the most that each packet has besides its payload. */
const mostHeadBytes = 100;

/** "+3", "-12", "=": the kernel's against the proxy's. It stands out only where nothing that is known explains it. */
export function differenceSpan(row: Compared, figure: Figure): Span {
  const { proxy, kernel, why } = row;
  const [ours, theirs] = [proxy?.[figure], kernel?.[figure]];
  if (ours === null || ours === undefined || theirs === null || theirs === undefined) return muted('–');
  const by = theirs - ours;
  if (by === 0) return muted('=');
  if (figure === 'connections') {
    // A few open and close between the two readings.
    const isMuch = Math.abs(by) > Math.max(5, ours * 0.02);
    const tone = !isMuch ? 'muted' : why === undefined ? 'warning' : 'text';
    return span(`${by > 0 ? '+' : '-'}${count(Math.abs(by))}`, tone);
  }
  const tone = areHeads(row, figure) ? 'muted' : why === undefined ? 'warning' : 'text';
  if (ours === 0) return span(`+${bytes(by)}`, tone);
  const share = (by / ours) * 100;
  const digits = Math.abs(share) < 9.95 ? share.toFixed(1) : String(Math.round(share));
  if (Number(digits) === 0) return muted('≈');
  return span(`${by > 0 ? '+' : '-'}${digits.replace('-', '')} %`, tone);
}

/** What the kernel has more is no more than heads for its packets; what it has less, less than a percent. */
function areHeads({ proxy, kernel }: Compared, figure: 'bytesIn' | 'bytesOut'): boolean {
  const ours = proxy?.[figure] ?? 0;
  const by = (kernel?.[figure] ?? 0) - ours;
  const packets = (figure === 'bytesIn' ? kernel?.packetsIn : kernel?.packetsOut) ?? 0;
  return by < 0 ? -by < ours * 0.01 : by <= packets * mostHeadBytes;
}

/** Of the row under the cursor: "↓ 310 packets, 49 B more each than the payload". */
function headWords(row: Compared): string | undefined {
  const { proxy, kernel } = row;
  if (proxy === null || kernel === null) return undefined;
  const told = (['bytesIn', 'bytesOut'] as const).flatMap((figure) => {
    const [ours, theirs] = [proxy[figure], kernel[figure]];
    const packets = figure === 'bytesIn' ? kernel.packetsIn : kernel.packetsOut;
    if (ours === null || theirs === null || packets <= 0 || theirs <= ours) return [];
    return [
      `${figure === 'bytesIn' ? '↓' : '↑'} ${count(packets)} packets, ${Math.round((theirs - ours) / packets)} B more each`,
    ];
  });
  if (told.length === 0) return undefined;
  const isExplained = areHeads(row, 'bytesIn') && areHeads(row, 'bytesOut');
  return `${told.join('; ')} than the proxy’s payload${isExplained ? ', as packet heads take' : ': more than packet heads take'}.`;
}

function figures(
  title: string,
  figure: Figure,
  show: (value: number | null | undefined) => string,
  spare?: number,
): readonly Column<Compared>[] {
  const more = spare === undefined ? {} : { spare };
  return [
    {
      title: `${title} proxy`,
      width: 12,
      align: 'right',
      ...more,
      cell: ({ proxy }) => span(show(proxy?.[figure])),
    },
    {
      title: 'kernel',
      width: 7,
      align: 'right',
      ...more,
      cell: ({ kernel }) => span(show(kernel?.[figure])),
    },
    { title: 'diff', width: 7, align: 'right', ...more, cell: (row) => differenceSpan(row, figure) },
  ];
}

const columns: readonly Column<Compared>[] = [
  { title: '', width: 8, cell: ({ kind }) => muted(kind) },
  { title: 'counted', width: 8, upTo: 40, cell: ({ name }) => span(name) },
  ...figures('conns', 'connections', count),
  ...figures('↓', 'bytesIn', bytes, 3),
  ...figures('↑', 'bytesOut', bytes, 1),
  {
    title: 'packets ↓',
    width: 9,
    align: 'right',
    spare: 4,
    cell: ({ kernel }) => span(count(kernel?.packetsIn)),
  },
  {
    title: 'packets ↑',
    width: 9,
    align: 'right',
    spare: 4,
    cell: ({ kernel }) => span(count(kernel?.packetsOut)),
  },
];

const switchOn =
  'The kernel counts nothing of ours: "runtime: nft: counters: true" in the configuration, then reload.';

const whyDifferent =
  'The proxy counts payload, the kernel packets with their heads, also those sent twice, and connections that were refused.';

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

export function comparedPane(view: View, state: ListCursor, width: number, height: number): Line[] {
  const { compared, comparedSince, kernelSeen } = view.traffic;
  const words = (text: string, tone: Span['tone'] = 'muted', indent = '   ') =>
    wrap(text, Math.max(20, Math.min(100, width - 2 * indent.length))).map((part) =>
      line(span(`${indent}${part}`, tone)),
    );
  if (compared.length === 0) {
    const change = kernelOf(view)?.change ?? true;
    if (change !== true)
      return [
        blank,
        ...words(`▼ the kernel counts nothing for us: ${change.no}`, 'bad'),
        ...(change.remedy === undefined ? [] : [blank, ...words(change.remedy, 'text')]),
      ];
    return [blank, ...(kernelSeen ? words(switchOn) : words('asking for what both counted…'))];
  }
  const list = comparedList(view, height);
  const cursor = settleCursor(state, list);
  const placed = placeColumns(columns, width - 2);
  const rows = compared.slice(cursor.top, cursor.top + list.rows).map((row, index) => {
    const selected = cursor.top + index === cursor.index;
    return selectedWhen(selected, {
      spans: [span(selected ? '›' : ' ', 'accent'), ...rowOfTable(placed, row)],
    });
  });
  const padded = [...rows, ...new Array<Line>(Math.max(0, list.rows - rows.length)).fill(blank)];
  const row = compared[cursor.index];
  const heads = row && headWords(row);
  const noneCounted = compared.every(({ kernel }) => kernel === null);
  const said = [
    ...(heads === undefined ? [] : words(`${row!.name}: ${heads}`, 'text', ' ')),
    ...(row?.why === undefined
      ? []
      : row.kernel === null || row.proxy === null
        ? words(`▲ ${row.name}: ${row.why}`, 'warning', ' ')
        : words(`${heads === undefined ? `${row.name}: ` : ''}${sentence(row.why)}`, 'text', ' ')),
    ...(noneCounted ? words(switchOn, 'text', ' ') : words(whyDifferent, 'muted', ' ')),
  ];
  return [
    line(
      muted(
        comparedSince === null
          ? ' not compared from one moment on yet'
          : ` both since ${view.timeOfDay(comparedSince)}; diff is the kernel's against the proxy's`,
      ),
    ),
    headOfTable(placed, 1),
    ...padded,
    line(span('─'.repeat(width), 'border')),
    ...said.slice(0, belowIn(height) - 1),
  ];
}
