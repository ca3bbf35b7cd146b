// What the engine has to tell each instance of TLS: the modes wished for and the files' contents. Written down before any
// instance is told, so that one that is replaced, or adopted by a restarted runtime, is brought to what holds now.

import { randomBytes } from 'node:crypto';
import type { Plan } from '../../domain/plan.ts';
import type { RouteWish, TlsMaterial } from '../../domain/tls.ts';
import type { TlsInForce } from '../engine.ts';

/** No files; ticket keys that nobody else has, but all instances of this engine. */
export function noMaterial(): TlsMaterial {
  return { files: [], tickets: { secret: randomBytes(32).toString('base64'), epoch: 0 } };
}

/** Each route of the plan that has TLS with its mode: wished for, else the plan's own. Other wishes are passed over. */
export function tlsFor(plan: Plan, { routes, material }: TlsInForce): TlsInForce {
  const wished = new Map(routes.map((wish) => [wish.route, wish]));
  return {
    material,
    routes: plan.routes.flatMap(({ name, tls }) =>
      tls === undefined ? [] : [wished.get(name) ?? { route: name, termination: tls.termination }],
    ),
  };
}

/** The wishes that hold after these: of routes that the plan has with TLS. */
export function wishesOver(
  plan: Plan,
  before: readonly RouteWish[],
  list: readonly RouteWish[],
): RouteWish[] {
  const secured = new Set(plan.routes.filter(({ tls }) => tls !== undefined).map(({ name }) => name));
  const all = new Map([...before, ...list].map((wish) => [wish.route, wish]));
  return [...all.values()].filter(({ route }) => secured.has(route));
}
