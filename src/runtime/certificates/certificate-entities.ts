// What consoles see of the certificates in force: one entity for each file, with the routes it is chosen for by the very
// rule that the data plane serves by. Pure.

import type { Leaf, TlsUnit } from '../../config/certificates/tls-unit.ts';
import {
  certificateChoice,
  type NamedCertificate,
  plannedCertificates,
} from '../../domain/certificate-choice.ts';
import type { CertificateEntity } from '../../domain/model.ts';
import type { Plan } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';
import type { UnitInForce, UnitsInForce } from './units-in-force.ts';

export interface Chosen {
  /** In the order of the plan: its own, then those of routes. */
  readonly entities: readonly CertificateEntity[];
  of(host: string | undefined): CertificateEntity | undefined;
}

interface Candidate extends NamedCertificate {
  readonly file: string;
}

export function chosenCertificates(plan: Plan, units: UnitsInForce): Chosen {
  const candidates: Candidate[] = [];
  for (const { files, host } of plannedCertificates(plan)) {
    const leaf = units.get(`pair ${files.cert} ${files.key}`)?.unit.leaf;
    if (leaf === undefined) continue;
    const { names, keyKind } = leaf;
    candidates.push({ file: files.cert, names, keyKind, ...(host === undefined ? {} : { host }) });
  }
  const choice = certificateChoice(candidates);
  const routes = new Map<string, string[]>();
  for (const { name, host, tls } of plan.routes) {
    if (tls === undefined) continue;
    for (const { file } of choice(host)) routes.set(file, [...(routes.get(file) ?? []), name]);
  }
  const defaults = new Set(choice(undefined).map(({ file }) => file));
  const entities = new Map<string, CertificateEntity>();
  for (const { cert, key, ocsp } of [
    ...plan.certificates,
    ...plan.routes.flatMap(({ tls }) => tls?.certificate ?? []),
  ]) {
    const pair = units.get(`pair ${cert} ${key}`);
    if (pair?.unit.leaf === undefined || entities.has(cert)) continue;
    const response = ocsp === undefined ? undefined : units.get(`ocsp ${ocsp} ${cert}`);
    entities.set(cert, {
      ...leafFields(cert, pair.unit.leaf),
      isDefault: defaults.has(cert),
      routes: routes.get(cert) ?? [],
      servedSince: pair.since,
      disk: pair.disk.state === 'same' ? pair.disk : { ...pair.disk, text: safe(pair.disk.text, 500) },
      ...(response && { ocsp: ocspField(response) }),
    });
  }
  return {
    entities: [...entities.values()],
    of: (host) => {
      const [first] = choice(host);
      return first && entities.get(first.file);
    },
  };
}

function leafFields(key: string, leaf: Leaf) {
  return {
    key,
    names: leaf.names.map((name) => safe(name, 253)),
    subject: safe(leaf.subject, 200),
    issuer: safe(leaf.issuer, 200),
    selfSigned: leaf.selfSigned,
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    keyType: safe(leaf.keyType, 40),
    fingerprint: leaf.fingerprint,
    chain: leaf.chain,
  };
}

function ocspField({ unit, disk }: UnitInForce): CertificateEntity['ocsp'] & {} {
  const nextUpdate = unit.ocsp?.nextUpdate;
  return {
    state: stateOf(unit),
    ...(nextUpdate === undefined ? {} : { nextUpdate }),
    ...(disk.state === 'same' ? {} : { text: safe(disk.text, 500) }),
  };
}

/** `good` is stapled, and nothing else. */
function stateOf({ files, ocsp }: TlsUnit): (CertificateEntity['ocsp'] & {})['state'] {
  if (files.length > 0) return 'good';
  return ocsp === undefined || ocsp.status === 'good' ? 'refused' : ocsp.status;
}
