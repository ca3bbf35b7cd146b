// Who leaves a shard, in a line: "default/3 (pid 4711) leaves with 12 connections, ended in 4:58 at the latest". Pure.
import type { InstanceEntity, Model } from '../../domain/model.ts';
import { safe } from '../../domain/safe.ts';
import type { InstanceRates } from '../../domain/sample.ts';
import { age, count } from '../wording.ts';

export function leavingOf({ instance }: Pick<Model, 'instance'>, shard: string): readonly InstanceEntity[] {
  return [...instance.values()].filter((each) => each.shard === shard && each.state === 'leaving');
}

/** Undefined where nobody leaves. */
export function leavingLine(
  leaving: readonly InstanceEntity[],
  rates: readonly InstanceRates[] | undefined,
  now: number,
): string | undefined {
  if (leaving.length === 0) return undefined;
  return leaving
    .map(({ id, name, pid, leaveBy }) => {
      const connections = rates?.find((rate) => rate.id === id)?.connections;
      const carried = connections === undefined ? '' : ` with ${count(connections, 'connection')}`;
      const limit = leaveBy === undefined ? '' : `, ended in ${age(leaveBy - now)} at the latest`;
      return `${safe(name)} (pid ${pid}) leaves${carried}${limit}`;
    })
    .join('; ');
}
