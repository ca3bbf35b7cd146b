// A route as it stands in the model: what is in force of its TLS, and what an operator should know of it.

import { namesCover } from '../domain/certificate-choice.ts';
import type { CertificateEntity, RouteEntity, RouteWarning } from '../domain/model.ts';
import type { Plan, Route } from '../domain/plan.ts';
import { safe } from '../domain/safe.ts';
import type { Termination } from '../domain/tls.ts';
import { spokenDuration } from '../domain/units.ts';

export interface RouteContext {
  readonly plan: Plan;
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
  const { name, host, path, to, tls } = route;
  const certificate = tls && context.certificateOf(host, name);
  return {
    name,
    path,
    to,
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
    warnings: warningsOf(route, termination, certificate, context),
  };
}

/** Backends whose servers' certificates are not verified. */
export function unverified({ to }: Route, { backends }: Plan): readonly string[] {
  return to.flatMap(({ backend }) =>
    backends.some((each) => each.name === backend && each.tls?.verify === 'none') ? [backend] : [],
  );
}

function warningsOf(
  route: Route,
  termination: Termination | undefined,
  certificate: CertificateEntity | undefined,
  { plan, now }: RouteContext,
): RouteWarning[] {
  const binds = plan.shards.flatMap((shard) => shard.binds);
  const has = (mode: 'http' | 'tls'): boolean => binds.some((bind) => bind.mode === mode);
  const { tls, host } = route;
  if (!tls || !termination) {
    return has('http') ? [] : [{ about: 'route', text: 'no bind of mode http: it is not served anywhere' }];
  }
  const { insecureEdgeTerminationPolicy: policy, hsts } = tls;
  const unsafe = termination === 'reencrypt' ? unverified(route, plan) : [];
  const ofRoute = [
    unsafe.length > 0 && `verify: none: certificates of servers of ${unsafe.join(' and ')} are not verified`,
    !has('tls') &&
      `no bind of mode tls: ${policy === 'Allow' ? 'it is served as plain HTTP alone' : 'it is not served anywhere'}`,
    policy === 'Redirect' && !has('http') && 'Redirect has no effect: there is no bind of mode http',
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
