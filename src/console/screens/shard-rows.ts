// The rows of the Shards screen: what is wrong first, then the three spreads, each in a section of its own.

import type { BackendEntity, InstanceEntity, RouteEntity, ShardEntity } from '../../domain/model.ts';
import type { ListShape } from '../list-cursor.ts';
import { type RouteTrouble, routeTroubles, type ShardLoad, shardLoads } from '../shard-look.ts';
import type { View } from '../view.ts';

export type Section = 'routes' | 'clients' | 'requests';

/** A line above a row that the cursor passes over. */
export type Passed =
  | { readonly kind: 'blank' }
  | { readonly kind: 'section'; readonly section: Section }
  | { readonly kind: 'sums'; readonly load: ShardLoad };

export type ShardsRow = {
  readonly key: string;
  readonly section: Section;
  readonly above: readonly Passed[];
} & (
  | { readonly kind: 'trouble'; readonly trouble: RouteTrouble; readonly routes: readonly RouteEntity[] }
  | { readonly kind: 'shard'; readonly shard: ShardEntity }
  | { readonly kind: 'instance'; readonly instance: InstanceEntity; readonly load: ShardLoad }
  | { readonly kind: 'backend'; readonly backend: BackendEntity }
);

type Bare<Row> = Row extends ShardsRow ? Omit<Row, 'section' | 'above'> : never;

const known = new WeakMap<View, readonly ShardsRow[]>();

export function shardsRows(view: View): readonly ShardsRow[] {
  const last = known.get(view);
  if (last !== undefined) return last;
  const rows: ShardsRow[] = [];
  let above: Passed[] = [];
  const add = (section: Section, row: Bare<ShardsRow>): void => {
    // The heading of the first section stands above the list, as that of any other does once it is scrolled out.
    if (rows.length > 0 && rows.at(-1)!.section !== section)
      above = [{ kind: 'blank' }, { kind: 'section', section }, ...above];
    rows.push({ ...row, section, above } as ShardsRow);
    above = [];
  };
  const troubles = routeTroubles(view);
  for (const trouble of ['orphaned', 'refused', 'doubly'] as const)
    if (troubles[trouble].length > 0)
      add('routes', {
        kind: 'trouble',
        key: `trouble:${trouble}`,
        trouble,
        routes: troubles[trouble],
      });
  for (const shard of view.model.shard.values())
    add('routes', { kind: 'shard', key: shardKey(shard.name), shard });
  for (const load of shardLoads(view).values()) {
    above.push({ kind: 'sums', load });
    for (const instance of load.instances)
      add('clients', { kind: 'instance', key: instanceKey(instance.id), instance, load });
  }
  above = [];
  if (rows.length > 0)
    for (const backend of view.model.backend.values())
      add('requests', { kind: 'backend', key: `backend:${backend.name}`, backend });
  known.set(view, rows);
  return rows;
}

export const shardKey = (name: string): string => `shard:${name}`;
export const instanceKey = (id: string): string => `instance:${id}`;

export function linesOfRow({ above }: ShardsRow): number {
  return above.length + 1;
}

/** The heading of the section in sight. */
export const aboveShards = 1;

export function shardsList(rows: readonly ShardsRow[], height: number): ListShape {
  return {
    keys: rows.map(({ key }) => key),
    rows: Math.max(1, height - aboveShards),
    heightOf: (index) => linesOfRow(rows[index]!),
  };
}

/** Backends with a row between two lines of the list: only their servers need be sampled. */
export function backendsInLines(rows: readonly ShardsRow[], from: number, to: number): string[] {
  const names: string[] = [];
  let at = 0;
  for (const row of rows) {
    at += linesOfRow(row);
    if (row.kind === 'backend' && at > from && at <= to) names.push(row.backend.name);
  }
  return names;
}
