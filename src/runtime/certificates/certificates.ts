// The files that a plan's TLS names, as a runtime owns them: read and checked as a whole before a plan is in force, then
// watched, and replaced while it runs. What is broken is told, and never replaces what is served.
//
//   const prepared = await certificates.prepare(plan);          at the start and at each reload
//   if (!prepared.ok) → refuse with prepared.problems           nothing has changed
//   await engine.start/apply(plan, …, { routes, material: prepared.material });
//   certificates.adopt(prepared);                               in force: entities change, these files are watched
//   certificates.changes(() => …entities() into the model)      whenever one of them changed
//   certificates.close();

import { randomBytes } from 'node:crypto';
import { type ReadFile, readTlsFile } from '../../config/certificates/read-file.ts';
import { readTlsFiles } from '../../config/certificates/read-tls-files.ts';
import { materialFiles, type TlsProblem } from '../../config/certificates/tls-unit.ts';
import { pathText } from '../../config/problem.ts';
import type { Clock } from '../../domain/clock.ts';
import { createEmitter, type Event } from '../../domain/event.ts';
import type { CertificateEntity } from '../../domain/model.ts';
import type { Milliseconds, Plan } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';
import { ticketEpoch } from '../../domain/ticket-epoch.ts';
import type { TlsMaterial } from '../../domain/tls.ts';
import type { Happening } from '../journal.ts';
import { type Chosen, chosenCertificates } from './certificate-entities.ts';
import { happeningOf } from './certificate-happenings.ts';
import { createExpiryWatch } from './expiry.ts';
import { type FileWatch, watchFiles } from './file-watch.ts';
import {
  hasRunOut,
  judge,
  settlesIn,
  type UnitInForce,
  type UnitsInForce,
  unitsInForce,
} from './units-in-force.ts';

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
  /** Default: the files themselves. */
  readonly read?: ReadFile;
  /** From one look at the files to the next, while the kernel tells of no change. Default: 10 s. */
  readonly lookEvery?: Milliseconds;
  /** From a notice of the kernel to the look. Default: 200 ms. */
  readonly quiet?: Milliseconds;
}

/** Made by prepare(), which alone knows what is in it. */
interface Read extends ReadyMaterial {
  readonly units: UnitsInForce;
}

export function createCertificates(options: CertificatesOptions): Certificates {
  const { clock, happened, changed, read = readTlsFile, lookEvery = 10_000, quiet = 200 } = options;
  const changes = createEmitter<void>();
  const expiry = createExpiryWatch();
  // For the life of the runtime: whoever has it can read sessions of before, so it is nowhere but in memory.
  const tickets = { secret: randomBytes(32).toString('base64'), epoch: ticketEpoch(clock.now()) };
  let plan: Plan | undefined;
  let units: UnitsInForce = new Map();
  let chosen: Chosen | undefined;
  let watching: FileWatch | undefined;
  /** What the engine did not confirm is offered again. */
  let unconfirmed = false;
  let sending = false;
  /** Grows with each adoption: what was read for a plan of before is dropped. */
  let adoptions = 0;

  const materialOf = (inForce: UnitsInForce): TlsMaterial => ({
    files: materialFiles([...inForce.values()].map(({ unit }) => unit)),
    tickets,
  });

  function inForce(next: UnitsInForce): void {
    units = next;
    chosen = plan && chosenCertificates(plan, units);
    changes.emit();
  }

  function tellExpiry(): void {
    const leaves = [...units.values()].flatMap(({ unit: { paths, leaf } }) =>
      leaf === undefined ? [] : [{ file: paths[0]!, leaf }],
    );
    for (const happening of expiry.look(leaves, clock.now())) happened(happening);
  }

  /** Not again before the one before has ended: watchFiles sees to it. */
  async function looked(filesChanged: boolean): Promise<void> {
    tellExpiry();
    const unsettled = [...units.values()].some(({ brokenSince }) => brokenSince !== undefined);
    if (plan === undefined || !(filesChanged || unconfirmed || unsettled || hasRunOut(units, clock.now())))
      return;
    const adoption = adoptions;
    const { units: onDisk } = await readTlsFiles(plan, { read, now: clock.now() });
    const judged = judge(units, onDisk, clock.now());
    if (adoption !== adoptions) return;
    if (judged.changed || unconfirmed) {
      sending = true;
      try {
        await changed(materialOf(judged.units));
      } catch (error) {
        if (adoption === adoptions) tellUnconfirmed(error);
        return;
      } finally {
        sending = false;
      }
      if (adoption !== adoptions) return;
      unconfirmed = false;
    }
    for (const event of judged.events) happened(happeningOf(event, clock.now()));
    if (judged.changed || judged.events.length > 0) inForce(judged.units);
    else units = judged.units;
    tellExpiry();
  }

  /** What stays broken is told as soon as it can no longer be half written. */
  function due(): Milliseconds | undefined {
    const rest = settlesIn(units, clock.now());
    return rest === undefined ? undefined : Math.max(quiet, rest);
  }

  function tellUnconfirmed(error: unknown): void {
    if (!unconfirmed)
      happened({
        subject: 'certificates',
        text: `the engine did not confirm changed files, which is tried again: ${error instanceof Error ? error.message : String(error)}`,
        severity: 'bad',
        from: 'certificates',
      });
    unconfirmed = true;
  }

  return {
    async prepare(wanted) {
      const now = clock.now();
      const found = await readTlsFiles(wanted, { read, now });
      const told = (severity: TlsProblem['severity']) =>
        found.problems.filter((problem) => problem.severity === severity).map(fileProblem);
      const problems = told('error');
      if (problems.length > 0) return { ok: false, problems };
      const next = unitsInForce(found.units, now);
      // What was in force already has been so for longer.
      const since = new Map(
        [...next].map(([id, unit]) => [
          id,
          sameContent(units.get(id), unit) ? { ...unit, since: units.get(id)!.since } : unit,
        ]),
      );
      const ready: Read = {
        ok: true,
        plan: wanted,
        material: materialOf(since),
        warnings: told('warning'),
        units: since,
      };
      return ready;
    },
    adopt(prepared) {
      adoptions++;
      plan = prepared.plan;
      // What is on its way for the plan of before may arrive after the new plan's: the next look sends that once more.
      unconfirmed = sending;
      inForce((prepared as Read).units);
      tellExpiry();
      watching?.close();
      const paths = new Set([...units.values()].flatMap(({ unit }) => unit.paths));
      watching = watchFiles({ paths: [...paths], clock, lookEvery, quiet, looked, due });
    },
    material: () => materialOf(units),
    entities: () => chosen?.entities ?? [],
    certificateOf: (host) => chosen?.of(host),
    content(path) {
      for (const { unit } of units.values()) {
        const file = unit.files.find((candidate) => candidate.path === path);
        if (file) return Buffer.from(file.content, 'base64');
      }
      return undefined;
    },
    changes: changes.event,
    close() {
      adoptions++;
      watching?.close();
    },
  };
}

function fileProblem({ file, message, at, remedy }: TlsProblem): FileProblem {
  const help = remedy === undefined ? '' : ` (${remedy})`;
  return { file: safe(file), message: safe(`${message}${help}, ${pathText(at)}`, 500) };
}

function sameContent(old: UnitInForce | undefined, unit: UnitInForce): boolean {
  return old !== undefined && JSON.stringify(old.unit.files) === JSON.stringify(unit.unit.files);
}
