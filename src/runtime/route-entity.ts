// A route as it stands in the model: what is in force of its TLS, and what an operator should know of it.

import type { Admission, RouteStatus } from '../domain/admission.ts';
import { namesCover } from '../domain/certificate-choice.ts';
import type { CertificateEntity, RouteEntity, RouteWarning } from '../domain/model.ts';
import type { Backend, Plan, Route, Shard } from '../domain/plan.ts';
import { safe } from '../domain/safe.ts';
import type { Labels } from '../domain/selector.ts';
import type { Termination } from '../domain/tls.ts';
import { spokenDuration } from '../domain/units.ts';

export interface RouteContext {
  readonly plan: Plan;
  /** Of that plan, with the TLS modes in force. */
  readonly admission: Admission;
  /** What the configuration says of a route's labels; undefined where it does not have the route. */
  configuredLabels(route: string): Labels | undefined;
  readonly now: number;
  /** What a client of this host gets, were its TLS ended here. */
  certificateOf(host: string | undefined, route: string): CertificateEntity | undefined;
}

const day = 86_400_000;
/** ACME clients renew a month before the end: what is this near has gone wrong. */
const nearExpiryMs = 14 * day;

export function routeEntity(
  route: Route,
  termination: Termination | undefined,
  context: RouteContext,
): RouteEntity {
  const { name, namespace, labels, host, path, to, tls } = route;
  const statuses = context.admission.statuses.get(name) ?? [];
  const certificate = tls && context.certificateOf(host, name);
  return {
    name,
    path,
    to,
    namespace,
    labels,
    configuredLabels: context.configuredLabels(name) ?? labels,
    shards: statuses,
    ...(host !== undefined && { host }),
    ...(tls &&
      termination && {
        tls: {
          termination,
          configuredTermination: tls.termination,
          insecureEdgeTerminationPolicy: tls.insecureEdgeTerminationPolicy,
          ...(tls.hsts !== undefined && { hsts: tls.hsts }),
          verify: unverified(route, context.plan).length > 0 ? 'none' : 'required',
          ...(certificate && { certificate: certificate.key }),
        },
      }),
    warnings: [
      ...warningsAbout('route', servingWarnings(statuses)),
      ...warningsOf(route, termination, certificate, servingShards(statuses, context.plan), context),
    ],
  };
}

/** Backends whose servers' certificates are not verified. */
export function unverified({ to }: Route, { backends }: Plan): readonly string[] {
  let names = unverifiedBackends.get(backends);
  if (names === undefined) {
    names = new Set(backends.filter(({ tls }) => tls?.verify === 'none').map(({ name }) => name));
    unverifiedBackends.set(backends, names);
  }
  return to.flatMap(({ backend }) => (names.has(backend) ? [backend] : []));
}

/** Plans never change, and every route of one asks. */
const unverifiedBackends = new WeakMap<readonly Backend[], ReadonlySet<string>>();

/** By whom it is served is a matter of selectors and admission: nobody, or several, is rarely what is meant. */
function servingWarnings(statuses: readonly RouteStatus[]): string[] {
  const serving = statuses.filter(({ admitted }) => admitted);
  const refused = statuses.flatMap((status) =>
    status.admitted ? [] : [`${status.shard}: ${status.reason}: ${status.message}`],
  );
  if (serving.length > 1)
    return [
      `served by ${serving.length} shards: ${serving.map(({ shard }) => shard).join(', ')}`,
      ...refused.map((text) => `refused by ${text}`),
    ];
  if (serving.length === 1) return refused.map((text) => `refused by ${text}`);
  if (refused.length === 0) return ['served by no shard: no selector takes it'];
  return refused.map((text) => `served by no shard: refused by ${text}`);
}

/** Those whose binds it can be served on; of a route that none serves, all: what else is wrong should be known too. */
function servingShards(statuses: readonly RouteStatus[], { shards }: Plan): readonly Shard[] {
  const serving = new Set(statuses.filter(({ admitted }) => admitted).map(({ shard }) => shard));
  return serving.size === 0 ? shards : shards.filter(({ name }) => serving.has(name));
}

function warningsOf(
  route: Route,
  termination: Termination | undefined,
  certificate: CertificateEntity | undefined,
  shards: readonly Shard[],
  { plan, now }: RouteContext,
): RouteWarning[] {
  const binds = shards.flatMap((shard) => shard.binds);
  const has = (mode: 'http' | 'tls'): boolean => binds.some((bind) => bind.mode === mode);
  const { tls, host } = route;
  const where =
    shards.length === plan.shards.length ? '' : ` in ${shards.map(({ name }) => name).join(' and ')}`;
  if (!tls || !termination) {
    const text = `no bind of mode http${where}: it is not served anywhere`;
    return has('http') ? [] : [{ about: 'route', text }];
  }
  const { insecureEdgeTerminationPolicy: policy, hsts } = tls;
  const unsafe = termination === 'reencrypt' ? unverified(route, plan) : [];
  const ofRoute = [
    unsafe.length > 0 && `verify: none: certificates of servers of ${unsafe.join(' and ')} are not verified`,
    !has('tls') &&
      `no bind of mode tls${where}: ${policy === 'Allow' ? 'it is served as plain HTTP alone' : policy === 'Redirect' && has('http') ? 'clients are redirected to where nothing serves it' : 'it is not served anywhere'}`,
    policy === 'Redirect' && !has('http') && `Redirect has no effect: there is no bind of mode http${where}`,
    policy === 'Allow' && hsts !== undefined && 'HSTS is sent, and plain HTTP is served as well (Allow)',
    termination === 'passthrough' && hsts !== undefined && 'HSTS is not added to what is passed through',
    termination !== 'passthrough' && uncovered(host, certificate),
  ];
  const ofCertificate =
    certificate === undefined || termination === 'passthrough' ? [] : certificateWarnings(certificate, now);
  return [...warningsAbout('route', ofRoute), ...warningsAbout('certificate', ofCertificate)];
}

function warningsAbout(about: RouteWarning['about'], texts: readonly (string | false)[]): RouteWarning[] {
  return texts.filter((text) => text !== false).map((text) => ({ about, text }));
}

function uncovered(host: string | undefined, certificate: CertificateEntity | undefined): string | false {
  if (!certificate) return `no certificate${host === undefined ? '' : ` for ${host}`}: its handshakes fail`;
  const { key, names } = certificate;
  return (
    host !== undefined &&
    !namesCover(names, host) &&
    `no certificate for ${host}: its clients get ${key} (${safe(names.join(', '), 120)})`
  );
}

function certificateWarnings(
  { key, notBefore, notAfter, disk }: CertificateEntity,
  now: number,
): (string | false)[] {
  const left = notAfter - now;
  const days = (ms: number): string =>
    spokenDuration(Math.floor(ms / day) * day || Math.floor(ms / 60_000) * 60_000);
  return [
    left <= 0 && `its certificate ${key} has expired`,
    left > 0 && left < nearExpiryMs && `its certificate ${key} expires in ${days(left)}`,
    notBefore > now && `its certificate ${key} is not valid yet`,
    disk.state !== 'same' && `its certificate ${key} on disk is ${disk.state}: the one before is served`,
  ];
}
