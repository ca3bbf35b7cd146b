// `sluice show instances`: data-plane processes, those that leave or wait for their next start included. Pure.
import type { InstanceEntity } from '../../domain/model.ts';
import type { InstanceRates } from '../../domain/sample.ts';
import type { Cell, Shade } from '../table.ts';
import { age, short } from '../wording.ts';
import type { Table } from './table-of.ts';

export type InstanceRow = InstanceEntity & { readonly traffic: InstanceRates | null };

export const instances: Table<InstanceRow> = {
  topic: 'instances',
  rows: (model, sample) =>
    [...model.instance.values()].map((instance) => ({
      ...instance,
      traffic: sample?.instances?.find(({ id }) => id === instance.id) ?? null,
    })),
  columns: (now) => [
    { title: 'instance', cell: ({ name }) => name },
    { title: 'state', cell: (row) => stateCell(row, now) },
    { title: 'pid', align: 'right', cell: ({ pid }) => (pid === 0 ? undefined : pid) },
    { title: 'version', cell: ({ version }) => version },
    { title: 'age', align: 'right', cell: ({ startedAt }) => age(now - startedAt) },
    { title: 'clients', align: 'right', cell: ({ traffic }) => traffic?.clients },
    { title: 'conns', align: 'right', cell: ({ traffic }) => traffic?.connections },
    { title: 'new/s', align: 'right', cell: ({ traffic }) => short(traffic?.newConnections) },
    { title: 'req/s', align: 'right', cell: ({ traffic }) => short(traffic?.requests) },
    { title: 'CPU', align: 'right', cell: ({ traffic }) => cpuText(traffic?.cpu) },
    { title: 'memory', align: 'right', cell: ({ traffic }) => memoryText(traffic?.rssBytes) },
    {
      title: 'crashes',
      align: 'right',
      cell: ({ crashes }) => (crashes === 0 ? 0 : { text: `▲ ${crashes}`, shade: 'bad' }),
    },
    { title: 'plan', cell: ({ planHash }) => planHash },
    { title: '', cell: ({ text }) => text ?? ' ' },
  ],
  empty: 'no instances',
};

const signs: Readonly<Record<InstanceEntity['state'], readonly [sign: string, shade: Shade]>> = {
  serving: ['●', 'good'],
  starting: ['◌', 'muted'],
  leaving: ['◐', 'warning'],
  gone: ['▼', 'bad'],
};

/** "◐ leaving, 4:58 left", "▼ gone, back in 3 s". */
function stateCell({ state, retryAt, leaveBy }: InstanceRow, now: number): Cell {
  const [sign, shade] = signs[state];
  const limit =
    state === 'leaving' && leaveBy !== undefined
      ? `, ${age(leaveBy - now)} left`
      : retryAt !== undefined
        ? `, back in ${age(retryAt - now)}`
        : '';
  return { text: `${sign} ${state}${limit}`, shade };
}

/** Of one core. */
function cpuText(cpu: number | null | undefined): string | undefined {
  return cpu === null || cpu === undefined ? undefined : `${(cpu * 100).toFixed(cpu < 0.1 ? 1 : 0)} %`;
}

function memoryText(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : `${Math.round(bytes / 2 ** 20)} MiB`;
}
