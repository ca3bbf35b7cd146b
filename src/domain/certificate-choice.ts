// Which certificate a client is shown, by the name that it asks for: the one rule that the data plane serves by, the
// model tells of, and a preflight asks. An exact name goes before a wildcard, a longer wildcard before a shorter one, the
// default comes last; among equals a route's own certificate goes before the plan's, and the one listed first.

import type { Plan } from './plan.ts';
import type { CertificateFiles } from './tls.ts';

/** A certificate that the plan names for clients. */
export interface PlannedCertificate {
  readonly files: CertificateFiles;
  /** Of a route's own certificate: the host it is served for, whatever names it has. */
  readonly host?: string;
}

/** What the choice needs to know. `host` as of PlannedCertificate. */
export interface NamedCertificate {
  /** As certificateNames() gives them. */
  readonly names: readonly string[];
  readonly host?: string;
  /** "rsa", "ec", … (Node's KeyObject.asymmetricKeyType): one of each may be served side by side. */
  readonly keyKind: string;
}

/** Every certificate for clients that a plan names, in the order in which they are chosen among equals. */
export function plannedCertificates(plan: Pick<Plan, 'certificates' | 'routes'>): PlannedCertificate[] {
  return [
    ...plan.routes.flatMap(({ host, tls }): PlannedCertificate[] =>
      tls?.certificate === undefined || host === undefined ? [] : [{ files: tls.certificate, host }],
    ),
    ...plan.certificates.map((files) => ({ files })),
  ];
}

/** The one that a client gets first; undefined: none has the name, and there is no default. */
export function certificateFor<C extends NamedCertificate>(
  host: string | undefined,
  certificates: readonly C[],
): C | undefined {
  return certificateChoice(certificates)(host)[0];
}

/**
 * Compiled for many questions. Answers what to offer side by side, at most one of each kind of key, the preferred one
 * first; empty: no certificate has the name, and there is no default. `host` may be of any case.
 */
export function certificateChoice<C extends NamedCertificate>(
  certificates: readonly C[],
): (host: string | undefined) => readonly C[] {
  const exact = new Map<string, C[]>();
  /** By what follows the "*": ".example.com". Of certificates for one label, of routes for one or more. */
  const oneLabel = new Map<string, C[]>();
  const anyDepth = new Map<string, C[]>();
  // A route's certificate is for its own host; the plan's are for the names they have.
  for (const certificate of [...certificates].sort(routesFirst)) {
    for (const name of certificate.host === undefined ? certificate.names : [certificate.host]) {
      if (!name.startsWith('*.')) add(exact, name, certificate);
      else add(certificate.host === undefined ? oneLabel : anyDepth, name.slice(1), certificate);
    }
  }
  const fallback = defaultGroup(certificates);

  return (asked) => {
    if (asked === undefined || asked === '') return fallback;
    const name = asked.toLowerCase().replace(/\.$/, '');
    const found = exact.get(name);
    if (found !== undefined) return found;
    for (
      let dot = name.indexOf('.'), first = true;
      dot > 0;
      dot = name.indexOf('.', dot + 1), first = false
    ) {
      const suffix = name.slice(dot);
      const wild = anyDepth.get(suffix) ?? (first ? oneLabel.get(suffix) : undefined);
      if (wild !== undefined) return wild;
    }
    return fallback;
  };
}

/** The plan's first one, and of other kinds of key those that have the same names. */
function defaultGroup<C extends NamedCertificate>(certificates: readonly C[]): readonly C[] {
  const own = certificates.filter(({ host }) => host === undefined);
  const [first] = own;
  if (first === undefined) return [];
  const names = namesText(first);
  const group: C[] = [];
  for (const certificate of own) if (namesText(certificate) === names) addKind(group, certificate);
  return group;
}

function namesText({ names }: NamedCertificate): string {
  return [...names].sort().join(' ');
}

function routesFirst(a: NamedCertificate, b: NamedCertificate): number {
  return Number(a.host === undefined) - Number(b.host === undefined);
}

/** What a route names is not mixed with what the plan has for the same name. */
function add<C extends NamedCertificate>(groups: Map<string, C[]>, name: string, certificate: C): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, [certificate]);
  else if ((group[0]!.host === undefined) === (certificate.host === undefined)) addKind(group, certificate);
}

function addKind<C extends NamedCertificate>(group: C[], certificate: C): void {
  if (group.every(({ keyKind }) => keyKind !== certificate.keyKind)) group.push(certificate);
}

/**
 * DNS names and IP addresses of a certificate, lower case, in its order, each once; without any its common name, which
 * RFC 6125 6.4.4 allows as a last resort. Takes the texts of Node's X509Certificate.
 */
export function certificateNames(subjectAltName: string | undefined, subject: string | undefined): string[] {
  const names = alternativeNames(subjectAltName ?? '');
  if (names.length > 0) return [...new Set(names)];
  const commonName = /^CN=(.+)$/m.exec(subject ?? '')?.[1];
  return commonName === undefined ? [] : [commonName.toLowerCase()];
}

/** "DNS:a.example, IP Address:10.0.0.1, DNS:\"odd, name\"": Node quotes as JSON what could be misread. */
function alternativeNames(text: string): string[] {
  const names: string[] = [];
  for (const [, kind, quoted, plain] of text.matchAll(
    /([A-Za-z ]+):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/g,
  )) {
    if (kind !== 'DNS' && kind !== 'IP Address') continue;
    const name = quoted === undefined ? plain : unquoted(quoted);
    if (name !== undefined && name !== '') names.push(name.toLowerCase());
  }
  return names;
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}
