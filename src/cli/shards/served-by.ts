// Which shards serve which route, and what a change made of it: "shop: default → sharded". Pure.
import type { Model } from '../../domain/model.ts';
import { safe } from '../../domain/safe.ts';

export type ServedBy = ReadonlyMap<string, readonly string[]>;

export function servedBy({ route }: Pick<Model, 'route'>): ServedBy {
  return new Map(
    [...route].map(([name, { shards }]) => [
      name,
      shards.filter(({ admitted }) => admitted).map(({ shard }) => shard),
    ]),
  );
}

/** A line for each route that others serve now. */
export function movedLines(before: ServedBy, model: Pick<Model, 'route'>): readonly string[] {
  const lines: string[] = [];
  for (const [name, now] of servedBy(model)) {
    const earlier = before.get(name) ?? [];
    if (earlier.join(' ') === now.join(' ')) continue;
    lines.push(`  ${safe(name)}: ${shardsText(earlier)} → ${shardsText(now)}${warning(now, name, model)}`);
  }
  return lines;
}

function shardsText(shards: readonly string[]): string {
  return shards.length === 0 ? 'no shard' : shards.map((shard) => safe(shard)).join(' and ');
}

function warning(now: readonly string[], name: string, { route }: Pick<Model, 'route'>): string {
  if (now.length > 1) return '  ▲ served by several';
  if (now.length === 1) return '';
  const refusal = route.get(name)?.shards.find((status) => !status.admitted);
  if (refusal === undefined || refusal.admitted) return '  ▲ no shard selects it';
  return `  ▲ ${safe(refusal.shard)} refuses it: ${refusal.reason}, ${safe(refusal.message)}`;
}
