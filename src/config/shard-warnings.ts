// What admission makes of a configuration's routes, told where they stand: a route that loses its host, one that no shard
// serves, or several do; a shard that serves none. All of it can be meant, so none of it is an error.

import { type Admission, admit, type RouteStatus } from '../domain/admission.ts';
import { nearest } from '../domain/nearest.ts';
import type { Bind, Plan, Route, Shard } from '../domain/plan.ts';
import { defaults } from './defaults.ts';
import type { Finding } from './problem.ts';

/** Paths count the plan's routes and shards, which are in the order of the configuration. */
export function shardWarnings(plan: Plan): Finding[] {
  const admission = admit(plan);
  return [
    ...plan.routes.flatMap((route, index) => {
      const statuses = admission.statuses.get(route.name) ?? [];
      return [
        ...namespaceWarnings(route, plan, index),
        ...routeWarnings(statuses, index),
        ...bindWarnings(route, statuses, plan, index),
      ];
    }),
    ...plan.shards.flatMap((shard, index) =>
      isIdle(shard, plan, admission)
        ? [
            {
              path: ['shards', index, 'name'],
              message: 'this shard serves no route, and its binds have no defaultBackend to send to',
              remedy: 'see its selectors, and the labels of routes and namespaces',
            },
          ]
        : [],
    ),
    ...plan.shards.flatMap(steeringWarnings),
  ];
}

/** More slots take the kernel seconds at each change of a rule. */
const quickTable = 150_000;

/** What cannot be steered by nft is handed over, which serves, too. */
function steeringWarnings({ steering, binds }: Shard, index: number): Finding[] {
  if (steering.by !== 'nft') return [];
  const path = ['shards', index];
  const unix = binds.flatMap(({ address }, bind) => (address.kind === 'unix' ? [bind] : []));
  return [
    ...unix.map((bind) => ({
      path: [...path, 'binds', bind, 'listen'],
      message: 'clients of a unix socket have no address that nft could steer by: they are handed over',
    })),
    ...(steering.tableSize > quickTable
      ? [
          {
            path: [...path, 'tableSize'],
            message: `with steering: nft every bind has a rule of ${steering.tableSize} slots, which takes the kernel seconds at each change`,
            remedy: `write ${defaults.tableSize}, or remove it`,
          },
        ]
      : []),
  ];
}

/** Only where selectors ask for labels of namespaces, and some have them: a name that is none of theirs may be mistyped. */
function namespaceWarnings({ namespace }: Route, { shards, namespaces }: Plan, index: number): Finding[] {
  const names = namespaces.map(({ name }) => name);
  const asked = shards.some(({ namespaceSelector }) => namespaceSelector !== undefined);
  if (!asked || names.length === 0 || namespace === 'default' || names.includes(namespace)) return [];
  const meant = nearest(namespace, names);
  return [
    {
      path: ['routes', index, 'namespace'],
      message: `"${namespace}" is not listed under namespaces:, so it has no labels for a namespaceSelector`,
      ...(meant !== undefined && { remedy: `did you mean ${meant}?` }),
    },
  ];
}

/** A shard that admits it may have no bind that could carry it. That none of the plan has one is told once, at the binds. */
function bindWarnings(
  { tls }: Route,
  statuses: readonly RouteStatus[],
  { shards }: Plan,
  index: number,
): Finding[] {
  const policy = tls?.insecureEdgeTerminationPolicy ?? 'Allow';
  const carries = ({ mode }: Bind): boolean =>
    (mode === 'tls' && tls !== undefined) || (mode === 'http' && policy === 'Allow');
  if (!shards.some(({ binds }) => binds.some(carries))) return [];
  const admitting = new Set(statuses.filter(({ admitted }) => admitted).map(({ shard }) => shard));
  return shards
    .filter(({ name, binds }) => admitting.has(name) && !binds.some(carries))
    .map(({ name }) => ({
      path: ['routes', index, 'name'],
      message: `the shard ${name} takes it, and has no bind of mode ${tls === undefined ? 'http' : 'tls'}: it is not served there`,
      remedy: `add such a bind to ${name}, or have another shard select it`,
    }));
}

function routeWarnings(statuses: readonly RouteStatus[], index: number): Finding[] {
  const path = ['routes', index];
  if (statuses.length === 0)
    return [
      {
        path: [...path, 'labels'],
        message: 'no shard selects this route: nothing serves it',
        remedy: 'change its labels, or the routeSelector of a shard, or make one shard the default',
      },
    ];
  const admitted = statuses.filter((status) => status.admitted).map(({ shard }) => shard);
  return [
    ...statuses.flatMap((status): Finding[] =>
      status.admitted
        ? []
        : [
            {
              path: [...path, status.reason === 'ExtendedValidationFailed' ? 'path' : 'host'],
              message: `the shard ${status.shard} does not serve it (${status.reason}): ${status.message}`,
              ...(status.by !== undefined && { remedy: 'change host or path of one of them' }),
            },
          ],
    ),
    ...(admitted.length > 1
      ? [
          {
            path: [...path, 'labels'],
            message: `it is served by ${admitted.length} shards: ${admitted.join(', ')}`,
            remedy: 'have their selectors tell routes apart, or write default: true at one of them',
          },
        ]
      : []),
  ];
}

/** One shard without any route at all is told at its binds. */
function isIdle({ name, binds }: Shard, { routes }: Plan, { served }: Admission): boolean {
  return (
    routes.length > 0 &&
    served.get(name)?.length === 0 &&
    binds.some(({ mode, backend }) => mode !== 'tcp' && backend === undefined)
  );
}
