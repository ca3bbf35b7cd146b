// Which certificate a client is shown: by the name it asks for, from the plan's files as the runtime read them. A route's
// own comes first for its host, then an exact name, then a wildcard, then the default. What is made of them for
// handshakes is made when the first one needs it.

import { createHash } from 'node:crypto';
import type { Bind, Plan } from '../../domain/plan.ts';
import { compileRoutes, type RouteTable } from '../../domain/route-table.ts';
import type { TlsMaterial } from '../../domain/tls.ts';
import { NameTable } from './certificate-names.ts';
import { Credentials } from './credentials.ts';
import { type Contents, type Identity, readIdentity, textOf } from './identity.ts';
import { TicketKeys } from './ticket-keys.ts';

/** Certificates for the same names: at most one of each type of key, the first one written. */
interface Shown {
  readonly identities: Identity[];
  /** By what the bind asks for. */
  readonly made: Map<string, Credentials>;
}

interface OwnOfRoute {
  readonly host: string | undefined;
  readonly path: string;
  readonly shown: Shown;
}

const noOwn: RouteTable<OwnOfRoute> = compileRoutes<OwnOfRoute>([]);

export class CertificateStore {
  #own = noOwn;
  #names = new NameTable<Shown>();
  #default: Shown | undefined;
  #files: ReadonlyMap<string, Buffer> = new Map();
  #tickets: TicketKeys | undefined;
  /** All that are in use, to be told of another ticket key. */
  #all: Credentials[] = [];
  #policies = new WeakMap<Bind, string>();

  /**
   * Other certificates from the next handshake on. What cannot be used is left out; answers why, one line each.
   * The runtime has checked them all before, so that nothing is left out in the run of things.
   */
  use(plan: Plan, material: TlsMaterial): string[] {
    this.#files = new Map(material.files.map(({ path, content }) => [path, Buffer.from(content, 'base64')]));
    this.#all = [];
    this.#policies = new WeakMap();
    if (this.#tickets?.isOf(material.tickets) !== true) this.#tickets = new TicketKeys(material.tickets);
    const problems = new Set<string>();
    const read = this.#reader(problems);

    const names = new NameTable<Shown>();
    let first: Shown | undefined;
    for (const files of plan.certificates) {
      const identity = read(files);
      if (identity === undefined) continue;
      for (const name of identity.names) show(names.entry(name, nothingShown), identity);
      // One with the other type of key, for the very same names, belongs to the default as well.
      if (first === undefined) first = { identities: [identity], made: new Map() };
      else if (`${identity.names}` === `${first.identities[0]!.names}`) show(first, identity);
    }

    const own = new Map<string, OwnOfRoute>();
    for (const { host, tls } of plan.routes) {
      const identity = tls?.certificate === undefined ? undefined : read(tls.certificate);
      if (identity === undefined) continue;
      const entry = own.get(host ?? '') ?? { host, path: '/', shown: nothingShown() };
      own.set(host ?? '', entry);
      show(entry.shown, identity);
    }
    this.#names = names;
    this.#default = first;
    this.#own = own.size === 0 ? noOwn : compileRoutes([...own.values()]);
    for (const { tls } of plan.shards.flatMap(({ binds }) => binds)) {
      if (tls?.clientTLS === undefined) continue;
      attempt(problems, () => textOf(tls.clientTLS!.clientCA, this.#contents));
    }
    return [...problems];
  }

  /**
   * What handshakes for this name are done with on this bind; undefined: no certificate has it, and there is no default.
   * `wall`: milliseconds since 1970, for the ticket keys of the hour.
   * @throws Error naming the file that the bind's settings need and that cannot be used
   */
  credentialsFor(sni: string | undefined, bind: Bind, wall: number): Credentials | undefined {
    if (this.#tickets?.advance(wall)) for (const each of this.#all) each.setTicketKey(this.#tickets.key);
    const shown =
      this.#own.match(sni, '')?.shown ??
      (sni === undefined ? undefined : this.#names.find(sni)) ??
      this.#default;
    if (shown === undefined || this.#tickets === undefined) return undefined;
    const policy = this.#policyOf(bind);
    let credentials = shown.made.get(policy);
    if (credentials === undefined) {
      credentials = new Credentials(shown.identities, {
        minVersion: bind.tls?.minVersion ?? 'TLSv1.2',
        clientCertificates: this.#clientCertificates(bind),
        sessionIdContext: policy,
        ticketKey: this.#tickets.key,
      });
      shown.made.set(policy, credentials);
      this.#all.push(credentials);
    }
    return credentials;
  }

  readonly #contents: Contents = (path) => this.#files.get(path);

  #clientCertificates(bind: Bind): { readonly required: boolean; readonly ca: string } | undefined {
    const client = bind.tls?.clientTLS;
    if (client === undefined) return undefined;
    return {
      required: client.clientCertificatePolicy === 'Required',
      ca: textOf(client.clientCA, this.#contents),
    };
  }

  /**
   * Binds that ask the same of clients, with the same authorities, let them resume each other's sessions; others don't
   * (32 bytes, the most that OpenSSL takes for a session's context).
   */
  #policyOf(bind: Bind): string {
    let policy = this.#policies.get(bind);
    if (policy === undefined) {
      const client = this.#clientCertificates(bind);
      policy = createHash('sha256')
        .update(JSON.stringify([bind.tls?.minVersion, client?.required, client?.ca]))
        .digest('hex')
        .slice(0, 32);
      this.#policies.set(bind, policy);
    }
    return policy;
  }

  /** Files that several entries name are read once. */
  #reader(problems: Set<string>): (files: Parameters<typeof readIdentity>[0]) => Identity | undefined {
    const known = new Map<string, Identity | undefined>();
    return (files) => {
      const key = JSON.stringify([files.cert, files.key, files.ocsp]);
      if (!known.has(key))
        known.set(
          key,
          attempt(problems, () => readIdentity(files, this.#contents)),
        );
      return known.get(key);
    };
  }
}

const nothingShown = (): Shown => ({ identities: [], made: new Map() });

function show({ identities }: Shown, identity: Identity): void {
  if (!identities.some(({ keyType }) => keyType === identity.keyType)) identities.push(identity);
}

function attempt<T>(problems: Set<string>, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    problems.add(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
