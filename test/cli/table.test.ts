import { describe, expect, it } from 'vitest';
import { type Column, renderTable } from '../../src/cli/table.ts';

interface Row {
  readonly name: string;
  readonly value: number | undefined;
}

const columns: readonly Column<Row>[] = [
  { title: 'name', cell: ({ name }) => name },
  { title: 'value', align: 'right', cell: ({ value }) => value },
  { title: 'state', cell: ({ value }) => ({ text: value === undefined ? '?' : '● up', shade: 'good' }) },
];

describe('table', () => {
  it('aligns by display width, and shows what is missing as –', () => {
    const rows = [
      { name: 'app1', value: 12 },
      { name: '日本', value: undefined },
    ];
    expect(renderTable(columns, rows, false)).toBe(
      ['name  value  state', 'app1     12  ● up', '日本      –  ?'].join('\n'),
    );
  });

  it('lets no foreign byte reach the terminal', () => {
    expect(renderTable(columns, [{ name: '\x1b[2Jx\r\n', value: 1 }], false)).not.toMatch(/[\x1b\r]/);
  });

  it('colours cells only when asked', () => {
    expect(renderTable(columns, [{ name: 'a', value: 1 }], true)).toContain('\x1b[32m● up');
  });
});
