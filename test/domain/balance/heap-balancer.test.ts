import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBalancer } from '../../../src/domain/balance/balancer.ts';
import { candidate, pickNames, type TestCandidate, tally } from './candidates.ts';

const random = () => 0;
const roundrobin = () => createBalancer<TestCandidate>('roundrobin', random);
const leastconn = () => createBalancer<TestCandidate>('leastconn', random);

describe('roundrobin', () => {
  it('takes turns in the order of the plan', () => {
    const balancer = roundrobin();
    balancer.update(['a', 'b', 'c'].map((name) => candidate(name)));
    expect(pickNames(balancer, 6).join('')).toBe('abcabc');
  });

  it.each([
    [[5, 1, 1], 7],
    [[3, 2], 5],
    [[100, 1], 101],
    [[256, 128, 64, 1], 449],
  ])('gives weights %j their exact shares in every %i picks, interleaved', (weights, cycle) => {
    const balancer = roundrobin();
    const servers = weights.map((weight, index) => candidate(`s${index}`, weight));
    balancer.update(servers);
    const names = pickNames(balancer, cycle * 3);
    const shares = Object.fromEntries(servers.map(({ name, weight }) => [name, weight * 3]));
    expect(tally(names)).toEqual(shares);
    // At no time is a server further than one pick per other server away from its due.
    for (const { name, weight } of servers) {
      let seen = 0;
      names.forEach((picked, index) => {
        if (picked === name) seen += 1;
        expect(Math.abs(seen - ((index + 1) * weight) / cycle)).toBeLessThan(servers.length);
      });
    }
  });

  it('brings no burst when a weight changes, a server joins, or one comes back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 2, maxLength: 6 }),
        fc.integer({ min: 1, max: 256 }),
        fc.constantFrom('weight', 'joins', 'returns'),
        fc.nat(500),
        (weights, weight, what, picks) => {
          const servers = weights.map((each, index) => candidate(`s${index}`, each));
          const [one, ...others] = servers as [TestCandidate, ...TestCandidate[]];
          const balancer = roundrobin();
          balancer.update(what === 'joins' ? others : servers);
          pickNames(balancer, 3);
          if (what === 'returns') {
            one.isFull = true;
            balancer.loadChanged(one);
          }
          pickNames(balancer, picks);
          one.weight = what === 'returns' ? one.weight : weight;
          one.isFull = false;
          if (what === 'returns') balancer.loadChanged(one);
          else balancer.update(servers);
          const total = servers.reduce((sum, server) => sum + server.weight, 0);
          const names = pickNames(balancer, total);
          for (const server of servers) {
            const seen = names.filter((name) => name === server.name).length;
            expect(Math.abs(seen - server.weight)).toBeLessThanOrEqual(2 * servers.length);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('passes over full servers and comes back to them', () => {
    const balancer = roundrobin();
    const [a, b] = [candidate('a'), candidate('b')];
    balancer.update([a, b]);
    a.isFull = true;
    balancer.loadChanged(a);
    expect(pickNames(balancer, 3).join('')).toBe('bbb');
    b.isFull = true;
    balancer.loadChanged(b);
    expect(balancer.pick(0, undefined)).toBeUndefined();
    a.isFull = false;
    balancer.loadChanged(a);
    expect(pickNames(balancer, 2).join('')).toBe('aa');
  });
});

describe('leastconn', () => {
  it('keeps streams in proportion to the weights', () => {
    const balancer = leastconn();
    const servers = [candidate('a', 100), candidate('b', 50), candidate('c', 10)];
    balancer.update(servers);
    for (let i = 0; i < 1600; i++) {
      const picked = balancer.pick(0, undefined)!;
      picked.streams += 1;
      balancer.loadChanged(picked);
    }
    expect(servers.map(({ streams }) => streams)).toEqual([1000, 500, 100]);
  });

  it('takes turns by weight among the idle', () => {
    const balancer = leastconn();
    balancer.update([candidate('a', 2), candidate('b', 1)]);
    expect(tally(pickNames(balancer, 30))).toEqual({ a: 20, b: 10 });
  });

  it('always picks one with the least streams for its weight', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 256 }), fc.nat(200)), { minLength: 1, maxLength: 20 }),
        fc.array(fc.tuple(fc.nat(19), fc.nat(200)), { maxLength: 100 }),
        (given, changes) => {
          const servers = given.map(([weight, streams], index) =>
            candidate(`s${index}`, weight, { streams }),
          );
          const balancer = leastconn();
          balancer.update(servers);
          for (const [index, streams] of changes) {
            const server = servers[index % servers.length]!;
            server.streams = streams;
            balancer.loadChanged(server);
            const picked = balancer.pick(0, undefined)!;
            const least = Math.min(...servers.map((each) => each.streams / each.weight));
            expect(picked.streams / picked.weight).toBe(least);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
