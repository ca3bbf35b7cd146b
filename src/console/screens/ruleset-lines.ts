// The tree of tables, chains and rules, as far as it is in sight. Only these rows are ever here; the runtime has the rest.

import type { RulesetRow } from '../../domain/kernel.ts';
import type { Line } from '../frame.ts';
import {
  amountCell,
  barCell,
  bytesCell,
  explainedLines,
  explainedSpans,
  isSilent,
  nameSpans,
  rateCell,
  unitWidth,
} from '../ruleset-look.ts';
import { type RulesetPlace, rulesetRowAt, topFor } from '../ruleset-table.ts';
import { apart, line, muted, selectedWhen, span, staled } from '../spans.ts';
import type { NftablesState } from '../state.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../table.ts';

/** From here on a bar tells more than big from small. */
const longBarsFrom = 100;

function columnsFor(folded: ReadonlySet<string>, most: number, width: number): readonly Column<RulesetRow>[] {
  const bars = width < longBarsFrom ? 2 : 12;
  const figures: Column<RulesetRow>[] = [
    { title: `packets${' '.repeat(unitWidth)}`, width: 12, align: 'right', cell: amountCell },
    { title: 'bytes', width: 6, align: 'right', cell: bytesCell },
    { title: '/s', width: 5, align: 'right', cell: rateCell },
    { title: '', width: bars, cell: (row, cells) => barCell(row, most, cells) },
  ];
  // All that is left is the rule's: a wider gap would be taken from its words.
  const taken = figures.reduce((sum, column) => sum + column.width + 1, 0);
  return [
    {
      title: 'table / chain / rule',
      width: Math.max(20, width - 2 - taken),
      cell: (row) => nameSpans(row, folded.has(row.key)),
    },
    ...figures,
  ];
}

function rowSpans(
  row: RulesetRow,
  placed: ReturnType<typeof placeColumns<RulesetRow>>,
  state: NftablesState,
  width: number,
) {
  // What counts nothing has the whole line for its words.
  return isSilent(row)
    ? apart(
        nameSpans(row, state.folded.has(row.key)),
        row.counts === 'connections'
          ? [muted('connections')]
          : row.kind === 'rule'
            ? [muted('  no counter')]
            : [],
        width,
      ).spans
    : rowOfTable(placed, row);
}

/** The head, and rows; where all are explained, each with its explanation below it. */
export function rulesetLines(state: NftablesState, place: RulesetPlace, isStale: boolean): Line[] {
  const { window, cursor, outOfSight, folded, explains } = state;
  if (window === undefined) return [];
  const placed = placeColumns(columnsFor(folded, window.mostPacketRate, place.width), place.width - 2);
  const lines: Line[] = [headOfTable(placed, 1)];
  const top = topFor(state, cursor.top, cursor.index, place);
  for (let index = top; index < window.total && lines.length <= place.lines; index += 1) {
    const row = rulesetRowAt(state, index);
    if (row === undefined) {
      lines.push(line(muted('   …')));
      continue;
    }
    const selected = index === cursor.index && outOfSight === undefined && state.seeks === undefined;
    const shown = {
      spans: [span(selected ? '›' : ' ', 'accent'), ...rowSpans(row, placed, state, place.width - 2)],
    };
    lines.push(selectedWhen(selected, isStale ? staled(shown) : shown));
    if (explains)
      lines.push(
        ...explainedLines(row, place.width, place.lines - 1).map((text) => line(...explainedSpans(text))),
      );
  }
  return lines.slice(0, place.lines + 1);
}
