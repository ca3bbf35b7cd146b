// Which shards serve which route, and what of it a change left for the operator to know: what no shard serves any more, or
// several do. Pure.
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

/** A line for each route that is served by none or by several now, and was not before. */
export function warningLines(before: ServedBy, model: Pick<Model, 'route'>): readonly string[] {
  const lines: string[] = [];
  for (const [name, now] of servedBy(model)) {
    const earlier = before.get(name) ?? [];
    if (now.length === 1 || earlier.join(' ') === now.join(' ')) continue;
    const by =
      now.length === 0
        ? noShard(name, model)
        : `is served by each of ${now.map((shard) => safe(shard)).join(', ')}`;
    lines.push(`▲ ${safe(name)} ${by}`);
  }
  return lines;
}

function noShard(name: string, { route }: Pick<Model, 'route'>): string {
  const refusal = route.get(name)?.shards.find((status) => !status.admitted);
  if (refusal === undefined || refusal.admitted) return 'is served by no shard: none selects it';
  return `is served by no shard: refused by ${safe(refusal.shard)} (${refusal.reason}: ${safe(refusal.message)})`;
}
