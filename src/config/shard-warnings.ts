// What admission makes of a configuration's routes, told where they stand: a route that loses its host, one that no shard
// serves, or several do; a shard that serves none. All of it can be meant, so none of it is an error.

import { type Admission, admit, type RouteStatus } from '../domain/admission.ts';
import type { Plan, Shard } from '../domain/plan.ts';
import type { Finding } from './problem.ts';

/** Paths count the plan's routes and shards, which are in the order of the configuration. */
export function shardWarnings(plan: Plan): Finding[] {
  const admission = admit(plan);
  return [
    ...plan.routes.flatMap(({ name }, index) => routeWarnings(admission.statuses.get(name) ?? [], index)),
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
  ];
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
