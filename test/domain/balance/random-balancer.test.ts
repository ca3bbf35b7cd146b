import { describe, expect, it } from 'vitest';
import { createBalancer } from '../../../src/domain/balance/balancer.ts';
import { candidate, seededRandom, type TestCandidate } from './candidates.ts';

describe('random', () => {
  it('stays near the weights while streams are held, far closer than one choice would', () => {
    const random = seededRandom(42);
    const balancer = createBalancer<TestCandidate>('random', random);
    const servers = [candidate('a', 100), candidate('b', 100), candidate('c', 50), candidate('d', 25)];
    balancer.update(servers);
    for (let i = 0; i < 11_000; i++) balancer.pick(0, undefined)!.streams += 1;
    for (const server of servers) {
      const due = (11_000 * server.weight) / 275;
      expect(Math.abs(server.streams - due) / due).toBeLessThan(0.05);
    }
  });

  it('takes the less loaded of the two it draws', () => {
    const draws = [0.1, 0.9];
    const balancer = createBalancer<TestCandidate>('random', () => draws.shift()!);
    const [busy, idle] = [candidate('busy', 1, { streams: 5 }), candidate('idle')];
    balancer.update([busy, idle]);
    expect(balancer.pick(0, undefined)).toBe(idle);
  });

  it('reaches every server, at the ends of the range too', () => {
    for (const draw of [0, 0.499999, 0.5, 0.999999999]) {
      const balancer = createBalancer<TestCandidate>('random', () => draw);
      balancer.update([candidate('a', 1), candidate('b', 255), candidate('c', 256)]);
      expect(balancer.pick(0, undefined)).toBeDefined();
    }
  });
});
