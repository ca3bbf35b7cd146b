// The tree of tables, chains and rules, as far as it is in sight. Only these rows are ever here; the runtime has the rest.

import type { RulesetRow } from '../../domain/kernel.ts';
import type { Line } from '../frame.ts';
import {
  amountCell,
  barCell,
  bytesCell,
  explainedLines,
  explainedSpans,
  nameSpans,
  rateCell,
  unitWidth,
} from '../ruleset-look.ts';
import { type RulesetPlace, rulesetRowAt, topFor } from '../ruleset-table.ts';
import { line, muted, selectedWhen, span, staled } from '../spans.ts';
import type { NftablesState } from '../state.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../table.ts';

function columnsFor(folded: ReadonlySet<string>, most: number): readonly Column<RulesetRow>[] {
  return [
    {
      title: 'table / chain / rule',
      width: 30,
      upTo: 200,
      cell: (row) => nameSpans(row, folded.has(row.key)),
    },
    { title: `packets${' '.repeat(unitWidth)}`, width: 11 + 1, align: 'right', cell: amountCell },
    { title: 'bytes', width: 6, align: 'right', cell: bytesCell },
    { title: '/s', width: 6, align: 'right', cell: rateCell },
    { title: '', width: 3, upTo: 12, cell: (row, width) => barCell(row, most, width) },
  ];
}

/** The head, and rows; where all are explained, each with its explanation below it. */
export function rulesetLines(state: NftablesState, place: RulesetPlace, isStale: boolean): Line[] {
  const { window, cursor, outOfSight, folded, explains } = state;
  if (window === undefined) return [];
  const placed = placeColumns(columnsFor(folded, window.mostPacketRate), place.width - 2);
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
      spans: [span(selected ? '›' : ' ', 'accent'), ...rowOfTable(placed, row)],
    };
    lines.push(selectedWhen(selected, isStale ? staled(shown) : shown));
    if (explains)
      lines.push(
        ...explainedLines(row, place.width, place.lines - 1).map((text) => line(...explainedSpans(text))),
      );
  }
  return lines.slice(0, place.lines + 1);
}
