// What the kernel counts for us is what was sent: a witness in the peer's own namespace counts the same packets.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system-clock.ts';
import { createNft } from '../../src/nft/process/run-nft.ts';
import type { Count } from '../../src/nft/ruleset/ruleset.ts';
import { createOwnTable } from '../../src/nft/table/create-own-table.ts';
import type { OwnTable } from '../../src/nft/table/own-table.ts';
import {
  type CountedBind,
  type CountedServer,
  countedOf,
  counterNames,
  countPart,
} from '../../src/nft/table/parts/count-part.ts';
import { createNetwork, type Namespace, type Network, nftablesFault } from '../support/namespaces.ts';

const fault = nftablesFault('nft');
const container = new URL('../support/http-container.ts', import.meta.url).pathname;

let network: Network;
let client: Namespace;
let proxy: Namespace;
let pod: Namespace;
let table: OwnTable;

describe.skipIf(fault !== undefined)(`part count of our table${fault ? ` (${fault})` : ''}`, () => {
  beforeEach(() => {
    network = createNetwork('count');
    client = network.namespace('client');
    proxy = network.namespace('proxy');
    pod = network.namespace('pod');
    network.link(
      { in: client, device: 'eth', addresses: ['10.1.0.2/24', 'fd00:1::2/64'], via: ['10.1.0.1'] },
      { in: proxy, device: 'front', addresses: ['10.1.0.1/24', '10.1.0.3/24', 'fd00:1::1/64'] },
    );
    network.link(
      { in: pod, device: 'eth', addresses: ['10.2.0.2/24'], via: ['10.2.0.1'] },
      { in: proxy, device: 'back', addresses: ['10.2.0.1/24'] },
    );
    table = createOwnTable({
      nft: createNft({ command: [...proxy.prefix, 'nft'], clock: systemClock }),
      clock: systemClock,
    });
  });
  afterEach(async () => {
    await table?.close('remove');
    await network?.remove();
  });

  it('counts a bind by its address, another for all addresses by its port, and IPv6', async () => {
    const binds = [
      bind('one', '10.1.0.1', 8080),
      bind('any', '0.0.0.0', 8080),
      bind('six', 'fd00:0001:0::1', 8080),
      bind('both', '::', 8081),
    ];
    await listen(proxy, 8080);
    await listen(proxy, 8081);
    await count(binds, []);
    const places = {
      one: ['ip', '10.1.0.1', 8080],
      any: ['ip', '10.1.0.3', 8080],
      six: ['ip6', 'fd00:1::1', 8080],
    } as const;
    for (const [name, [family, host, port]] of Object.entries(places))
      witness(client, name, family, host, port);
    witness(client, 'both4', 'ip', '10.1.0.1', 8081);
    witness(client, 'both6', 'ip6', 'fd00:1::1', 8081);
    await ask(
      client,
      ['http://10.1.0.1:8080/', 2],
      ['http://10.1.0.3:8080/', 3],
      ['http://[fd00:1::1]:8080/', 4],
    );
    await ask(client, ['http://10.1.0.1:8081/', 1], ['http://[fd00:1::1]:8081/', 1]);
    const counted = await table.counters();
    for (const [name, connections] of [
      ['one', 2],
      ['any', 3],
      ['six', 4],
    ] as const) {
      const seen = witnessed(client, name);
      expect(seen.out.packets, name).toBeGreaterThan(connections * 4);
      expect(of(counted, `count_bind_${name}`), name).toEqual({
        in: seen.out,
        out: seen.in,
        new: connections,
      });
    }
    const [four, six] = [witnessed(client, 'both4'), witnessed(client, 'both6')];
    expect(of(counted, 'count_bind_both')).toEqual({
      in: sum(four.out, six.out),
      out: sum(four.in, six.in),
      new: 2,
    });
    // Nothing that it takes for another one when it looks itself over.
    await table.look();
    expect(table.state).toEqual({ state: 'in-force' });
  });

  it('counts by the private port that clients were steered to', async () => {
    await listen(proxy, 8080);
    await listen(proxy, 9001);
    await count(
      [{ ...bind('web', '10.1.0.1', 8080), privatePorts: [{ instance: 'default/1', port: 9001 }] }],
      [],
    );
    proxy.rules(
      'table ip other { chain pre { type nat hook prerouting priority -100; tcp dport 8080 ip saddr 10.1.0.2 dnat to :9001; }; }',
    );
    witness(client, 'web', 'ip', '10.1.0.1', 8080);
    await ask(client, ['http://10.1.0.1:8080/', 3]);
    const [steered] = countedOf({
      binds: [{ ...bind('web', '10.1.0.1', 8080), privatePorts: [{ instance: 'default/1', port: 9001 }] }],
      servers: [],
    }).filter(({ instance }) => instance !== undefined);
    const counted = await table.counters();
    const seen = witnessed(client, 'web');
    expect(of(counted, steered!.name)).toEqual({ in: seen.out, out: seen.in, new: 3 });
    expect(of(counted, 'count_bind_web')).toEqual({ in: none, out: none, new: 0 });
  });

  it('counts a server by the address that is asked for, whoever translates it', async () => {
    await listen(pod, 8080);
    proxy.ask('ip', ['route', 'add', '10.96.0.0/16', 'via', '10.2.0.2']);
    await count([], [server('web/plain', '10.2.0.2', 8080), server('web/service', '10.96.0.1', 80)]);
    proxy.rules(
      'table ip other { chain out { type nat hook output priority -100; ip daddr 10.96.0.1 tcp dport 80 dnat to 10.2.0.2:8080; }; }',
    );
    witness(pod, 'all', 'local', '10.2.0.2', 8080);
    await ask(proxy, ['http://10.96.0.1/', 2]);
    const first = witnessed(pod, 'all');
    expect(of(await table.counters(), 'count_server_web_service')).toEqual({
      in: first.in,
      out: first.out,
      new: 2,
    });
    await ask(proxy, ['http://10.2.0.2:8080/', 3]);
    const counted = await table.counters();
    const seen = witnessed(pod, 'all');
    expect(of(counted, 'count_server_web_plain')).toEqual({
      in: less(seen.in, first.in),
      out: less(seen.out, first.out),
      new: 3,
    });
  });

  it('counts no connection that was refused', async () => {
    await count([bind('shut', '10.1.0.1', 8099)], [server('web/shut', '10.2.0.2', 8099)]);
    await ask(client, ['http://10.1.0.1:8099/', 2]);
    await ask(proxy, ['http://10.2.0.2:8099/', 2]);
    const counted = await table.counters();
    expect(of(counted, 'count_bind_shut')).toMatchObject({ new: 0, in: { packets: 2 } });
    expect(of(counted, 'count_server_web_shut')).toMatchObject({ new: 0, in: { packets: 2 } });
  });

  it('counts what the kernel sends on by its bind, and by the server it goes to', async () => {
    await listen(pod, 8080);
    proxy.sysctl('net.ipv4.ip_forward', 1);
    await count(
      [
        { ...bind('path', '10.1.0.1', 8080), byKernel: true },
        { ...bind('anywhere', '0.0.0.0', 8081), byKernel: true },
      ],
      [server('web/app1', '10.2.0.2', 8080)],
    );
    proxy.rules(
      `table ip other {
        chain pre { type nat hook prerouting priority -100; tcp dport { 8080, 8081 } dnat to 10.2.0.2:8080; };
        chain out { type nat hook output priority -100; ip daddr 10.1.0.1 tcp dport { 8080, 8081 } dnat to 10.2.0.2:8080; };
      }`,
    );
    witness(client, 'path', 'ip', '10.1.0.1', 8080);
    witness(client, 'anywhere', 'ip', '10.1.0.1', 8081);
    await ask(client, ['http://10.1.0.1:8080/', 3], ['http://10.1.0.1:8081/', 2]);
    const [path, anywhere] = [witnessed(client, 'path'), witnessed(client, 'anywhere')];
    const counted = await table.counters();
    expect(of(counted, 'count_bind_path')).toEqual({ in: path.out, out: path.in, new: 3 });
    expect(of(counted, 'count_bind_anywhere')).toEqual({ in: anywhere.out, out: anywhere.in, new: 2 });
    expect(of(counted, 'count_server_web_app1')).toEqual({
      in: sum(path.out, anywhere.out),
      out: sum(path.in, anywhere.in),
      new: 5,
    });
    // Clients on this machine do not come by the forward hook.
    await ask(proxy, ['http://10.1.0.1:8080/', 2], ['http://10.1.0.1:8081/', 1]);
    const after = await table.counters();
    expect(of(after, 'count_bind_path').new).toBe(5);
    expect(of(after, 'count_bind_anywhere').new).toBe(3);
  });

  it('keeps its counts when other rules come, and has one counter for one address', async () => {
    await listen(proxy, 8080);
    await count([bind('one', '10.1.0.1', 8080)], []);
    await ask(client, ['http://10.1.0.1:8080/', 2]);
    const before = of(await table.counters(), 'count_bind_one');
    await count(
      [bind('one', '10.1.0.1', 8080), bind('two-parts', '10.1.0.3', 8080)],
      [server('a/s', '10.2.0.2', 80), server('b/s', '10.2.0.2', 80), server('c/named', 'db.example', 80)],
    );
    const counted = await table.counters();
    expect(of(counted, 'count_bind_one')).toEqual(before);
    expect([...counted.keys()].filter((name) => name.startsWith('count_server')).sort()).toEqual([
      'count_server_a_s_in',
      'count_server_a_s_new',
      'count_server_a_s_out',
    ]);
  });
});

const none: Count = { packets: 0, bytes: 0 };

function bind(name: string, host: string, port: number): CountedBind {
  return { bind: name, host, port, byKernel: false, privatePorts: [] };
}

function server(key: CountedServer['server'], host: string, port: number): CountedServer {
  return { server: key, host, port };
}

async function count(binds: readonly CountedBind[], servers: readonly CountedServer[]): Promise<void> {
  await table.set('count', countPart({ binds, servers }));
}

async function listen(namespace: Namespace, port: number): Promise<void> {
  await namespace.start(process.execPath, [container, 'pod', String(port)], { ready: /ready/ });
}

/** A connection for each request; those that are refused are no fault. */
async function ask(
  from: Namespace,
  ...asked: readonly (readonly [url: string, times: number])[]
): Promise<void> {
  const program = `
    import { get } from 'node:http';
    for (const [url, times] of ${JSON.stringify(asked)})
      for (let left = times; left > 0; left -= 1)
        await new Promise((done) => {
          const request = get(url, { agent: false }, (answer) => answer.resume());
          request.on('error', done).on('close', done).on('socket', (socket) => socket.on('close', done));
        });
    await new Promise((done) => setTimeout(done, 150));`;
  const { code } = await from.run(process.execPath, ['--input-type=module', '-e', program]);
  expect(code).toBe(0);
}

function witness(
  namespace: Namespace,
  name: string,
  family: 'ip' | 'ip6' | 'local',
  host: string,
  port: number,
) {
  const [local, of] = [family === 'local', family === 'local' ? 'ip' : family];
  namespace.rules(`table inet witness_${name} {
    counter sent { }
    counter got { }
    chain out { type filter hook output priority 0; ${of} ${local ? 'saddr' : 'daddr'} ${host} tcp ${local ? 'sport' : 'dport'} ${port} counter name sent; }
    chain in { type filter hook input priority 0; ${of} ${local ? 'daddr' : 'saddr'} ${host} tcp ${local ? 'dport' : 'sport'} ${port} counter name got; }
  }`);
}

/** Seen from there. */
function witnessed(namespace: Namespace, name: string): { readonly in: Count; readonly out: Count } {
  const answer = JSON.parse(
    namespace.ask('nft', ['-j', 'list', 'counters', 'table', 'inet', `witness_${name}`]),
  ) as { nftables: { counter?: Count & { name: string } }[] };
  const find = (counter: string): Count => {
    const { packets, bytes } = answer.nftables.find((one) => one.counter?.name === counter)!.counter!;
    return { packets, bytes };
  };
  return { in: find('got'), out: find('sent') };
}

function of(counted: ReadonlyMap<string, Count>, name: string) {
  const names = counterNames(name);
  return { in: counted.get(names.in), out: counted.get(names.out), new: counted.get(names.new)?.packets };
}

const sum = (a: Count, b: Count): Count => ({ packets: a.packets + b.packets, bytes: a.bytes + b.bytes });
const less = (a: Count, b: Count): Count => ({ packets: a.packets - b.packets, bytes: a.bytes - b.bytes });
