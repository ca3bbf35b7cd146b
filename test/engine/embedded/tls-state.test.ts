import { describe, expect, it } from 'vitest';
import type { RouteWish, Termination } from '../../../src/domain/tls.ts';
import { noMaterial, tlsFor, wishesOver } from '../../../src/engine/embedded/tls-state.ts';
import { planOf, routeOf } from '../../proxy/plan-parts.ts';

const secured = (name: string, termination: Termination) =>
  routeOf(name, { tls: { termination, insecureEdgeTerminationPolicy: 'None' } });
const plan = planOf('p', [], [], [secured('shop', 'edge'), secured('pay', 'passthrough'), routeOf('plain')]);
const wish = (route: string, termination: Termination): RouteWish => ({ route, termination });

describe('what an instance is told of TLS', () => {
  it('names every route with TLS, so that one with a mode of before is brought back to its own', () => {
    const material = noMaterial();
    const told = tlsFor(plan, {
      routes: [wish('pay', 'edge'), wish('plain', 'edge'), wish('x', 'edge')],
      material,
    });
    expect(told).toEqual({ material, routes: [wish('shop', 'edge'), wish('pay', 'edge')] });
  });

  it('overlays what held with what is wished now', () => {
    const before = [wish('shop', 'reencrypt'), wish('pay', 'edge')];
    expect(wishesOver(plan, before, [wish('pay', 'reencrypt'), wish('plain', 'edge')])).toEqual([
      wish('shop', 'reencrypt'),
      wish('pay', 'reencrypt'),
    ]);
  });

  it('has ticket keys of its own where none were given', () => {
    const [one, other] = [noMaterial(), noMaterial()];
    expect(Buffer.from(one.tickets.secret, 'base64')).toHaveLength(32);
    expect(one.tickets.secret).not.toBe(other.tickets.secret);
  });
});
