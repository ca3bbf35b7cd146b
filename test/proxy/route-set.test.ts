import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/domain/plan.ts';
import { type RouteWish, type Termination, terminations } from '../../src/domain/tls.ts';
import { RouteSet } from '../../src/proxy/route-set.ts';
import { planOf, routeOf } from './plan-parts.ts';

const tls = (termination: Termination) => ({ termination, insecureEdgeTerminationPolicy: 'None' as const });
const shop = routeOf('shop', { host: 'shop.example.com', tls: tls('edge') });
const pay = routeOf('pay', { host: 'pay.example.com', tls: tls('passthrough') });
const plain = routeOf('plain', { host: 'plain.example.com' });

function setOf(routes: readonly Route[], wishes?: readonly RouteWish[]): RouteSet {
  const set = new RouteSet();
  configure(set, routes, wishes);
  return set;
}
function configure(set: RouteSet, routes: readonly Route[], wishes?: readonly RouteWish[]): void {
  const plan = planOf('p', [], [], routes);
  set.configure(plan, plan.shards, () => undefined, wishes);
}
const tables = (set: RouteSet) => set.tablesOf('default');
const modes = (set: RouteSet) => Object.fromEntries(set.terminations);

describe('the TLS modes in force', () => {
  it('are the plan’s own where nothing else is wished', () => {
    expect(modes(setOf([shop, pay, plain]))).toEqual({ shop: 'edge', pay: 'passthrough' });
  });

  it('are those wished for, of routes that have TLS', () => {
    const set = setOf([shop, pay, plain], [{ route: 'shop', termination: 'reencrypt' }]);
    set.wish([
      { route: 'plain', termination: 'edge' },
      { route: 'nobody', termination: 'edge' },
      { route: 'pay', termination: 'edge' },
    ]);
    expect(modes(set)).toEqual({ shop: 'reencrypt', pay: 'edge' });
  });

  it('are another map after a change, and the same one without', () => {
    const set = setOf([shop, pay]);
    const before = set.terminations;
    set.wish([{ route: 'shop', termination: 'edge' }]);
    expect(set.terminations).toBe(before);
    set.wish([{ route: 'shop', termination: 'passthrough' }]);
    expect([before.get('shop'), set.terminations.get('shop')]).toEqual(['edge', 'passthrough']);
  });

  it('go on over a plan that brings no wishes, and are replaced by one that does', () => {
    const set = setOf([shop, pay], [{ route: 'shop', termination: 'reencrypt' }]);
    configure(set, [shop, pay]);
    expect(modes(set)).toEqual({ shop: 'reencrypt', pay: 'passthrough' });
    configure(set, [shop, pay], []);
    expect(modes(set)).toEqual({ shop: 'edge', pay: 'passthrough' });
  });

  it('are forgotten with the route', () => {
    const set = setOf([shop, pay], [{ route: 'shop', termination: 'reencrypt' }]);
    configure(set, [pay]);
    configure(set, [shop, pay]);
    expect(modes(set).shop).toBe('edge');
  });

  it('never change in a map that somebody keeps, whatever is wished', () => {
    const wishes = fc.array(
      fc.record({
        route: fc.constantFrom('shop', 'pay', 'plain', 'x'),
        termination: fc.constantFrom(...terminations),
      }),
    );
    fc.assert(
      fc.property(fc.array(wishes), (rounds) => {
        const set = setOf([shop, pay, plain]);
        const kept: [ReadonlyMap<string, Termination>, string][] = [];
        for (const round of rounds) {
          kept.push([set.terminations, JSON.stringify([...set.terminations])]);
          set.wish(round);
          const last = round.findLast(({ route }) => route === 'shop');
          if (last !== undefined) expect(set.terminations.get('shop')).toBe(last.termination);
        }
        for (const [map, text] of kept) expect(JSON.stringify([...map])).toBe(text);
      }),
    );
  });
});

describe('what was counted for a route', () => {
  it('goes on over plans that keep its name', () => {
    const set = setOf([shop]);
    tables(set).bySni('shop.example.com')!.traffic.total = 7;
    configure(set, [shop, pay]);
    expect(tables(set).bySni('shop.example.com')!.traffic.total).toBe(7);
  });

  it('is told until the last connection of a route that is gone has ended', () => {
    const set = setOf([shop, pay]);
    const { traffic } = tables(set).bySni('shop.example.com')!;
    traffic.open.edge = 1;
    const names = () => [...set.traffic()].map(([name]) => name);
    configure(set, [pay]);
    set.forgetEnded();
    expect(names()).toEqual(['pay', 'shop']);
    traffic.open.edge = 0;
    expect(names()).toEqual(['pay', 'shop']);
    set.forgetEnded();
    expect(names()).toEqual(['pay']);
  });

  it('goes on where it comes back while it carried something', () => {
    const set = setOf([shop]);
    const { traffic } = tables(set).bySni('shop.example.com')!;
    traffic.open.passthrough = 1;
    configure(set, []);
    configure(set, [shop]);
    expect(tables(set).bySni('shop.example.com')!.traffic).toBe(traffic);
    expect([...set.traffic()]).toHaveLength(1);
  });
});

describe('what is served', () => {
  it('is what is admitted in the modes in force: a switch lets another route of the host in', () => {
    const first = { ...pay, createdAt: 1 };
    const second = routeOf('pay-api', {
      host: 'pay.example.com',
      path: '/api',
      tls: tls('edge'),
      createdAt: 2,
    });
    const set = setOf([first, second]);
    const served = () => tables(set).secure.match('pay.example.com', '/api/x')?.name;
    expect(served()).toBe('pay');
    const { traffic } = tables(set).bySni('pay.example.com')!;
    expect(set.wish([{ route: 'pay', termination: 'edge' }])).toBe(true);
    expect(served()).toBe('pay-api');
    expect(tables(set).bySni('pay.example.com')!.traffic).toBe(traffic);
    expect(set.wish([{ route: 'pay', termination: 'edge' }])).toBe(false);
  });

  it('is nothing on a shard that the plan does not have', () => {
    expect(setOf([plain]).tablesOf('other').insecure.match('plain.example.com', '/')).toBeUndefined();
  });
});
