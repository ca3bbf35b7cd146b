// Why none of the other routes: each that could have been meant, nearest first.

import { admit } from './admission.ts';
import { nearest } from './nearest.ts';
import type { Route } from './plan.ts';
import { compileRoutes } from './route-table.ts';
import { safe } from './safe.ts';
import { selectorText } from './selector.ts';
import type { TraceFacts, TraceStep } from './trace.ts';
import type { Entrance } from './trace-entrance.ts';
import type { Asked } from './trace-question.ts';

/** What is looked at: host and path of a request that came plain or over TLS, or nothing but SNI. */
export type Kind = 'http' | 'tls' | 'passthrough';

interface Rival {
  readonly route: Route;
  /** 0 is nearest. */
  readonly distance: number;
  readonly why: string;
}

const most = 50;

export function routesBesides(
  chosen: Route | undefined,
  entrance: Entrance,
  asked: Asked,
  facts: TraceFacts,
  kind: Kind,
): TraceStep['others'] {
  const host = kind === 'passthrough' ? (asked.sni ?? '') : asked.host;
  const rivals = facts.plan.routes
    .filter((route) => route.name !== chosen?.name && isFor(route, host))
    .map((route) => rival(route, chosen, entrance, asked, facts, kind))
    .sort((a, b) => a.distance - b.distance);
  if (rivals.length > 0) return rivals.slice(0, most).map(({ route, why }) => ({ name: route.name, why }));
  return chosen === undefined ? slipOf(host, facts.plan.routes) : [];
}

/** The route table's own rule, asked of one route. */
function isFor(route: Pick<Route, 'host'>, host: string, path = '/', target = ''): boolean {
  return compileRoutes([{ host: route.host, path }]).match(host, target) !== undefined;
}

function rival(
  route: Route,
  chosen: Route | undefined,
  { shard }: Entrance,
  asked: Asked,
  facts: TraceFacts,
  kind: Kind,
): Rival {
  const { host, path, tls } = route;
  const because = (distance: number, why: string): Rival => ({ route, distance, why: safe(why, 400) });
  if (kind !== 'passthrough' && !isFor({}, '', path, asked.target))
    return because(4, `its path ${path} does not match`);
  const statuses = facts.admission.statuses.get(route.name) ?? [];
  const status = statuses.find((each) => each.shard === shard.name);
  if (status === undefined) {
    const serving = statuses.filter(({ admitted }) => admitted).map((each) => each.shard);
    const elsewhere =
      serving.length === 0 ? 'no shard serves it' : `it is served by shard ${serving.join(' and ')}`;
    return because(3, `${elsewhere}: ${notSelected(route, shard.name, facts)}`);
  }
  if (!status.admitted)
    return because(2, `refused by shard ${shard.name}: ${status.reason}: ${status.message}`);
  if (kind !== 'http' && tls === undefined)
    return because(1, 'it has no TLS: only binds of mode http serve it');
  const policy = tls?.insecureEdgeTerminationPolicy;
  if (kind === 'http' && tls !== undefined && policy !== 'Allow')
    return because(1, `it is not served in plain HTTP (insecureEdgeTerminationPolicy ${policy})`);
  if (kind === 'http' && facts.terminationOf(route.name) === 'passthrough')
    return because(1, 'it is passed through: its servers speak TLS with the client, or not at all');
  if (chosen === undefined)
    return because(0, 'it is passed through, on connections whose ClientHello names it');
  if (host !== chosen.host)
    return because(0, `its host ${host ?? '(any)'} is less exact than ${chosen.host ?? '(any)'}`);
  return because(0, kind === 'passthrough' ? 'it comes after the one chosen' : `its path ${path} is shorter`);
}

function notSelected(route: Route, shard: string, { plan }: TraceFacts): string {
  const own = plan.shards.find(({ name }) => name === shard);
  if (own === undefined) return '';
  // Without the others: is it by its own selectors that the shard has it not, or because another takes it?
  const alone = admit({ ...plan, shards: [own], routes: [route] }).statuses.get(route.name)!;
  if (alone.length > 0) return `default shard ${shard} has only what no other takes`;
  const labels = selectorText({ matchLabels: route.labels }) || 'none';
  return `its labels (${labels}) and namespace ${route.namespace} are not what ${shard} selects`;
}

/** Nothing is for this host: was another meant? */
function slipOf(host: string, routes: readonly Route[]): TraceStep['others'] {
  const meant = nearest(host, new Set(routes.flatMap((route) => route.host ?? [])));
  const route = routes.find((each) => each.host === meant && meant !== undefined);
  return route === undefined ? [] : [{ name: route.name, why: safe(`its host is ${route.host!}`, 300) }];
}
