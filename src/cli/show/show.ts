// `sluice show …`: one table of the model, with this moment's traffic where it has any; or one JSON document.
import type { RuntimeClient } from '../../client/runtime-client.ts';
import { safe } from '../../domain/safe.ts';
import { attached } from '../attachment.ts';
import { jsonDocument } from '../json.ts';
import type { VerbContext } from '../program.ts';
import { systemClock } from '../system-clock.ts';
import { type Column, renderTable } from '../table.ts';
import { oneSample } from './sample.ts';
import { type TableName, tables } from './tables.ts';

export function showTable(context: VerbContext, name: TableName): Promise<void> {
  return attached(context, async (client) => {
    const { topic } = tables[name];
    const sample = topic === undefined ? undefined : await oneSample(client, topic);
    const now = systemClock.now() + client.clockOffset;
    const table = tables[name] as {
      rows: RowsOf;
      columns: (now: number) => Column<unknown>[];
      empty: string;
      hint?: string;
    };
    const { empty, hint } = table;
    printTable(context, name, table.rows(client.model, sample), table.columns(now), empty, hint);
  });
}

type RowsOf = (model: RuntimeClient['model'], sample: unknown) => readonly unknown[];

export function printTable<T>(
  { terminal, options }: VerbContext,
  name: string,
  rows: readonly T[],
  columns: readonly Column<T>[],
  empty: string,
  hint?: string,
): void {
  if (options.json === true) terminal.print(jsonDocument({ [name]: rows }));
  else terminal.print(rows.length === 0 ? safe(empty) : renderTable(columns, rows, terminal.color));
  if (hint !== undefined && rows.length > 0 && terminal.isTty && options.json !== true) terminal.note(hint);
}
