// Certificates as a runtime knows them, without files: what a test says is what is served.

import { createEmitter } from '../../src/domain/event.ts';
import type { CertificateEntity } from '../../src/domain/model.ts';
import type { Certificates } from '../../src/runtime/certificates/certificates.ts';

export interface CertificatesInMemory extends Certificates {
  /** Served from now on. */
  serve(...entities: readonly CertificateEntity[]): void;
  /** The next `prepare` finds this in a file. */
  problem: string | undefined;
}

export function certificate(over: Partial<CertificateEntity> = {}): CertificateEntity {
  return {
    key: 'shop.pem',
    names: ['shop.example.com'],
    subject: 'CN=shop.example.com',
    issuer: 'CN=Test CA',
    selfSigned: false,
    notBefore: 1_690_000_000_000,
    notAfter: 1_900_000_000_000,
    keyType: 'ECDSA P-256',
    fingerprint: 'ab',
    chain: 1,
    isDefault: true,
    routes: [],
    servedSince: 1_700_000_000_000,
    disk: { state: 'same' },
    ...over,
  };
}

export function certificatesInMemory(...first: readonly CertificateEntity[]): CertificatesInMemory {
  let entities = first;
  const changes = createEmitter<void>();
  const material = { files: [], tickets: { secret: '', epoch: 0 } };
  const self: CertificatesInMemory = {
    problem: undefined,
    async prepare(plan) {
      const { problem } = self;
      self.problem = undefined;
      if (problem !== undefined)
        return { ok: false, problems: [{ file: '/etc/tls/shop.pem', message: problem }] };
      return { ok: true, plan, material, warnings: [] };
    },
    adopt() {},
    material: () => material,
    entities: () => entities,
    certificateOf: (host) =>
      entities.find(({ names }) => host !== undefined && names.includes(host)) ??
      entities.find((each) => each.isDefault),
    content: () => undefined,
    changes: changes.event,
    close() {},
    serve(...next) {
      entities = next;
      changes.emit();
    },
  };
  return self;
}
