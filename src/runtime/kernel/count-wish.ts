// What the kernel is to count, of a plan and what really listens. Pure.

import { parseIp } from '../../domain/ip.ts';
import type { BindEntity } from '../../domain/model.ts';
import { type Plan, serverKey } from '../../domain/plan.ts';
import type { PrivatePort } from '../../engine/engine.ts';
import type { CountWish } from '../../nft/table/parts/count-part.ts';

export interface Listening {
  readonly binds: readonly BindEntity[];
  readonly privatePorts: readonly PrivatePort[];
}

export function countWishOf({ backends }: Plan, { binds, privatePorts }: Listening): CountWish {
  return {
    binds: binds.flatMap(({ name, address, path }) => {
      const place = placeOf(address);
      if (place === undefined) return [];
      const own = privatePorts.filter(({ bind }) => bind === name);
      return [
        {
          bind: name,
          ...place,
          byKernel: path?.by === 'kernel',
          privatePorts: own.map(({ instance, port }) => ({ instance, port })),
        },
      ];
    }),
    servers: backends.flatMap(({ name, servers }) =>
      servers.flatMap(({ name: server, address, tlsPort }) => {
        if (address.kind === 'unix' || parseIp(address.host) === undefined) return [];
        const ports = new Set([address.port, ...(tlsPort === undefined ? [] : [tlsPort])]);
        return [...ports].map((port) => ({ server: serverKey(name, server), host: address.host, port }));
      }),
    ),
  };
}

/** Of "0.0.0.0:80" and "[::]:80"; a unix socket has no packets. */
function placeOf(address: string): { readonly host: string; readonly port: number } | undefined {
  const [, v6, v4, port] = /^(?:\[([^\]]+)\]|([0-9.]+)):(\d+)$/.exec(address) ?? [];
  const host = v6 ?? v4;
  if (host === undefined || parseIp(host) === undefined || Number(port) === 0) return undefined;
  return { host, port: Number(port) };
}
