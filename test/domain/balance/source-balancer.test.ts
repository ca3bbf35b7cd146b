import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBalancer } from '../../../src/domain/balance/balancer.ts';
import { hashClient } from '../../../src/domain/balance/client-hash.ts';
import { candidate, type TestCandidate, tally } from './candidates.ts';

const clients = Array.from({ length: 20_000 }, (_, i) =>
  hashClient(`10.${i >> 12}.${(i >> 4) & 255}.${i & 15}`),
);

function assign(servers: readonly TestCandidate[]): string[] {
  const balancer = createBalancer<TestCandidate>('source', () => 0);
  balancer.update(servers);
  return clients.map((client) => balancer.pick(client, undefined)!.name);
}

describe('source', () => {
  it.each([[[1, 1, 1]], [[100, 50, 25]], [[256, 1, 128]]])('honours weights %j', (weights) => {
    const servers = weights.map((weight, index) => candidate(`app${index}`, weight));
    const counts = tally(assign(servers));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const { name, weight } of servers) {
      const due = (clients.length * weight) / total;
      expect(Math.abs((counts[name] ?? 0) - due)).toBeLessThan(5 * Math.sqrt(due));
    }
  });

  it('depends on the ids alone, not on the order of the list', () => {
    const names = ['app1', 'app2', 'app3', 'app4'];
    const forward = assign(names.map((name) => candidate(name, 10)));
    expect(assign([...names].reverse().map((name) => candidate(name, 10)))).toEqual(forward);
  });

  it('moves only the clients of a server that leaves, and gives them back when it returns', () => {
    const servers = ['a', 'b', 'c', 'd'].map((name, index) => candidate(name, 10 * (index + 1)));
    const before = assign(servers);
    servers[1]!.takesNew = false;
    const during = assign(servers);
    before.forEach((name, index) => {
      if (name === 'b') expect(during[index]).not.toBe('b');
      else expect(during[index]).toBe(name);
    });
    servers[1]!.takesNew = true;
    expect(assign(servers)).toEqual(before);
  });

  it('moves only the proportional share when a weight changes, and only to or from that server', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 256 }), fc.integer({ min: 1, max: 256 }), (from, to) => {
        const servers = [candidate('a', 100), candidate('b', 100), candidate('c', from)];
        const before = assign(servers);
        servers[2]!.weight = to;
        const after = assign(servers);
        const moved = before.filter((name, index) => after[index] !== name).length;
        before.forEach((name, index) => {
          if (after[index] !== name) expect(to > from ? after[index] : name).toBe('c');
        });
        const due = clients.length * Math.abs(to / (200 + to) - from / (200 + from));
        expect(Math.abs(moved - due)).toBeLessThan(5 * Math.sqrt(due) + 20);
      }),
      { numRuns: 10 },
    );
  });

  it('keeps a client on its own server while that is full', () => {
    const balancer = createBalancer<TestCandidate>('source', () => 0);
    const servers = [candidate('a'), candidate('b')];
    balancer.update(servers);
    const own = balancer.pick(clients[0]!, undefined)!;
    own.isFull = true;
    balancer.loadChanged(own);
    expect(balancer.pick(clients[0]!, undefined)).toBe(own);
  });
});

describe('hashClient', () => {
  it.each([
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:a00:1', '10.0.0.1'],
    ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('hashes %s as %s', (one, other) => {
    expect(hashClient(one)).toBe(hashClient(other));
  });

  it('spreads neighbouring addresses evenly over every 16th of its range', () => {
    const buckets = new Array<number>(16).fill(0);
    for (let i = 0; i < 4096; i++) buckets[hashClient(`192.168.${i >> 8}.${i & 255}`) >>> 28]! += 1;
    for (const count of buckets) expect(Math.abs(count - 256)).toBeLessThan(5 * 16);
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => Number.isInteger(hashClient(text))));
  });
});
