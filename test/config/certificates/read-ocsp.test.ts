import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileFault } from '../../../src/config/certificates/fault.ts';
import { parseOcspResponse } from '../../../src/config/certificates/ocsp-response.ts';
import { readOcsp } from '../../../src/config/certificates/read-ocsp.ts';
import type { Leaf } from '../../../src/config/certificates/tls-unit.ts';
import { filesOf } from './made.ts';
import { ocspRefusal, ocspResponse } from './ocsp.ts';

const now = Date.UTC(2026, 10, 22, 12);
const hour = 3_600_000;
const serialNumber = 'A1B2';
const good = { serialNumber, thisUpdate: now - hour, nextUpdate: now + hour };

const unitOf = (content: Buffer | undefined) =>
  readOcsp(
    { path: '/a.ocsp', cert: '/a.pem', at: ['ocsp'] },
    { serialNumber } as Leaf,
    filesOf(content === undefined ? {} : { '/a.ocsp': content }),
    now,
  );

describe('a response', () => {
  it('is read', () => {
    expect(parseOcspResponse(ocspResponse(good))).toEqual([{ status: 'good', ...good }]);
    const { nextUpdate: _, ...endless } = good;
    expect(parseOcspResponse(ocspResponse({ ...endless, serialNumber: '00FF' }))).toEqual([
      { status: 'good', ...endless, serialNumber: 'FF' },
    ]);
  });

  it.each([
    ['that is good', [good], undefined],
    ['of several', [{ ...good, serialNumber: '77' }, good], undefined],
    ['without an end', [{ serialNumber, thisUpdate: now }], undefined],
    ['of a clock that goes ahead', [{ serialNumber, thisUpdate: now + 60_000 }], undefined],
    ['of another certificate', [{ ...good, serialNumber: '77' }], 'about another certificate'],
    ['that is revoked', [{ ...good, status: 'revoked' as const }], 'has revoked'],
    ['that is unknown', [{ ...good, status: 'unknown' as const }], 'does not know'],
    ['that ran out', [{ ...good, nextUpdate: now - 2 * hour }], 'ran out at 2026-11-22 10:00 UTC'],
    ['of tomorrow', [{ ...good, thisUpdate: now + 24 * hour }], 'holds only from 2026-11-23 12:00 UTC'],
  ])('%s', async (_, responses, unfit) => {
    const unit = await unitOf(ocspResponse(...responses));
    expect(unit.files).toHaveLength(unfit === undefined ? 1 : 0);
    expect(unit.problems).toEqual(
      unfit === undefined
        ? []
        : [{ severity: 'warning', file: '/a.ocsp', at: ['ocsp'], message: expect.stringContaining(unfit) }],
    );
  });
});

describe('no response', () => {
  it.each([
    ['no file', undefined, 'there is no such file'],
    ['nothing', Buffer.alloc(0), 'empty'],
    ['text', Buffer.from('hello'), 'not an OCSP response in DER'],
    ['PEM', Buffer.from('-----BEGIN OCSP RESPONSE-----'), 'not an OCSP response in DER'],
    ['a refusal', ocspRefusal(6), 'unauthorized'],
    ['an odd refusal', ocspRefusal(99), 'an unknown status'],
    ['about nothing', ocspResponse(), 'about no certificate'],
  ])('%s', async (_, content, message) => {
    const unit = await unitOf(content);
    expect(unit).toMatchObject({
      files: [],
      problems: [{ severity: 'error', message: expect.stringContaining(message) }],
    });
  });

  it.each([...ocspResponse(good).keys()])('cut short, %i', (length) => {
    expect(() => parseOcspResponse(ocspResponse(good).subarray(0, length))).toThrow(FileFault);
  });

  it('whatever it is, it is read or refused in words', () => {
    const whole = ocspResponse(good, { ...good, status: 'revoked' });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }), (edits) => {
        const content = Buffer.from(whole);
        for (const [at, octet] of edits) content[at] = octet;
        try {
          parseOcspResponse(content);
        } catch (error) {
          expect(error).toBeInstanceOf(FileFault);
        }
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
        try {
          parseOcspResponse(Buffer.from(octets));
        } catch (error) {
          expect(error).toBeInstanceOf(FileFault);
        }
      }),
    );
  });
});
