// A trace against what the data plane itself does with the same plan: its tables, its routing of requests, its routes.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { admit } from '../../src/domain/admission.ts';
import type { CertificateEntity } from '../../src/domain/model.ts';
import type { Plan, Route } from '../../src/domain/plan.ts';
import type { Termination } from '../../src/domain/tls.ts';
import { trace } from '../../src/domain/trace.ts';
import { BindRuntime, RouteRuntime } from '../../src/proxy/bind-runtime.ts';
import type { RequestHead } from '../../src/proxy/http/request-head.ts';
import { RequestRouting } from '../../src/proxy/http/request-routing.ts';
import { compileRouteTables } from '../../src/proxy/route-tables.ts';
import { bind, route, shard, shardedPlan, tls } from './sharded-plans.ts';

const names = ['a.t', 'b.a.t', 'c.t', 'x.b.a.t', 'z.z'];
const someRoute = fc.record({
  host: fc.constantFrom('a.t', 'b.a.t', '*.a.t', '*.b.a.t', 'c.t', undefined),
  path: fc.constantFrom('/', '/p', '/p/q'),
  mode: fc.constantFrom<(Termination | undefined)[]>('edge', 'reencrypt', 'passthrough', undefined),
  policy: fc.constantFrom('None' as const, 'Allow' as const, 'Redirect' as const),
  labels: fc.constantFrom<Record<string, string>[]>({}, { sharded: 'true' }),
});
const somePlan = fc.array(someRoute, { maxLength: 8 }).map((routes) =>
  shardedPlan({
    shards: [
      shard('default', { isDefault: true, binds: [bind('http', 'http'), bind('tls', 'tls')] }),
      shard('sharded', { routeSelector: { matchLabels: { sharded: 'true' } } }),
    ],
    routes: routes.map(({ host, path, mode, policy, labels }, i): Route => {
      const { host: _, ...made } = route(`r${i}`, { path, labels });
      const secured = mode && tls(mode, { insecureEdgeTerminationPolicy: policy });
      return { ...made, ...(host !== undefined && { host }), ...(secured && { tls: secured }) };
    }),
  }),
);
const someRequest = fc.record({
  secure: fc.boolean(),
  host: fc.constantFrom(...names),
  sni: fc.constantFrom(undefined, undefined, ...names),
  target: fc.constantFrom('/', '/p', '/p/q/r', '/pq', '/p?x=1'),
});
type Request = typeof someRequest extends fc.Arbitrary<infer R> ? R : never;

/** "passthrough r1", "forward r2", "redirect r3", "misdirected", "none": as a session of the data plane decides it. */
function decided(plan: Plan, { secure, host, sni, target }: Request): string {
  const runtimes = admit(plan)
    .served.get('default')!
    .map((each) => new RouteRuntime(each, () => undefined));
  const tables = compileRouteTables(runtimes);
  if (secure) {
    const hello = tables.bySni(sni ?? host);
    if (hello?.tls?.termination === 'passthrough') return `passthrough ${hello.name}`;
  }
  const door = new BindRuntime(plan.shards[0]!.binds[0]!);
  door.routes = tables;
  const plane = { terminations: new Map(), serverProfiles: undefined as never };
  const entrance = secure ? { terminations: new Map(), live: undefined as never } : undefined;
  const routing = new RequestRouting(door, plane, entrance);
  const way = routing.find({ hostName: host, target, originTarget: '' } as RequestHead);
  if (way === 'misdirected') return way;
  return routing.route === undefined ? 'none' : `${way} ${routing.route.name}`;
}

function traced(plan: Plan, { secure, host, sni, target }: Request): string {
  const certificate = { key: 'any.pem', names } as unknown as CertificateEntity;
  const { steps, result } = trace(
    { url: `${secure ? 'https' : 'http'}://${host}${target}`, ...(secure && sni !== undefined && { sni }) },
    {
      plan,
      admission: admit(plan),
      addresses: new Map(),
      terminationOf: (name) => plan.routes.find((each) => each.name === name)?.tls?.termination,
      servers: new Map(),
      certificateOf: () => certificate,
      serving: new Set(['default/1', 'sharded/1']),
    },
  );
  if (result.includes('421: ')) return 'misdirected';
  const chosen = steps.find(({ what }) => what === 'route')?.chosen;
  if (chosen === undefined) return 'none';
  if (result.includes('302 to')) return `redirect ${chosen}`;
  const passes = steps.some(({ what, chosen: mode }) => what === 'tls' && mode === 'passthrough');
  return `${passes ? 'passthrough' : 'forward'} ${chosen}`;
}

it('a trace says what the data plane does', () => {
  fc.assert(
    fc.property(somePlan, someRequest, (plan, request) => {
      expect(traced(plan, request)).toBe(decided(plan, request));
    }),
    { numRuns: 1_000 },
  );
});

it('a trace names every other route at most once, and never the chosen one', () => {
  fc.assert(
    fc.property(somePlan, someRequest, (plan, { secure, host, target }) => {
      const { steps } = trace(
        { url: `${secure ? 'https' : 'http'}://${host}${target}` },
        {
          plan,
          admission: admit(plan),
          addresses: new Map(),
          terminationOf: (name) => plan.routes.find((each) => each.name === name)?.tls?.termination,
          servers: new Map(),
          certificateOf: () => undefined,
          serving: new Set(['default/1']),
        },
      );
      for (const { chosen, others } of steps) {
        const listed = others.map(({ name }) => name);
        expect(new Set(listed).size).toBe(listed.length);
        expect(listed).not.toContain(chosen);
      }
    }),
  );
});
