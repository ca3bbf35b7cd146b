// Which certificate a client is shown: by the name it asks for, from the plan's files as the runtime read them. The rule is
// certificate-choice.ts; what is made for handshakes is made when the first one needs it.

import { createHash } from 'node:crypto';
import {
  certificateChoice,
  type NamedCertificate,
  plannedCertificates,
} from '../../domain/certificate-choice.ts';
import type { Bind, Plan } from '../../domain/plan.ts';
import type { CertificateFiles, TlsMaterial } from '../../domain/tls.ts';
import { Credentials } from './credentials.ts';
import { type Contents, type Identity, readIdentity, textOf } from './identity.ts';
import { TicketKeys } from './ticket-keys.ts';

interface Candidate extends NamedCertificate {
  readonly identity: Identity;
  readonly files: CertificateFiles;
}

export class CertificateStore {
  #choice: (host: string | undefined) => readonly Candidate[] = () => [];
  /** What was made for handshakes with them, by what the bind asks for. */
  #made = new WeakMap<readonly Candidate[], Map<string, Credentials>>();
  #files: ReadonlyMap<string, Buffer> = new Map();
  #tickets: TicketKeys | undefined;
  /** All that are in use, to be told of another ticket key. */
  #all = new Map<string, Credentials>();
  #policies = new WeakMap<Bind, string>();

  /**
   * Other certificates from the next handshake on. What cannot be used is left out; answers why, one line each.
   * The runtime has checked them all before, so that nothing is left out in the run of things.
   */
  use(plan: Plan, material: TlsMaterial): string[] {
    this.#files = new Map(material.files.map(({ path, content }) => [path, Buffer.from(content, 'base64')]));
    this.#all = new Map();
    this.#policies = new WeakMap();
    if (this.#tickets?.isOf(material.tickets) !== true) this.#tickets = new TicketKeys(material.tickets);
    const problems = new Set<string>();
    const read = this.#reader(problems);

    this.#made = new WeakMap();
    this.#choice = certificateChoice(
      plannedCertificates(plan).flatMap(({ files, host }): Candidate[] => {
        const identity = read(files);
        if (identity === undefined) return [];
        const { names, keyType: keyKind } = identity;
        return [{ identity, files, names, keyKind, ...(host === undefined ? {} : { host }) }];
      }),
    );
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
    if (this.#tickets?.advance(wall))
      for (const each of this.#all.values()) each.setTicketKey(this.#tickets.key);
    const shown = this.#choice(sni);
    if (shown.length === 0 || this.#tickets === undefined) return undefined;
    const policy = this.#policyOf(bind);
    let made = this.#made.get(shown);
    if (made === undefined) {
      made = new Map();
      this.#made.set(shown, made);
    }
    let credentials = made.get(policy);
    if (credentials === undefined) {
      credentials = this.#credentialsOf(shown, policy, bind, this.#tickets.key);
      made.set(policy, credentials);
    }
    return credentials;
  }

  /** One for all the names of the same certificates. */
  #credentialsOf(shown: readonly Candidate[], policy: string, bind: Bind, ticketKey: Buffer): Credentials {
    const key = JSON.stringify([policy, ...shown.map(({ files }) => files)]);
    let credentials = this.#all.get(key);
    if (credentials === undefined) {
      credentials = new Credentials(
        shown.map(({ identity }) => identity),
        {
          minVersion: bind.tls?.minVersion ?? 'TLSv1.2',
          clientCertificates: this.#clientCertificates(bind),
          // By the files' names: a session outlives the renewal of a certificate, but is not taken for another host's
          // (RFC 6066 3, RFC 8446 4.6.1), nor by a bind that asks for something else. 32 bytes are OpenSSL's most.
          sessionIdContext: createHash('sha256').update(key).digest('hex').slice(0, 32),
          ticketKey,
        },
      );
      this.#all.set(key, credentials);
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
   * Binds that ask the same of clients, with the same authorities, let them resume each other's sessions; others don't.
   */
  #policyOf(bind: Bind): string {
    let policy = this.#policies.get(bind);
    if (policy === undefined) {
      const client = this.#clientCertificates(bind);
      policy = createHash('sha256')
        .update(JSON.stringify([bind.tls?.minVersion, client?.required, client?.ca]))
        .digest('hex');
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

function attempt<T>(problems: Set<string>, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    problems.add(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
