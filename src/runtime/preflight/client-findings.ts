// What a switch means before any server is asked: what forbids it, what clients need, and what they lose. Pure.

import { basename } from 'node:path';
import { admit } from '../../domain/admission.ts';
import { namesCover } from '../../domain/certificate-choice.ts';
import type { CertificateEntity } from '../../domain/model.ts';
import type { Backend, Bind, Plan, Route } from '../../domain/plan.ts';
import type { PreflightFinding } from '../../domain/preflight.ts';
import { safe } from '../../domain/safe.ts';
import type { Termination } from '../../domain/tls.ts';
import { tlsConflict } from '../../domain/tls-conflicts.ts';
import { spokenDuration } from '../../domain/units.ts';

export interface ClientCase {
  readonly route: Route;
  readonly from: Termination;
  readonly to: Termination;
  readonly plan: Plan;
  /** What a client of the route's host gets, were its TLS ended here. */
  readonly certificate: CertificateEntity | undefined;
  readonly connections: Readonly<Record<Termination, number>>;
  terminationOf(route: Route): Termination | undefined;
  /** Wall clock. */
  readonly now: number;
}

const day = 86_400_000;
/** ACME clients renew a month before the end: what is this near has gone wrong. */
const nearExpiryMs = 14 * day;

export function clientFindings(of: ClientCase): PreflightFinding[] {
  const { to, from } = of;
  return [
    ...conflictFindings(of),
    ...bindFindings(of),
    ...(to === 'passthrough' ? [] : [certificateFinding(of)]),
    ...(to === 'passthrough' && from !== 'passthrough' ? lostInPassthrough(of) : []),
    ...(to !== 'passthrough' && from === 'passthrough' ? gainedByEnding(of) : []),
    ...(to === 'reencrypt' ? verifyFindings(of) : []),
    ...connectionFindings(of),
  ];
}

function conflictFindings({ route, to, plan, terminationOf }: ClientCase): PreflightFinding[] {
  const conflict = tlsConflict(route, to, plan, terminationOf);
  return conflict === undefined
    ? []
    : [
        {
          subject: route.name,
          severity: 'unsafe',
          text: conflict.text,
          remedy: conflict.remedy,
          conflict: true,
        },
      ];
}

/** Of the shards that select the route, whoever else is there; of all, where none does. */
function bindsOf({ route, plan }: ClientCase, mode: Bind['mode']): Bind[] {
  const selecting = admit({ ...plan, routes: [route] }).statuses.get(route.name)!;
  const shards = plan.shards.filter(({ name }) => selecting.some(({ shard }) => shard === name));
  return (shards.length > 0 ? shards : plan.shards).flatMap(({ binds }) =>
    binds.filter((bind) => bind.mode === mode),
  );
}

function bindFindings(of: ClientCase): PreflightFinding[] {
  if (bindsOf(of, 'tls').length > 0) return [];
  return [
    {
      subject: 'tls binds',
      severity: 'warning',
      text: 'its shard has no bind of mode tls: no client comes to this route over TLS, in whatever mode it is',
      remedy: 'add a bind of mode tls to its shard',
    },
  ];
}

function certificateFinding({ route, certificate, plan, now }: ClientCase): PreflightFinding {
  const subject = 'certificate';
  const host = route.host === undefined ? undefined : safe(route.host, 100);
  if (certificate === undefined)
    return {
      subject,
      severity: 'unsafe',
      text: `no certificate${host === undefined ? '' : ` for ${host}`}: handshakes would end with the alert unrecognized_name`,
      remedy: "list one under certificates, or in the route's tls",
    };
  const { key, names, notBefore, notAfter, disk, selfSigned, issuer } = certificate;
  const file = safe(fileName(key, plan), 160);
  const unsafe = (text: string, remedy: string): PreflightFinding => ({
    subject,
    severity: 'unsafe',
    text,
    remedy,
  });
  if (notAfter <= now) return unsafe(`${file} has expired, ${days(now - notAfter)} ago`, 'renew it');
  if (notBefore > now)
    return unsafe(`${file} is not valid yet, but in ${days(notBefore - now)}`, 'wait, or use another');
  const list = safe(names.slice(0, 4).join(', '), 160);
  if (route.host !== undefined && !namesCover(names, route.host))
    return unsafe(
      `no certificate has the name ${host}: clients would get ${file}, which is for ${list}`,
      `list one for ${host} under certificates, or in the route's tls`,
    );
  const facts = `for ${list}, ${days(notAfter - now)} left, issuer ${selfSigned ? 'itself (self-signed)' : safe(issuer, 80)}: ${file}`;
  if (disk.state !== 'same')
    return {
      subject,
      severity: 'warning',
      text: `on disk it is ${disk.state}, the one before is served: ${facts}`,
    };
  return { subject, severity: notAfter - now < nearExpiryMs ? 'warning' : 'good', text: facts };
}

/** Its folder says nothing new, unless another one has a file of that name. */
function fileName(path: string, { certificates, routes }: Plan): string {
  const name = basename(path);
  const all = [...certificates, ...routes.flatMap(({ tls }) => tls?.certificate ?? [])].map(
    ({ cert }) => cert,
  );
  return all.some((other) => other !== path && basename(other) === name) ? path : name;
}

/** Whatever is done with requests needs requests that can be read. */
function lostInPassthrough(of: ClientCase): PreflightFinding[] {
  const { route } = of;
  const secured = bindsOf(of, 'tls');
  const cookies = backendsOf(of).filter(({ cookie }) => cookie !== undefined);
  const asked = secured.filter(({ tls }) => tls?.clientTLS !== undefined);
  const required = asked.some(({ tls }) => tls?.clientTLS?.clientCertificatePolicy === 'Required');
  const lost = [
    secured.some(({ forwardedHeaders }) => forwardedHeaders !== 'never') && 'X-Forwarded-* headers',
    route.tls?.hsts !== undefined && 'HSTS',
    'routing by path and Host',
    'retries',
    'requests in log and figures',
  ].filter((text) => text !== false);
  return [
    ...cookies.map(
      ({ name, cookie }): PreflightFinding => ({
        subject: name,
        severity: 'warning',
        text: `its cookie ${safe(cookie!.name, 60)} keeps no client on its server: passthrough neither reads nor sets it`,
      }),
    ),
    ...(asked.length === 0
      ? []
      : [
          {
            subject: route.name,
            severity: 'warning',
            text: `certificates of clients are ${required ? 'not required' : 'not asked for'} any more by us: in passthrough that is the servers' to do`,
          } as const,
        ]),
    {
      subject: route.name,
      severity: 'note',
      text: `without ${lost.join(', ')}; clients agree with the servers on protocol, cipher and certificate`,
    },
  ];
}

function gainedByEnding({ route }: ClientCase): PreflightFinding[] {
  return [
    {
      subject: route.name,
      severity: 'note',
      text: 'TLS ends here: clients see our certificate, get HTTP/1.1 alone, and cannot show their own certificate to the servers',
    },
  ];
}

function verifyFindings(of: ClientCase): PreflightFinding[] {
  return backendsOf(of)
    .filter(({ tls }) => tls?.verify === 'none')
    .map(({ name }) => ({
      subject: name,
      severity: 'warning',
      text: 'verify: none: anybody who can answer at the address of a server is taken for it',
      remedy: 'set tls.verify: required, with its authority in tls.ca',
    }));
}

function connectionFindings({ route, to, connections }: ClientCase): PreflightFinding[] {
  const open = (Object.entries(connections) as [Termination, number][]).filter(
    ([mode, count]) => mode !== to && count > 0,
  );
  if (open.length === 0) return [];
  const text = open.map(([mode, count]) => `${count} in ${mode}`).join(', ');
  return [{ subject: route.name, severity: 'note', text: `open connections stay as they are: ${text}` }];
}

function backendsOf({ route, plan }: ClientCase): Backend[] {
  const names = new Set(route.to.filter(({ weight }) => weight > 0).map(({ backend }) => backend));
  return plan.backends.filter(({ name }) => names.has(name));
}

function days(ms: number): string {
  return spokenDuration(
    ms >= day ? Math.floor(ms / day) * day : Math.max(60_000, Math.floor(ms / 60_000) * 60_000),
  );
}
