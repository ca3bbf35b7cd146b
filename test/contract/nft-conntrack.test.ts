// conntrack as it is, with connections that are translated; and stand-ins that talk nonsense.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system-clock.ts';
import { createConntrack } from '../../src/nft/conntrack/run-conntrack.ts';
import { createKernel } from '../../src/nft/create-kernel.ts';
import { createStar, nftablesFault, type Star } from '../support/namespaces.ts';
import { type Started, until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';

const fault = nftablesFault('nft', 'conntrack');
const program = (name: string) => join(import.meta.dirname, '../support', name);

describe.skipIf(fault !== undefined)(`conntrack${fault === undefined ? '' : ` (${fault})`}`, () => {
  let star: Star;
  let clients: Started;
  beforeAll(async () => {
    star = await createStar({ label: 'conntrack', containers: 1, clients: 40 });
    await star.containers[0]!.start(process.execPath, [program('named-server.ts'), 'pod1', '8080'], {
      ready: /ready/,
    });
    star.proxy.rules(`table inet x {
      chain pre {
        type nat hook prerouting priority -100
        ip daddr 10.1.0.1 tcp dport 80 dnat ip to 10.2.1.2:8080
        ip6 daddr fd00:1::1 tcp dport 80 dnat ip6 to [fd00:2:1::2]:8080
      }
    }`);
    clients = await star.clients.start(process.execPath, [program('named-client.ts'), 'hold'], {
      stdin: 'pipe',
    });
    const lines = [
      ...star.addresses.clients.map((from) => `${from} 10.1.0.1 80`),
      `${star.addresses.clients6[1]} fd00:1::1 80`,
      `${star.addresses.clients[0]} 10.2.1.2 8080`,
    ];
    clients.child.stdin!.write(`${lines.join('\n')}\n`);
    await until('all are answered', () => clients.stdout().trim().split('\n').length === lines.length);
  });
  afterAll(() => star.remove());

  const conntrack = (...before: string[]) =>
    createConntrack({ prefix: [...star.proxy.prefix, ...before], clock: systemClock });

  it('lists connections with where they go, what they carried, and since when', async () => {
    expect(clients.stdout()).not.toContain('error');
    const { flows, more } = await conntrack().list({ limit: 1_000 });
    expect([flows.length, more]).toEqual([42, false]);
    const ipv6 = flows.find(({ family }) => family === 'ipv6')!;
    expect(ipv6).toMatchObject({
      state: 'ESTABLISHED',
      original: { source: 'fd00:1::3', destination: 'fd00:1::1', destinationPort: 80 },
      reply: { source: 'fd00:2:1::2', sourcePort: 8_080, destination: 'fd00:1::3' },
    });
    expect(ipv6.reply.bytes).toBeGreaterThan(60);
    expect(Math.abs(ipv6.startedAt! - Date.now())).toBeLessThan(60_000);
  });

  it('lists those that match', async () => {
    const { list } = conntrack();
    const count = async (query: Parameters<typeof list>[0]) => (await list(query)).flows.length;
    expect(await count({ translated: true, limit: 100 })).toBe(41);
    expect(await count({ originalPort: 8_080, limit: 100 })).toBe(1);
    expect(await count({ originalAddress: '10.1.0.1', originalPort: 80, limit: 100 })).toBe(40);
    expect(await count({ sourceAddress: '10.1.0.9', limit: 100 })).toBe(1);
    expect(await count({ sourceAddress: 'fd00:1::3', originalPort: 80, limit: 100 })).toBe(1);
    expect(await count({ sourceAddress: '10.1.0.200', limit: 100 })).toBe(0);
    const { flows, more } = await list({ limit: 7 });
    expect([flows.length, more]).toEqual([7, true]);
  });

  it.each(['--flush', '10.0.0.1/8', '', 'fe80::1%eth0', '$(reboot)'])(
    'is not asked for %j',
    async (address) => {
      await expect(conntrack().list({ sourceAddress: address, limit: 1 })).rejects.toMatchObject({
        name: 'ConntrackError',
        message: expect.stringContaining('is no address'),
      });
    },
  );

  it('forgets one, once', async () => {
    const { list, forget } = conntrack();
    const { flows } = await list({ sourceAddress: '10.1.0.9', limit: 1 });
    expect(await forget(flows[0]!)).toBe(true);
    expect(await forget(flows[0]!)).toBe(false);
    expect((await list({ limit: 1_000 })).flows.length).toBe(41);
  });

  it('says whether it can be used, and what helps', async () => {
    const { conntrack: here } = createKernel({ clock: systemClock, commandPrefix: star.proxy.prefix });
    expect(await here.usable()).toEqual({ list: true, accounting: true });
    star.proxy.sysctl('net.netfilter.nf_conntrack_acct', 0);
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    expect(await conntrack(...asNobody).usable()).toEqual({
      list: {
        no: expect.stringContaining('you must be root or get CAP_NET_ADMIN'),
        remedy: expect.stringContaining('CAP_NET_ADMIN'),
      },
      accounting: {
        no: 'the kernel does not count the bytes of connections',
        remedy: expect.stringContaining('sysctl net.netfilter.nf_conntrack_acct=1'),
      },
    });
  });
});

describe('a program that is not conntrack', () => {
  let place: Scratch;
  beforeAll(() => {
    place = scratch();
  });
  afterAll(() => place.remove());
  function standIn(name: string, script: string) {
    writeFileSync(place.path(name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return createConntrack({ command: [place.path(name)], clock: systemClock, timeoutMs: 500 });
  }

  it.each([
    ['hanging', 'exec sleep 5', 'did not answer'],
    ['endless', 'exec cat /dev/zero', 'never ends'],
    ['nonsense', 'echo hello', 'no list of connections'],
    ['dying', 'kill -SEGV $$', 'SIGSEGV'],
    [
      'failing',
      'echo "conntrack v1.4.7 (conntrack-tools): Operation failed: x" >&2; exit 1',
      'Operation failed: x',
    ],
  ])('%s is an error', async (name, script, message) => {
    await expect(standIn(name, script).list({ limit: 10 })).rejects.toMatchObject({
      name: 'ConntrackError',
      message: expect.stringContaining(message),
    });
  });

  it('is not read further than is asked for', async () => {
    const line =
      'ipv4 2 tcp 6 5 CLOSE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1 id=7';
    const { flows, more } = await standIn('many', `exec yes '${line}'`).list({ limit: 1_000 });
    expect([flows.length, more]).toEqual([1_000, true]);
  });

  it('may be missing', async () => {
    const absent = createConntrack({ command: [place.path('absent')], clock: systemClock });
    expect((await absent.usable()).list).toMatchObject({ remedy: 'install the package conntrack' });
  });
});
