import { describe, expect, it } from 'vitest';
import { certificates } from '../../../src/cli/show/certificates.ts';
import { renderTable } from '../../../src/cli/table.ts';
import type { CertificateEntity } from '../../../src/domain/model.ts';

const day = 86_400_000;
const now = 1_000 * day;
const certificate: CertificateEntity = {
  key: 'shop.pem',
  names: ['shop.example.com', '*.shop.example.com'],
  subject: 'CN=shop.example.com',
  issuer: 'CN=ca',
  selfSigned: false,
  notBefore: 0,
  notAfter: now + 61.5 * day,
  keyType: 'ECDSA P-256',
  fingerprint: 'ab',
  chain: 1,
  isDefault: false,
  routes: ['shop'],
  servedSince: 0,
  disk: { state: 'same' },
};

function certificateCells(over: Partial<CertificateEntity>): Record<string, string> {
  return Object.fromEntries(
    certificates.columns(now).map(({ title, cell }) => {
      const made = cell({ ...certificate, ...over });
      return [title, typeof made === 'object' ? `${made.shade}: ${made.text}` : String(made ?? '–')];
    }),
  );
}

describe('show certificates', () => {
  it.each<[Partial<CertificateEntity>, Record<string, string>]>([
    [{}, { certificate: 'shop.pem', expires: 'good: 61 d', disk: 'same', OCSP: '–', issuer: 'CN=ca' }],
    [{ notAfter: now + 12 * day }, { expires: 'warning: ▲ 12 d' }],
    [{ notAfter: now + 3 * day }, { expires: 'bad: ▲ 3 d' }],
    [{ notAfter: now - 3 * day }, { expires: 'bad: ▼ 3 d ago' }],
    [{ notBefore: now + 2 * day }, { expires: 'bad: ▼ not yet, in 2 d' }],
    [
      { isDefault: true, selfSigned: true },
      { certificate: 'shop.pem (default)', issuer: 'itself' },
    ],
    [
      { disk: { state: 'refused', text: 'not its key' } },
      { disk: 'warning: ▲ refused, the old one is served: not its key' },
    ],
    [{ ocsp: { state: 'good' } }, { OCSP: 'good: good' }],
    [{ ocsp: { state: 'revoked' } }, { OCSP: 'bad: ▼ revoked' }],
    [{ ocsp: { state: 'refused', text: 'too old' } }, { OCSP: 'warning: ▲ refused: too old' }],
  ])('%j', (over, expected) => expect(certificateCells(over)).toMatchObject(expected));

  it('names from a certificate obey nobody', () => {
    const table = renderTable(certificates.columns(now), [{ ...certificate, names: ['a\u001b[2J'] }], false);
    expect(table).toContain('a\\x1b[2J');
  });
});
