// What of the files on disk is in force: a new unit that is good replaces the old one, a broken one does not, and is told
// of once it is not just half written. Pure.

import { unfitText } from '../../config/certificates/read-ocsp.ts';
import { hasError, type Leaf, type TlsUnit } from '../../config/certificates/tls-unit.ts';
import type { CertificateEntity } from '../../domain/model.ts';
import type { Milliseconds } from '../../domain/plan.ts';

export interface UnitInForce {
  /** The newest that was good. Of an OCSP response that is not stapled: without files. */
  readonly unit: TlsUnit;
  /** Wall clock. */
  readonly since: number;
  /** What is on disk, against that. */
  readonly disk: CertificateEntity['disk'];
  /** Since when what is on disk is of no use. */
  readonly brokenSince?: number;
}

export type UnitsInForce = ReadonlyMap<string, UnitInForce>;

export interface UnitEvent {
  /** `restored`: what was refused is of use again, and is what was kept. */
  readonly kind: 'replaced' | 'refused' | 'restored';
  readonly inForce: UnitInForce;
}

export interface Judged {
  readonly units: UnitsInForce;
  /** Other contents than before are to be in force. */
  readonly changed: boolean;
  readonly events: readonly UnitEvent[];
}

/** A certificate and its key are replaced one after the other, and so are a certificate and its response. */
export const settleMs: Milliseconds = 5_000;

/** Of a plan that was just read, each unit of it without an error but for OCSP responses. */
export function unitsInForce(units: readonly TlsUnit[], now: number): UnitsInForce {
  return new Map(
    units.map((unit) => [unit.id, { unit, since: now, disk: refusalOf(unit) ?? { state: 'same' } }]),
  );
}

/** `read`: the units of the same plan, as they are on disk now. */
export function judge(inForce: UnitsInForce, read: readonly TlsUnit[], now: number): Judged {
  const units = new Map<string, UnitInForce>();
  const events: UnitEvent[] = [];
  let changed = false;

  function settle(old: UnitInForce, good: TlsUnit, refusal: Refusal | undefined): void {
    const same = contentOf(good) === contentOf(old.unit);
    const brokenSince = refusal && (old.brokenSince ?? now);
    const told = brokenSince !== undefined && now - brokenSince >= settleMs;
    const quiet = old.disk.state === 'same';
    const next: UnitInForce = {
      unit: good,
      since: same ? old.since : now,
      disk: refusal === undefined ? { state: 'same' } : told ? refusal : old.disk,
      ...(brokenSince === undefined ? {} : { brokenSince }),
    };
    units.set(good.id, next);
    changed ||= !same;
    if (refusal === undefined && !same) events.push({ kind: 'replaced', inForce: next });
    else if (refusal === undefined && !quiet) events.push({ kind: 'restored', inForce: next });
    else if (told && refusal !== undefined && (old.disk.state === 'same' || old.disk.text !== refusal.text))
      events.push({ kind: 'refused', inForce: next });
  }

  for (const unit of read) {
    const old = inForce.get(unit.id);
    if (old === undefined || unit.kind === 'ocsp') continue;
    const refusal = refusalOf(unit);
    settle(old, refusal === undefined ? unit : old.unit, refusal);
  }
  for (const unit of read) {
    const old = inForce.get(unit.id);
    if (old === undefined || unit.kind !== 'ocsp') continue;
    const leaf = leafOf(units, unit);
    const fitting = [unit, old.unit].find((candidate) => isStapled(candidate, leaf, now));
    settle(old, fitting ?? { ...unit, files: [] }, fitting === unit ? undefined : refusalOf(unit, leaf, now));
  }
  return { units, changed, events };
}

/** Until what is broken and not told yet has been so for long enough; undefined where nothing is. */
export function settlesIn(inForce: UnitsInForce, now: number): Milliseconds | undefined {
  const rests = [...inForce.values()].flatMap(({ brokenSince, disk }) =>
    brokenSince === undefined || disk.state !== 'same' ? [] : [Math.max(0, brokenSince + settleMs - now)],
  );
  return rests.length === 0 ? undefined : Math.min(...rests);
}

/** Has a response run out since it was read? */
export function hasRunOut(inForce: UnitsInForce, now: number): boolean {
  return [...inForce.values()].some(
    ({ unit }) => unit.kind === 'ocsp' && unit.files.length > 0 && !isStapled(unit, undefined, now),
  );
}

function isStapled({ files, ocsp }: TlsUnit, leaf: Leaf | undefined, now: number): boolean {
  return files.length > 0 && ocsp !== undefined && unfitText(ocsp, leaf, now) === undefined;
}

function leafOf(units: UnitsInForce, { certificate }: TlsUnit): Leaf | undefined {
  for (const { unit } of units.values())
    if (unit.kind === 'pair' && unit.paths[0] === certificate) return unit.leaf;
  return undefined;
}

type Refusal = Exclude<CertificateEntity['disk'], { state: 'same' }>;

/** Why what is on disk is not put in force; undefined where it is. */
function refusalOf(unit: TlsUnit, leaf?: Leaf, now?: number): Refusal | undefined {
  const errors = unit.problems.filter(({ severity }) => severity === 'error' || unit.kind === 'ocsp');
  if (errors.length === 0) {
    const unfit = unit.ocsp && now !== undefined ? unfitText(unit.ocsp, leaf, now) : undefined;
    return unfit === undefined ? undefined : { state: 'refused', text: unfit };
  }
  // Who tells of it names the first file anyway.
  const text = errors
    .map(({ file, message }) => (file === unit.paths[0] ? message : `${file}: ${message}`))
    .join('; ');
  return { state: hasError(unit) && errors.every(({ missing }) => missing) ? 'missing' : 'refused', text };
}

function contentOf({ files }: TlsUnit): string {
  return files.map(({ path, content }) => `${path} ${content}`).join('\n');
}
