// What only the resolved plan tells about addresses: a relative socket path may become too long, and a bind may want
// the place where consoles attach.

import { addressText } from '../domain/address-text.ts';
import type { Address, Plan } from '../domain/plan.ts';
import { overlaps, parseUnixPath } from './addresses.ts';
import type { Finding, Path } from './problem.ts';

export function checkListening(plan: Plan): Finding[] {
  const control = plan.runtime.control.map(({ address }, index) => ({
    address,
    path: ['runtime', 'control', 'listen', index] as Path,
  }));
  const binds = plan.shards.flatMap((shard, shardIndex) =>
    shard.binds.map(({ address }, index) => ({
      address,
      path: ['shards', shardIndex, 'binds', index, 'listen'] as Path,
    })),
  );
  const servers = plan.backends.flatMap((backend, backendIndex) =>
    backend.servers.map(({ address }, index) => ({
      address,
      path: ['backends', backendIndex, 'servers', index, 'address'] as Path,
    })),
  );
  return [
    ...[...control, ...binds, ...servers].flatMap(({ address, path }) => tooLong(address, path)),
    ...binds.flatMap(({ address, path }): Finding[] =>
      control.some((other) => overlaps(other.address, address))
        ? [
            {
              path,
              message: `consoles attach at ${addressText(address)}`,
              remedy: 'choose another address for the bind, or for runtime.control.listen',
            },
          ]
        : [],
    ),
  ];
}

function tooLong(address: Address, path: Path): Finding[] {
  if (address.kind !== 'unix') return [];
  const parsed = parseUnixPath(address.path);
  if (parsed.ok) return [];
  const { message, remedy } = parsed;
  return [{ path, message: `${message}: ${address.path}`, remedy }];
}
