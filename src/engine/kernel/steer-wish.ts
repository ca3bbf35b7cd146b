// What the kernel is to be told of steering: the binds of a plan with the private ports that there are. Pure.

import type { Bind, Plan, Shard } from '../../domain/plan.ts';
import { familiesOf, type SteeredBind, type SteerWish } from '../../nft/table/parts/steer-part.ts';
import type { EngineSnapshot } from '../engine.ts';

export interface WishedSteering {
  readonly wish: SteerWish;
  /** Shards that wish it, and why none of their binds is steered. */
  readonly notSteered: ReadonlyMap<string, NotSteered>;
}

export interface NotSteered {
  readonly why: string;
  /** It may be a matter of moments. */
  readonly isComing: boolean;
}

export function wishesNft({ steering }: Shard): boolean {
  return steering.by === 'nft';
}

export function steerWishOf(
  { shards }: Plan,
  { binds: open, privatePorts }: Pick<EngineSnapshot, 'binds' | 'privatePorts'>,
): WishedSteering {
  const addresses = new Map(open.map(({ name, address }) => [name, address]));
  /** Really listened on: the plan may say 0. */
  const portOf = ({ name, address }: Bind): number =>
    address.kind !== 'ip' || address.port !== 0
      ? ((address as { port?: number }).port ?? 0)
      : Number(/:(\d+)$/.exec(addresses.get(name) ?? '')?.[1] ?? 0);
  const notSteered = new Map<string, NotSteered>();
  const binds = shards
    .filter((shard) => wishesNft(shard) && shard.instances > 1)
    .flatMap((shard) => {
      const { name, instances, steering } = shard;
      const able = shard.binds.filter((bind) => cannot(bind) === undefined);
      const steered = able.flatMap((bind): SteeredBind[] => {
        const ports = privatePorts.filter((port) => port.shard === name && port.bind === bind.name);
        const port = portOf(bind);
        return ports.length === 0 || port === 0 || bind.address.kind !== 'ip'
          ? []
          : [
              {
                ...{ shard: name, bind: bind.name, host: bind.address.host, port, instances },
                ...{ tableSize: steering.tableSize, ipv6Prefix: steering.ipv6Prefix },
                privatePorts: new Map(
                  ports
                    .map((each) => [Number(each.instance.slice(name.length + 1)), each.port] as const)
                    .sort(([a], [b]) => a - b),
                ),
              },
            ];
      });
      if (able.length === 0)
        notSteered.set(name, {
          why: shard.binds.map(cannot).find((why) => why !== undefined) ?? 'it has no binds',
          isComing: false,
        });
      else if (steered.length < able.length)
        notSteered.set(name, {
          why: 'its instances have no private sockets: they start still, or their acceptor is gone, or of an older release',
          isComing: true,
        });
      return steered;
    });
  const ours = new Set(binds.map(({ bind }) => bind));
  const others = shards
    .flatMap((shard) => shard.binds)
    .filter(({ name, address }) => address.kind === 'ip' && !ours.has(name))
    .map((bind) => ({ host: (bind.address as { host: string }).host, port: portOf(bind) }));
  return { wish: { binds, others }, notSteered };
}

/** Why a bind's clients are handed over, whatever the kernel can do. */
function cannot({ address, kernelPath, name }: Bind): string | undefined {
  if (address.kind === 'unix') return `clients of the unix socket ${name} have no address to be steered by`;
  if (kernelPath !== undefined) return `clients of bind ${name} take the kernel's path to servers`;
  return familiesOf(address.host).length === 0
    ? `bind ${name} has a name for an address: write the address`
    : undefined;
}
