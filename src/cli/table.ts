// Tables for people: columns as data, aligned by display width, coloured only where that is wanted. Pure.
import stringWidth from 'string-width';
import { safe } from '../domain/safe.ts';

export type Shade = 'plain' | 'good' | 'warning' | 'bad' | 'muted';

export type Cell = string | number | undefined | { readonly text: string; readonly shade: Shade };

export interface Column<T> {
  readonly title: string;
  readonly align?: 'right';
  readonly cell: (row: T) => Cell;
}

const sgr: Readonly<Record<Shade, string>> = { plain: '', good: '32', warning: '33', bad: '31', muted: '2' };

export function shaded(text: string, shade: Shade, color: boolean): string {
  return color && sgr[shade] !== '' ? `\x1b[${sgr[shade]}m${text}\x1b[0m` : text;
}

/** A missing value is "–", which is not zero. Cells pass `safe()` here: nothing reaches a table raw. */
export function renderTable<T>(columns: readonly Column<T>[], rows: readonly T[], color: boolean): string {
  const cells = rows.map((row) => columns.map((column) => toCell(column.cell(row))));
  const widths = columns.map((column, index) =>
    Math.max(stringWidth(column.title), ...cells.map((line) => stringWidth(line[index]!.text))),
  );
  const head = columns.map((column, index) => pad(column.title, widths[index]!, column.align));
  const lines = cells.map((line) =>
    columns
      .map((column, index) => {
        const { text, shade } = line[index]!;
        return shaded(pad(text, widths[index]!, column.align), shade, color);
      })
      .join('  ')
      .trimEnd(),
  );
  return [shaded(head.join('  ').trimEnd(), 'muted', color), ...lines].join('\n');
}

function toCell(cell: Cell): { readonly text: string; readonly shade: Shade } {
  if (cell === undefined || cell === '') return { text: '–', shade: 'muted' };
  if (typeof cell === 'object') return { text: safe(cell.text), shade: cell.shade };
  return { text: safe(String(cell)), shade: 'plain' };
}

function pad(text: string, width: number, align: 'right' | undefined): string {
  const blanks = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'right' ? blanks + text : text + blanks;
}
