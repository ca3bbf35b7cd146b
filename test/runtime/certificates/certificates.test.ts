import { copyFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planFromText } from '../../../src/config/load-plan.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { TlsMaterial } from '../../../src/domain/tls.ts';
import {
  type Certificates,
  createCertificates,
  type ReadyMaterial,
} from '../../../src/runtime/certificates/certificates.ts';
import type { Happening } from '../../../src/runtime/journal.ts';
import { made } from '../../config/certificates/made.ts';
import { ocspResponse } from '../../config/certificates/ocsp.ts';
import { machineClock } from '../../support/machine-clock.ts';
import { scratch } from '../../support/scratch.ts';

const { root, intermediate, leaf, rsa, selfSigned, expired } = await made;
const day = 86_400_000;

let place = scratch();
let ahead = 0;
let happenings: Happening[] = [];
let sent: TlsMaterial[] = [];
let refuse = false;
let certificates: Certificates;
const clock: Clock = { ...machineClock, now: () => Date.now() + ahead };

beforeEach(() => {
  place = scratch();
  ahead = 0;
  happenings = [];
  sent = [];
  refuse = false;
  certificates = createCertificates({
    clock,
    happened: (happening) => void happenings.push(happening),
    changed: async (material) => {
      if (refuse) throw new Error('an instance went away');
      sent.push(material);
    },
    lookEvery: 10,
    quiet: 1,
  });
  write('a.pem', leaf.cert + intermediate.cert);
  write('a.key', leaf.key);
  write('self.pem', selfSigned.key + selfSigned.cert);
  write('ca.pem', root.cert);
});
afterEach(() => {
  certificates.close();
  place.remove();
});

function write(name: string, content: string | Buffer): void {
  writeFileSync(place.path(`${name}.new`), content, { mode: 0o600 });
  renameSync(place.path(`${name}.new`), place.path(name));
}

function planOf(text: string): Plan {
  const loaded = planFromText(
    `${text}
shards: [{ name: default, binds: [{ listen: ":443", mode: tls }] }]
backends: [{ name: web, tls: { ca: ca.pem }, servers: [{ name: a, address: "127.0.0.1:1" }] }]`,
    { file: 'sluice.yaml', folder: place.folder },
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.plan;
}

const usual = `certificates: [{ cert: self.pem }, { cert: a.pem, key: a.key }]
routes:
- { name: shop, host: shop.example.com, to: [{ backend: web }], tls: { termination: reencrypt } }
- { name: deep, host: "*.shop.example.com", to: [{ backend: web }], tls: { termination: passthrough } }
- { name: plain, host: plain.example.com, to: [{ backend: web }] }
- { name: all, to: [{ backend: web }], tls: { termination: edge } }`;

async function adopted(text = usual): Promise<ReadyMaterial> {
  const prepared = await certificates.prepare(planOf(text));
  if (!prepared.ok) throw new Error(JSON.stringify(prepared.problems));
  certificates.adopt(prepared);
  return prepared;
}

const entity = (name: string) => certificates.entities().find(({ key }) => key === place.path(name));
const texts = () =>
  happenings.map(({ subject, text }) => `${subject.replace(`${place.folder}/`, '')}: ${text}`);
const served = (material: TlsMaterial | undefined, name: string) =>
  Buffer.from(
    material?.files.find(({ path }) => path === place.path(name))?.content ?? '',
    'base64',
  ).toString();

describe('what is in force', () => {
  it('is told of, and chosen by name', async () => {
    const before = clock.now();
    const { material, warnings } = await adopted();
    expect(warnings).toEqual([]);
    expect(material.files.map(({ path }) => path.replace(`${place.folder}/`, '')).sort()).toEqual([
      'a.key',
      'a.pem',
      'ca.pem',
      'self.pem',
    ]);
    expect(material.tickets).toEqual({
      secret: expect.stringMatching(/^[\w+/]{43}=$/),
      epoch: expect.any(Number),
    });
    expect(certificates.material()).toEqual(material);
    expect(certificates.entities()).toMatchObject([
      {
        key: place.path('self.pem'),
        isDefault: true,
        routes: ['all'],
        selfSigned: true,
        disk: { state: 'same' },
      },
      {
        key: place.path('a.pem'),
        names: ['shop.example.com', '*.shop.example.com'],
        issuer: 'CN=Intermediate',
        keyType: 'ECDSA P-256',
        chain: 2,
        isDefault: false,
        routes: ['shop', 'deep'],
      },
    ]);
    expect(entity('a.pem')!.servedSince).toBeGreaterThanOrEqual(before);
    expect(certificates.certificateOf('x.shop.example.com')?.key).toBe(place.path('a.pem'));
    expect(certificates.certificateOf('other.example')?.key).toBe(place.path('self.pem'));
    expect(certificates.certificateOf(undefined)?.key).toBe(place.path('self.pem'));
    expect(certificates.content(place.path('ca.pem'))?.toString()).toBe(root.cert);
    expect(certificates.content('/etc/passwd')).toBeUndefined();
  });

  it('is nothing of a plan with a broken file', async () => {
    await adopted();
    const before = certificates.material();
    write('a.key', rsa.key);
    write('self.pem', 'x');
    const prepared = await certificates.prepare(planOf(usual));
    expect(prepared).toEqual({
      ok: false,
      problems: [
        {
          file: place.path('self.pem'),
          message: 'it holds no certificate, nor any PEM, certificates[0].cert',
        },
        {
          file: place.path('self.pem'),
          message:
            'it holds no private key, nor any PEM (name the file of its key: key: FILE), certificates[0].cert',
        },
        {
          file: place.path('a.key'),
          message: 'the key is not the key of any certificate in the file, certificates[1].key',
        },
      ],
    });
    expect(certificates.material()).toEqual(before);
  });

  it('goes on over a reload with its time, and begins anew where it changed', async () => {
    await adopted();
    const { servedSince } = entity('a.pem')!;
    ahead = 60_000;
    write('self.pem', rsa.key + rsa.cert);
    await adopted();
    expect(entity('a.pem')!.servedSince).toBe(servedSince);
    expect(entity('self.pem')!.servedSince).toBeGreaterThan(servedSince);
    expect(sent).toEqual([]);
  });

  it('is without what the new plan does not name', async () => {
    await adopted();
    await adopted('certificates: [{ cert: self.pem }]');
    expect(certificates.entities().map(({ key }) => key)).toEqual([place.path('self.pem')]);
    expect(certificates.content(place.path('a.key'))).toBeUndefined();
  });
});

describe('a certificate that is replaced', () => {
  it('is served once its key is there as well, and nothing is said before', async () => {
    await adopted();
    write('a.pem', rsa.cert + intermediate.cert);
    await looks();
    expect(sent).toEqual([]);
    expect(entity('a.pem')).toMatchObject({ keyType: 'ECDSA P-256', disk: { state: 'same' } });
    write('a.key', rsa.key);
    await expect.poll(() => sent.length).toBe(1);
    await expect.poll(() => entity('a.pem')?.keyType).toBe('RSA 2048');
    expect(served(sent[0], 'a.pem')).toContain(rsa.cert.trim());
    expect(served(sent[0], 'a.key').trim()).toBe(rsa.key.trim());
    expect(texts()).toEqual([expect.stringMatching(/^a\.pem: certificate replaced, (89|90) d left$/)]);
    expect(sent[0]!.tickets).toEqual(certificates.material().tickets);
  });

  it('by a broken one is told as soon as it can no longer be half written', async () => {
    certificates.close();
    // Time that is waited for passes at once, but for the looks that come by themselves.
    const after: Clock['after'] = (ms, run) =>
      machineClock.after(ms === 600_000 ? ms : 1, () => {
        ahead += ms;
        run();
      });
    certificates = createCertificates({
      clock: { ...clock, after },
      happened: (happening) => void happenings.push(happening),
      changed: async () => {},
      lookEvery: 600_000,
      quiet: 2,
    });
    await adopted();
    write('a.pem', 'broken');
    await expect.poll(() => entity('a.pem')?.disk.state).toBe('refused');
    expect(ahead).toBeLessThan(6_000);
  });

  it('by a broken one is kept, told of once, and told of when it is right again', async () => {
    let changes = 0;
    certificates.changes(() => changes++);
    await adopted();
    write('a.pem', 'broken');
    await looks();
    expect(happenings).toEqual([]);
    ahead = 6_000;
    await expect.poll(() => entity('a.pem')?.disk.state).toBe('refused');
    expect(entity('a.pem')?.disk).toEqual({
      state: 'refused',
      text: 'it holds no certificate, nor any PEM',
    });
    await looks();
    expect(texts()).toEqual([
      'a.pem: new certificate refused: it holds no certificate, nor any PEM; the one before is kept',
    ]);
    expect(served(certificates.material(), 'a.pem')).toContain(leaf.cert.trim());
    unlinkSync(place.path('a.pem'));
    unlinkSync(place.path('a.key'));
    await expect.poll(() => entity('a.pem')?.disk.state).toBe('missing');
    write('a.pem', leaf.cert + intermediate.cert);
    write('a.key', leaf.key);
    await expect.poll(() => entity('a.pem')?.disk.state).toBe('same');
    expect(texts().at(-1)).toBe('a.pem: certificate on disk is the served one again');
    expect(sent).toEqual([]);
    expect(changes).toBeGreaterThanOrEqual(4);
  });

  it('by one that clients refuse is served, and that is said', async () => {
    await adopted();
    write('a.key', expired.key);
    write('a.pem', expired.cert);
    await expect.poll(() => sent.length).toBe(1);
    await expect
      .poll(texts)
      .toEqual([
        'a.pem: certificate replaced, expired 3 d ago; expired 3 d ago, so clients refuse it',
        'a.pem: certificate expired 3 d ago: clients refuse it (shop.example.com)',
      ]);
  });

  it('is offered again until the engine confirms it', async () => {
    await adopted();
    refuse = true;
    write('self.pem', rsa.key + rsa.cert);
    await expect
      .poll(texts)
      .toEqual([
        'certificates: the engine did not confirm changed files, which is tried again: an instance went away',
      ]);
    await looks();
    expect(entity('self.pem')?.keyType).toBe('ECDSA P-256');
    refuse = false;
    await expect.poll(() => entity('self.pem')?.keyType).toBe('RSA 2048');
    expect(sent).toHaveLength(1);
    expect(texts()).toHaveLength(2);
  });

  it('of authorities as well', async () => {
    await adopted();
    write('ca.pem', root.cert + intermediate.cert);
    await expect.poll(() => sent.length).toBe(1);
    await expect.poll(texts).toEqual(['ca.pem: authorities replaced']);
    copyFileSync(place.path('a.key'), place.path('ca.pem'));
    await looks();
    ahead = 6_000;
    await expect.poll(() => texts().length).toBe(2);
    expect(texts()[1]).toMatch(/new authorities refused: .*; the one before is kept$/);
  });
});

describe('an OCSP response', () => {
  const withOcsp = 'certificates: [{ cert: a.pem, key: a.key, ocsp: a.ocsp }]';
  const serialOf = async () => {
    const { X509Certificate } = await import('node:crypto');
    return new X509Certificate(leaf.cert).serialNumber;
  };
  const response = async (more: object = {}) =>
    ocspResponse({
      serialNumber: await serialOf(),
      thisUpdate: Date.now() - 1_000,
      nextUpdate: Date.now() + day,
      ...more,
    });

  it('is stapled until it runs out', async () => {
    write('a.ocsp', await response());
    const { material } = await adopted(withOcsp);
    expect(served(material, 'a.ocsp')).not.toBe('');
    expect(entity('a.pem')?.ocsp).toMatchObject({ state: 'good', nextUpdate: expect.any(Number) });
    ahead = day + 1_000;
    await expect.poll(() => sent.length).toBe(1);
    expect(served(sent[0], 'a.ocsp')).toBe('');
    ahead += 6_000;
    await expect
      .poll(texts)
      .toEqual([
        expect.stringMatching(/^a\.ocsp: new OCSP response refused: .* ran out at .*; none is stapled$/),
      ]);
    expect(entity('a.pem')?.ocsp).toMatchObject({
      state: 'refused',
      text: expect.stringContaining('ran out'),
    });
    write('a.ocsp', await response({ nextUpdate: Date.now() + 5 * day }));
    await expect.poll(() => entity('a.pem')?.ocsp?.state).toBe('good');
    expect(served(sent.at(-1), 'a.ocsp')).not.toBe('');
  });

  it('that is broken leaves the one before, while that holds', async () => {
    write('a.ocsp', await response());
    await adopted(withOcsp);
    write('a.ocsp', 'x');
    await looks();
    ahead = 6_000;
    await expect
      .poll(texts)
      .toEqual([expect.stringMatching(/OCSP response refused: .*; the one before is kept$/)]);
    expect(entity('a.pem')?.ocsp).toMatchObject({
      state: 'good',
      text: expect.stringContaining('not an OCSP response'),
    });
    expect(sent).toEqual([]);
  });

  it.each(['revoked', 'unknown'] as const)('that says %s is not stapled', async (status) => {
    write('a.ocsp', await response({ status }));
    const { material, warnings } = await adopted(withOcsp);
    expect(served(material, 'a.ocsp')).toBe('');
    expect(warnings).toHaveLength(1);
    expect(entity('a.pem')?.ocsp).toMatchObject({ state: status });
  });

  it('goes with the certificate that it is about', async () => {
    write('a.ocsp', await response());
    await adopted(withOcsp);
    write('a.key', rsa.key);
    write('a.pem', rsa.cert + intermediate.cert);
    await expect.poll(() => sent.length).toBe(1);
    expect(served(sent[0], 'a.ocsp')).toBe('');
  });
});

it('tells of an end that comes near, each stage once', async () => {
  await adopted('certificates: [{ cert: self.pem }]');
  const { notAfter } = entity('self.pem')!;
  const stages: [number, string][] = [
    [40 * day, ''],
    [20.5 * day, 'expires in 20 d'],
    [10 * day, ''],
    [5.5 * day, 'expires in 5 d'],
    [0.52 * day, 'expires in 12 h'],
    [-2.5 * day, 'expired 2 d ago: clients refuse it'],
    [-9 * day, ''],
  ];
  let told = 0;
  for (const [left, text] of stages) {
    ahead = notAfter - left - Date.now();
    if (text !== '') told++;
    await looks();
    await expect.poll(() => texts().length).toBe(told);
    if (text !== '') expect(texts().at(-1)).toBe(`self.pem: certificate ${text} (self.example)`);
  }
});

it('ends with its watch', async () => {
  await adopted();
  certificates.close();
  write('a.pem', 'broken');
  expect(sent).toEqual([]);
});

/** Resolves when the files were looked at twice more: a whole look lies between. */
async function looks(): Promise<void> {
  const from = looked;
  await expect.poll(() => looked).toBeGreaterThanOrEqual(from + 3);
}
let looked = 0;
const after = machineClock.after;
Object.assign(clock, {
  after: (ms: number, run: () => void) =>
    after(ms, () => {
      looked++;
      run();
    }),
});
