// The files that a plan's TLS names, as a runtime owns them: read and checked as a whole before a plan is in force, then
// watched, and replaced while it runs. What is broken is told, and never replaces what is served.
//
//   const prepared = await certificates.prepare(plan);          at the start and at each reload
//   if (!prepared.ok) → refuse with prepared.problems           nothing has changed
//   await engine.start/apply(plan, …, { routes, material: prepared.material });
//   certificates.adopt(prepared);                               in force: entities change, these files are watched
//   certificates.changes(() => …entities() into the model)      whenever one of them changed
//   certificates.close();

import type { Clock } from '../../domain/clock.ts';
import type { Event } from '../../domain/event.ts';
import type { CertificateEntity } from '../../domain/model.ts';
import type { Plan } from '../../domain/plan.ts';
import type { TlsMaterial } from '../../domain/tls.ts';
import type { Happening } from '../journal.ts';

export interface Certificates {
  /** Reads what the plan names. Never rejects, and changes nothing. */
  prepare(plan: Plan): Promise<Prepared>;
  /** The plan is in force, and the engine has this material. */
  adopt(prepared: ReadyMaterial): void;
  /** What instances are to have now: for one that is started anew. */
  material(): TlsMaterial;
  /** In the order in which the plan names them. */
  entities(): readonly CertificateEntity[];
  /** What a client of this host gets, were its TLS ended here; undefined: there is none. */
  certificateOf(host: string | undefined): CertificateEntity | undefined;
  /** The contents of a file that is in force, such as a CA bundle for a probe; undefined: the plan does not name it. */
  content(path: string): Buffer | undefined;
  /** An entity is another one now. */
  readonly changes: Event<void>;
  close(): void;
}

export type Prepared = ReadyMaterial | { readonly ok: false; readonly problems: readonly FileProblem[] };

export interface ReadyMaterial {
  readonly ok: true;
  readonly plan: Plan;
  readonly material: TlsMaterial;
  /** What is served nevertheless, and should be known: expired, weak, readable by everybody. Safe text. */
  readonly warnings: readonly FileProblem[];
}

/** As a configuration's errors are told (LoadFault); never holds a part of a key. */
export interface FileProblem {
  /** Absolute path of the file. */
  readonly file: string;
  readonly message: string;
}

export interface CertificatesOptions {
  readonly clock: Clock;
  /** Journal.event. */
  readonly happened: (happening: Happening) => void;
  /** Other contents of files of the plan in force: engine.setTlsMaterial. A rejection is journalled, and tried again. */
  readonly changed: (material: TlsMaterial) => Promise<void>;
}

export function createCertificates(_options: CertificatesOptions): Certificates {
  throw new Error('not there yet');
}
