import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/domain/plan.ts';
import { type RouteWish, type Termination, terminations } from '../../src/domain/tls.ts';
import { RouteSet } from '../../src/proxy/route-set.ts';
import { routeOf } from './plan-parts.ts';

const tls = (termination: Termination) => ({ termination, insecureEdgeTerminationPolicy: 'None' as const });
const shop = routeOf('shop', { host: 'shop.example.com', tls: tls('edge') });
const pay = routeOf('pay', { host: 'pay.example.com', tls: tls('passthrough') });
const plain = routeOf('plain', { host: 'plain.example.com' });

function setOf(routes: readonly Route[], wishes?: readonly RouteWish[]): RouteSet {
  const set = new RouteSet();
  set.configure(routes, () => undefined, wishes);
  return set;
}
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
    set.configure([shop, pay], () => undefined, undefined);
    expect(modes(set)).toEqual({ shop: 'reencrypt', pay: 'passthrough' });
    set.configure([shop, pay], () => undefined, []);
    expect(modes(set)).toEqual({ shop: 'edge', pay: 'passthrough' });
  });

  it('are forgotten with the route', () => {
    const set = setOf([shop, pay], [{ route: 'shop', termination: 'reencrypt' }]);
    set.configure([pay], () => undefined, undefined);
    set.configure([shop, pay], () => undefined, undefined);
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
    set.tables.bySni('shop.example.com')!.traffic.total = 7;
    set.configure([shop, pay], () => undefined, undefined);
    expect(set.tables.bySni('shop.example.com')!.traffic.total).toBe(7);
  });

  it('is told until the last connection of a route that is gone has ended', () => {
    const set = setOf([shop, pay]);
    const { traffic } = set.tables.bySni('shop.example.com')!;
    traffic.open.edge = 1;
    const names = () => [...set.traffic()].map(([name]) => name);
    set.configure([pay], () => undefined, undefined);
    set.forgetEnded();
    expect(names()).toEqual(['pay', 'shop']);
    traffic.open.edge = 0;
    expect(names()).toEqual(['pay', 'shop']);
    set.forgetEnded();
    expect(names()).toEqual(['pay']);
  });

  it('goes on where it comes back while it carried something', () => {
    const set = setOf([shop]);
    const { traffic } = set.tables.bySni('shop.example.com')!;
    traffic.open.passthrough = 1;
    set.configure([], () => undefined, undefined);
    set.configure([shop], () => undefined, undefined);
    expect(set.tables.bySni('shop.example.com')!.traffic).toBe(traffic);
    expect([...set.traffic()]).toHaveLength(1);
  });
});
