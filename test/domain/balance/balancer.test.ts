import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBalancer } from '../../../src/domain/balance/balancer.ts';
import type { BalanceAlgorithm } from '../../../src/domain/plan.ts';
import { candidate, seededRandom, type TestCandidate } from './candidates.ts';

const algorithms: readonly BalanceAlgorithm[] = ['roundrobin', 'leastconn', 'random', 'source'];

/** Something that happens to a backend between two picks. */
const event = fc.record({
  server: fc.nat(7),
  what: fc.constantFrom('take', 'release', 'full', 'free', 'out', 'in', 'weight', 'pick'),
  weight: fc.integer({ min: 0, max: 256 }),
  client: fc.nat(),
});

describe.each(algorithms)('%s, whatever happens to the servers', (algorithm) => {
  const create = () => createBalancer<TestCandidate>(algorithm, seededRandom(1));

  it('picks only who takes new clients, never a backup beside another, and never none while one has a place', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        fc.array(event, { maxLength: 60 }),
        (backups, events) => {
          const servers = backups.map((backup, index) => candidate(`s${index}`, 1 + index, { backup }));
          const balancer = create();
          balancer.update(servers);
          for (const { server, what, weight, client } of events) {
            const one = servers[server % servers.length]!;
            if (what === 'take' || what === 'release') {
              one.streams = Math.max(0, one.streams + (what === 'take' ? 1 : -1));
              balancer.loadChanged(one);
            } else if (what === 'full' || what === 'free') {
              one.isFull = what === 'full';
              balancer.loadChanged(one);
            } else if (what !== 'pick') {
              if (what === 'weight') one.weight = weight;
              one.takesNew = what !== 'out' && one.weight > 0;
              balancer.update(servers);
            }
            const taking = servers.filter((entry) => entry.takesNew);
            const primary = taking.filter((entry) => !entry.backup);
            const active = primary.length > 0 ? primary : taking;
            expect(balancer.serving).toBe(active.length > 0);
            expect(servers.filter((entry) => balancer.serves(entry))).toEqual(active);
            const avoid = client % 3 === 0 ? one : undefined;
            const picked = balancer.pick(client, avoid);
            if (picked !== undefined) expect(active).toContain(picked);
            const places = algorithm === 'source' ? active : active.filter((entry) => !entry.isFull);
            expect(picked === undefined).toBe(places.length === 0);
            if (places.some((entry) => entry !== avoid)) expect(picked).not.toBe(avoid);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('has nobody to pick among no servers', () => {
    const balancer = create();
    expect(balancer.pick(1, undefined)).toBeUndefined();
    balancer.update([]);
    expect([balancer.pick(1, undefined), balancer.serving]).toEqual([undefined, false]);
  });

  it('goes back to the one to avoid where there is no other', () => {
    const balancer = create();
    const [one, full] = [
      candidate('one'),
      candidate('full', 1, { isFull: algorithm !== 'source', takesNew: algorithm !== 'source' }),
    ];
    balancer.update([one, full]);
    expect(balancer.pick(1, one)).toBe(one);
  });
});
