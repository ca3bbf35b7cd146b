// What a probe of one server means for the mode that its route is to be switched to. Pure: evidence in, one line out.

import { namesCover } from '../../domain/certificate-choice.ts';
import { unknownAuthority } from '../../domain/handshake-failure.ts';
import type { Address } from '../../domain/plan.ts';
import type { PreflightFinding } from '../../domain/preflight.ts';
import { safe } from '../../domain/safe.ts';
import type { Termination } from '../../domain/tls.ts';
import { spokenDuration } from '../../domain/units.ts';
import type { PlainAnswer } from './plain-probe.ts';
import type { Probed } from './probe-server.ts';
import type { ShownCertificate, ShownTls } from './tls-probe.ts';

export interface ServerCase {
  /** "web/app1". */
  readonly subject: string;
  readonly to: Termination;
  readonly address: Address;
  /** Of the route: what clients of a passed-through connection want to see in the certificate. */
  readonly host: string | undefined;
  /** Of re-encrypted traffic: the name that the certificate must have. */
  readonly expectedName: string;
  readonly verify: 'required' | 'none';
  /** Wall clock. */
  readonly now: number;
}

type Judged = Omit<PreflightFinding, 'subject'>;

const day = 86_400_000;
/** ACME clients renew a month before the end: what is this near has gone wrong. */
const nearExpiryMs = 14 * day;

export function serverFinding(of: ServerCase, probed: Probed): PreflightFinding {
  return { subject: of.subject, ...(of.to === 'edge' ? plainFinding(of, probed) : tlsFinding(of, probed)) };
}

function plainFinding({ address }: ServerCase, { plain, tls }: Probed): Judged {
  const where = portText(address);
  if (tls?.kind === 'tls') {
    const said = plain?.kind === 'http' ? `, and answers plain HTTP with ${plain.line}` : ', not plain HTTP';
    return {
      severity: 'unsafe',
      text: `speaks ${tls.version} ${where}${said}`,
      remedy: 'give it the address where it speaks plain HTTP (and tlsPort for TLS), or use reencrypt',
    };
  }
  switch (plain?.kind) {
    case 'http':
      return plain.status >= 500
        ? { severity: 'warning', text: `speaks plain HTTP ${where}, but answers ${plain.line}` }
        : { severity: 'good', text: `speaks plain HTTP ${where}: ${plain.line}` };
    case 'unreachable':
      return unreachable(where, plain.text);
    default:
      return {
        severity: 'unsafe',
        text: `does not speak plain HTTP ${where}: ${plainText(plain)}`,
        remedy: 'give it the address where it speaks plain HTTP',
      };
  }
}

function tlsFinding(of: ServerCase, { tls, plain, withoutSni }: Probed): Judged {
  const where = portText(of.address);
  switch (tls?.kind) {
    case 'tls':
      return of.to === 'passthrough'
        ? passedFinding(of, tls, withoutSni)
        : reencryptFinding(of, tls, withoutSni);
    case 'failed': {
      if (plain?.kind === 'http')
        return {
          severity: 'unsafe',
          text: `answers plain HTTP ${where}: ${plain.line}`,
          remedy: 'give it the port where it speaks TLS (tlsPort)',
        };
      const evidence = plain?.kind === 'other' ? ` (${plain.text})` : '';
      return {
        severity: 'unsafe',
        text: `no TLS ${where}: ${tls.failure.text}${evidence}`,
        ...(tls.failure.fault === 'not-tls' && { remedy: 'give it the port where it speaks TLS (tlsPort)' }),
      };
    }
    case 'fault':
      return { severity: 'unsafe', text: `cannot be spoken to over TLS: ${tls.text}` };
    default:
      return unreachable(where, tls?.text ?? 'not probed');
  }
}

/** We are the ones who verify: as HAProxy's `verify required`, or not at all. */
function reencryptFinding(of: ServerCase, tls: ShownTls, withoutSni: Probed['withoutSni']): Judged {
  const where = portText(of.address);
  const { certificate, chainFault, nameFault, answer, lateRefusal } = tls;
  if (lateRefusal !== undefined)
    return {
      severity: 'unsafe',
      text: `${lateRefusal}: ${tls.version} ${where}`,
      remedy: "set certificate and key in its backend's tls",
    };
  if (of.verify === 'required' && chainFault !== undefined)
    return {
      severity: 'unsafe',
      text: `${chainFault}${expiredFor(certificate, of.now)}: ${shown(certificate)}, ${tls.version} ${where}`,
      remedy: dated(certificate, of.now)
        ? 'renew its certificate'
        : "name its authority in the backend's tls.ca, or in the route's destinationCACertificate",
    };
  if (of.verify === 'required' && nameFault !== undefined)
    return {
      severity: 'unsafe',
      text: `${nameFault}: ${tls.version} ${where}`,
      remedy: 'set tls.serverName of its backend to a name that the certificate has',
    };
  const trust =
    of.verify === 'none'
      ? `not verified (verify: none)${chainFault === undefined ? '' : `, ${chainFault}`}`
      : `chain good for ${safe(of.expectedName, 80)}`;
  const name = of.verify === 'none' ? undefined : of.expectedName;
  const facts = `${trust}, ${expiry(certificate, of.now)}: ${tls.version} ${where}, ${shown(certificate, name)}${sniText(withoutSni)}`;
  if (answer !== undefined && 'fault' in answer)
    return { severity: 'unsafe', text: `no HTTP over its TLS: ${answer.fault}; ${facts}` };
  if (answer !== undefined && (answer.status >= 500 || answer.status === 421))
    return { severity: 'warning', text: `answers ${answer.line}; ${facts}` };
  return { severity: severityOf(of, certificate), text: facts };
}

/** Its clients are the ones who verify, and what they trust is theirs to know. */
function passedFinding(of: ServerCase, tls: ShownTls, withoutSni: Probed['withoutSni']): Judged {
  const where = portText(of.address);
  const { certificate, chainFault } = tls;
  const { host } = of;
  if (dated(certificate, of.now))
    return {
      severity: 'unsafe',
      text: `clients will see a certificate that ${certificate.notAfter <= of.now ? 'has expired' : 'is not yet valid'}${expiredFor(certificate, of.now)}: ${shown(certificate)}, ${tls.version} ${where}`,
      remedy: 'renew its certificate',
    };
  if (host !== undefined && !namesCover(certificate.names, host))
    return {
      severity: 'unsafe',
      text: `clients will see a certificate that is not for ${safe(host, 100)} but for ${namesText(certificate)}: ${tls.version} ${where}, ${shown(certificate)}`,
      remedy: `give it a certificate for ${safe(host, 100)}`,
    };
  const name = host === undefined ? '' : ` for ${safe(host, 100)}`;
  const evidence = `${tls.version} ${where}, ${shown(certificate, host)}${sniText(withoutSni)}`;
  const left = expiry(certificate, of.now);
  if (chainFault !== undefined)
    return {
      severity: 'warning',
      text: `${distrust(chainFault)}: clients must trust it;${name}${name === '' ? ' ' : ', '}${left}: ${evidence}`,
    };
  return { severity: severityOf(of, certificate), text: `chain good${name}, ${left}: ${evidence}` };
}

function severityOf({ now }: ServerCase, { notAfter }: ShownCertificate): 'good' | 'warning' {
  return notAfter - now < nearExpiryMs ? 'warning' : 'good';
}

function unreachable(where: string, why: string): Judged {
  return { severity: 'unsafe', text: `does not answer ${where}: ${why}` };
}

function plainText(plain: PlainAnswer | undefined): string {
  if (plain === undefined) return 'not probed';
  if (plain.kind === 'tls') return 'it answers with a TLS alert';
  return plain.kind === 'http' ? plain.line : plain.text;
}

function sniText(withoutSni: Probed['withoutSni']): string {
  if (withoutSni === undefined || withoutSni === 'same') return '';
  if ('refused' in withoutSni) return ', needs SNI';
  return `, shows ${safe(withoutSni.names.slice(0, 2).join(', ') || 'another certificate', 80)} without SNI`;
}

/** `said`: the name that stands in the sentence already. */
function shown({ commonName, names, issuer }: ShownCertificate, said?: string): string {
  const name = commonName ?? names[0] ?? '?';
  return `${name === said ? '' : `CN=${safe(name, 80)}, `}issuer ${safe(issuer, 60)}`;
}

function namesText({ names }: ShownCertificate): string {
  if (names.length === 0) return 'nobody';
  return `${safe(names.slice(0, 4).join(', '), 160)}${names.length > 4 ? ` and ${names.length - 4} more` : ''}`;
}

/** What this machine does not know, clients may: the words must not sound as if it were wrong. */
function distrust(chainFault: string): string {
  return chainFault === unknownAuthority ? 'authority unknown here' : `${chainFault}, as seen from here`;
}

function dated({ notBefore, notAfter }: ShownCertificate, now: number): boolean {
  return notAfter <= now || notBefore > now;
}

function expiry({ notAfter }: ShownCertificate, now: number): string {
  return notAfter <= now ? `expired ${days(now - notAfter)} ago` : `${days(notAfter - now)} left`;
}

function expiredFor({ notBefore, notAfter }: ShownCertificate, now: number): string {
  if (notAfter <= now) return `, since ${days(now - notAfter)}`;
  return notBefore > now ? `, valid in ${days(notBefore - now)}` : '';
}

function days(ms: number): string {
  return spokenDuration(
    ms >= day ? Math.floor(ms / day) * day : Math.max(60_000, Math.floor(ms / 60_000) * 60_000),
  );
}

function portText(address: Address): string {
  return address.kind === 'unix' ? `on ${safe(address.path, 100)}` : `on port ${address.port}`;
}
