// Which certificate a client is shown, by the name that it asks for: the one rule that the data plane serves by, the
// model tells of, and a preflight asks. A route's own certificate goes before the plan's, an exact name before a wildcard, a
// longer wildcard before a shorter one; the default comes last. Among equals it is the one listed first.

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
  /** One of each may be served side by side. */
  readonly keyKind: 'rsa' | 'ecdsa';
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

/** RFC 6125 6.4.3: a wildcard stands for one label. Of a host that is a wildcard itself the same one is needed. */
export function namesCover(names: readonly string[], host: string): boolean {
  const dot = host.indexOf('.');
  return names.includes(host) || (dot > 0 && !host.startsWith('*') && names.includes(`*${host.slice(dot)}`));
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
  const own = new NameGroups<C>();
  const planned = new NameGroups<C>();
  for (const certificate of certificates) {
    if (certificate.host !== undefined) own.add(certificate.host, certificate);
    else for (const name of certificate.names) planned.add(name, certificate);
  }
  const fallback = defaultGroup(certificates);

  return (asked) => {
    if (asked === undefined || asked === '') return fallback;
    const name = asked.toLowerCase().replace(/\.$/, '');
    // A route's "*" stands for one label or more, a certificate's for one (RFC 6125 6.4.3).
    return own.find(name, Number.POSITIVE_INFINITY) ?? planned.find(name, 1) ?? fallback;
  };
}

class NameGroups<C extends NamedCertificate> {
  readonly #exact = new Map<string, C[]>();
  /** By what follows the "*": ".example.com". */
  readonly #wild = new Map<string, C[]>();

  add(name: string, certificate: C): void {
    const [groups, key] = name.startsWith('*.') ? [this.#wild, name.slice(1)] : [this.#exact, name];
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [certificate]);
    else addKind(group, certificate);
  }

  /** `depth`: how many labels a "*" may stand for. The longest name wins. */
  find(name: string, depth: number): readonly C[] | undefined {
    const exact = this.#exact.get(name);
    if (exact !== undefined || this.#wild.size === 0) return exact;
    let dot = name.indexOf('.');
    for (let labels = 1; dot > 0 && labels <= depth; labels++) {
      const group = this.#wild.get(name.slice(dot));
      if (group !== undefined) return group;
      dot = name.indexOf('.', dot + 1);
    }
    return undefined;
  }
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
