import { describe, expect, it } from 'vitest';
import { printTable } from '../../../src/cli/show/show.ts';
import { tables } from '../../../src/cli/show/tables.ts';
import type { DriftEntity } from '../../../src/domain/model.ts';
import { fakeTerminal } from '../terminal.ts';

const weight: DriftEntity = {
  key: 'web/app1:weight',
  server: 'web/app1',
  field: 'weight',
  configured: '100',
  running: '7',
  by: 'anna',
  at: 0,
};

function shown(rows: readonly DriftEntity[], isTty: boolean, json = false) {
  const terminal = fakeTerminal({ isTty });
  const { columns, empty, hint } = tables.drift;
  printTable({ terminal, env: {}, version: '0', options: { json } }, 'drift', rows, columns(0), empty, hint);
  return terminal;
}

describe('show drift', () => {
  it('says to a person how it ends, either way', () => {
    const { noted } = shown([weight], true);
    expect(noted.join()).toMatch(/sluice write-back SUBJECT.*sluice reset SUBJECT/);
  });

  it.each([
    ['to a script', [weight], false, false],
    ['as JSON', [weight], true, true],
    ['where there is none', [], true, false],
  ])('has no hint %s', (_, rows, isTty, json) => {
    expect(shown(rows, isTty, json).noted).toEqual([]);
  });
});
