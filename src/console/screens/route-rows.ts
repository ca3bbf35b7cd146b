// The rows of the Routes screen: routes in the configuration's order, some of them with a switch told below.

import type { CertificateEntity, RouteEntity } from '../../domain/model.ts';
import type { RouteRates } from '../../domain/sample.ts';
import type { TlsSwitch } from '../../domain/tls-switch.ts';
import type { ListShape } from '../list-cursor.ts';
import { labelsText, type RouteTrouble, troubleOfRoute } from '../shard-look.ts';
import type { RoutesState } from '../state.ts';
import type { View } from '../view.ts';
import { isTold } from './switch-line.ts';

export interface RouteRow {
  readonly route: RouteEntity;
  readonly rates: RouteRates | undefined;
  readonly certificate: CertificateEntity | undefined;
  /** The newest switch, while there is something to say of it. */
  readonly told: TlsSwitch | undefined;
  readonly trouble: RouteTrouble | undefined;
}

const known = new WeakMap<View, { readonly filter: string; readonly rows: readonly RouteRow[] }>();

export function routeRows(view: View, { filter }: Pick<RoutesState, 'filter'>): readonly RouteRow[] {
  const last = known.get(view);
  if (last?.filter === filter) return last.rows;
  const rows = [...view.model.route.values()].flatMap((route) =>
    // Its words are only put together where there is something to find in them.
    filter === '' || matchesWords(filter, wordsOfRoute(view, route)) ? rowOf(view, route) : [],
  );
  known.set(view, { filter, rows });
  return rows;
}

export function rowOf(view: View, route: RouteEntity): RouteRow {
  const change = view.model.switch.get(route.name);
  return {
    route,
    rates: view.traffic.routes.get(route.name),
    certificate: certificateOf(view, route),
    trouble: view.model.shard.size === 0 ? undefined : troubleOfRoute(route),
    told: change !== undefined && isTold(change, view.now) ? change : undefined,
  };
}

/** What clients of its host are shown, where TLS ends with us. */
export function certificateOf(view: View, { tls }: RouteEntity): CertificateEntity | undefined {
  return tls?.certificate === undefined ? undefined : view.model.certificate.get(tls.certificate);
}

/** TLS ends with us, so that a certificate of ours is shown. */
export function endsWithUs({ tls }: RouteEntity): boolean {
  return tls !== undefined && tls.termination !== 'passthrough';
}

/** What is said of its certificate is told of the certificate already; who serves it, of the shards. */
export function warningsBesides({ warnings }: RouteEntity): readonly string[] {
  return warnings
    .filter(({ about, text }) => about !== 'certificate' && !/^served by /.test(text))
    .map(({ text }) => text);
}

function wordsOfRoute(view: View, route: RouteEntity): string {
  const { name, host = '*', path, tls, to, warnings } = route;
  const mode = tls === undefined ? 'plain' : tls.termination;
  const overridden = tls !== undefined && tls.termination !== tls.configuredTermination ? 'overridden' : '';
  const change = view.model.switch.get(name);
  return [
    name,
    `${host}${path}`,
    mode,
    overridden,
    change?.phase ?? '',
    ...to.map(({ backend }) => backend),
    ...warnings.map(({ text }) => text),
    ...shardWords(view, route),
  ]
    .join(' ')
    .toLowerCase();
}

/** "orphaned", "refused hostalreadyclaimed", "doubly-served", shards by name, labels as they are written. */
function shardWords(view: View, route: RouteEntity): string[] {
  const { namespace, labels, configuredLabels, shards } = route;
  const trouble = view.model.shard.size === 0 ? undefined : troubleOfRoute(route);
  const isRelabelled = labelsText({ labels }) !== labelsText({ labels: configuredLabels });
  return [
    namespace,
    labelsText({ labels }),
    isRelabelled ? 'overridden' : '',
    trouble === undefined ? '' : trouble === 'doubly' ? 'doubly-served' : trouble,
    ...shards.flatMap((status) =>
      status.admitted ? [status.shard] : [status.shard, 'refused', status.reason],
    ),
  ];
}

/** Each word of the filter is somewhere in the text. */
export function matchesWords(filter: string, text: string): boolean {
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function linesOfRoute({ told }: RouteRow): number {
  return told === undefined ? 1 : 2;
}

/** Lines above the rows: how many there are, and the head of the table. */
export const aboveRoutes = 2;

export function routeList(rows: readonly RouteRow[], height: number): ListShape {
  return {
    keys: rows.map(({ route }) => route.name),
    rows: Math.max(1, height - aboveRoutes),
    heightOf: (index) => linesOfRoute(rows[index]!),
  };
}
