// A plan with one bind of `path: kernel`, and what the kernel says of its connections.
import type { Backend, Bind, Plan, Server } from '../../../src/domain/plan.ts';
import type { Flow } from '../../../src/nft/conntrack/conntrack.ts';
import * as sharded from '../../domain/sharded-plans.ts';
import { plan } from '../../runtime/fixture.ts';

export const ip = (host: string, port = 5432) => ({ kind: 'ip', host, port }) as const;

export const server = (name: string, over: Partial<Server> = {}): Server =>
  sharded.server(name, 1, { address: ip(`10.2.0.${name.at(-1)}`), ...over });

export function planOf(bind: Partial<Bind> = {}, backend: Partial<Backend> = {}): Plan {
  return plan({
    shards: [
      sharded.shard('default', {
        binds: [
          sharded.bind('db', 'tcp', {
            address: ip('10.1.0.1'),
            backend: 'db',
            kernelPath: { masquerade: false, fallback: 'relay' },
            ...bind,
          }),
        ],
      }),
    ],
    backends: [
      sharded.backend('db', {
        mode: 'tcp',
        servers: [server('pg1'), server('pg2'), server('pg3')],
        ...backend,
      }),
    ],
  });
}

export function flow(
  id: number,
  over: Partial<Flow> & { server?: string; bytes?: number; to?: string } = {},
): Flow {
  const { server: answers = '10.2.0.1', bytes, to = '10.1.0.1', ...rest } = over;
  const size = bytes === undefined ? {} : { bytes, packets: 1 };
  return {
    id,
    family: 'ipv4',
    state: 'ESTABLISHED',
    timeoutS: 100,
    original: { source: '192.0.2.7', sourcePort: 1000 + id, destination: to, destinationPort: 5432, ...size },
    reply: {
      source: answers,
      sourcePort: 5432,
      destination: '192.0.2.7',
      destinationPort: 1000 + id,
      ...size,
    },
    ...rest,
  };
}
