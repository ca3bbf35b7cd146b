// Files as openssl makes them, read as a configuration's: keys of every format, certificates with their text, OCSP
// responses of a real responder.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseOcspResponse } from '../../src/config/certificates/ocsp-response.ts';
import { readTlsFiles } from '../../src/config/certificates/read-tls-files.ts';
import { planFromText } from '../../src/config/load-plan.ts';
import { hasPeer } from '../support/peers.ts';
import { scratch } from '../support/scratch.ts';

describe.skipIf(!hasPeer('openssl'))('what openssl makes', () => {
  const place = scratch();
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: place.folder, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  const append = (to: string, ...from: string[]) =>
    writeFileSync(place.path(to), from.map((name) => readFileSync(place.path(name))).join(''), {
      mode: 0o600,
    });

  function leaf(name: string, key: string): void {
    openssl('req', '-new', '-key', key, '-subj', `/O=Example/CN=${name}.example`, '-out', `${name}.csr`);
    writeFileSync(place.path(`${name}.ext`), `subjectAltName=DNS:${name}.example\n`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '30',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
      '-text',
    );
  }

  beforeAll(() => {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '30',
      '-subj',
      '/CN=Test authority',
    );
    openssl('ecparam', '-genkey', '-name', 'prime256v1', '-out', 'sec1.key');
    openssl('genrsa', '-traditional', '-out', 'pkcs1.key', '2048');
    openssl('genpkey', '-algorithm', 'ed25519', '-out', 'ed25519.key');
    openssl(
      'rsa',
      '-in',
      'pkcs1.key',
      '-aes128',
      '-traditional',
      '-passout',
      'pass:secret',
      '-out',
      'encrypted.key',
    );
    openssl('pkcs8', '-topk8', '-in', 'sec1.key', '-passout', 'pass:secret', '-out', 'encrypted8.key');
    for (const name of ['sec1', 'pkcs1', 'ed25519']) leaf(name, `${name}.key`);
    openssl(
      'pkcs12',
      '-export',
      '-in',
      'sec1.pem',
      '-inkey',
      'sec1.key',
      '-certfile',
      'ca.pem',
      '-passout',
      'pass:x',
      '-out',
      'all.p12',
    );
    writeFileSync(
      place.path('from-p12.pem'),
      openssl('pkcs12', '-in', 'all.p12', '-passin', 'pass:x', '-nodes'),
    );
    append('key-first.pem', 'sec1.key', 'sec1.pem', 'ca.pem');
    const serial = openssl('x509', '-in', 'sec1.pem', '-noout', '-serial').trim().replace('serial=', '');
    const time = (days: number) =>
      new Date(Date.now() + days * 86_400_000).toISOString().slice(2, 19).replace(/[-:T]/g, '');
    const entry = (state: string) => `${state}\t${serial}\tunknown\t/O=Example/CN=sec1.example\n`;
    writeFileSync(place.path('good.txt'), entry(`V\t${time(30)}Z\t`));
    writeFileSync(place.path('revoked.txt'), entry(`R\t${time(30)}Z\t${time(-1)}Z`));
    writeFileSync(place.path('unknown.txt'), '');
    for (const status of ['good', 'revoked', 'unknown'])
      openssl(
        'ocsp',
        '-index',
        `${status}.txt`,
        '-CA',
        'ca.pem',
        '-rsigner',
        'ca.pem',
        '-rkey',
        'ca.key',
        '-issuer',
        'ca.pem',
        '-cert',
        'sec1.pem',
        '-ndays',
        '2',
        '-respout',
        `${status}.ocsp`,
        '-noverify',
      );
  });
  afterAll(place.remove);

  async function read(certificate: string) {
    const loaded = planFromText(
      `certificates: [{ ${certificate} }]
shards: [{ name: default, binds: [{ listen: ":0", mode: tls, defaultBackend: web }] }]
backends: [{ name: web, tls: { ca: ca.pem }, servers: [{ name: a, address: "127.0.0.1:1" }] }]`,
      { file: 'sluice.yaml', folder: place.folder },
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const { units, problems } = await readTlsFiles(loaded.plan, { now: Date.now() });
    return {
      leaf: units[0]?.leaf,
      ocsp: units.find(({ kind }) => kind === 'ocsp'),
      errors: problems.filter(({ severity }) => severity === 'error').map(({ message }) => message),
      warnings: problems.map(({ message }) => message),
    };
  }

  it.each([
    ['cert: sec1.pem, key: sec1.key', 'ECDSA P-256', 1],
    ['cert: pkcs1.pem, key: pkcs1.key', 'RSA 2048', 1],
    ['cert: ed25519.pem, key: ed25519.key', 'Ed25519', 1],
    ['cert: key-first.pem', 'ECDSA P-256', 2],
    ['cert: from-p12.pem', 'ECDSA P-256', 2],
  ])('%s', async (certificate, keyType, chain) => {
    const { leaf: found, errors } = await read(certificate);
    expect(errors).toEqual([]);
    expect(found).toMatchObject({
      keyType,
      chain,
      issuer: 'CN=Test authority',
      names: [expect.stringMatching(/\.example$/)],
    });
  });

  it.each([
    ['cert: pkcs1.pem, key: encrypted.key', 'encrypted'],
    ['cert: sec1.pem, key: encrypted8.key', 'encrypted'],
    ['cert: sec1.pem, key: pkcs1.key', 'not the key of this certificate'],
    ['cert: sec1.csr, key: sec1.key', 'a request for a certificate'],
    ['cert: all.p12', 'DER'],
  ])('not %s', async (certificate, message) => {
    expect((await read(certificate)).errors.join()).toContain(message);
  });

  it.each(['good', 'revoked', 'unknown'] as const)('an OCSP response that says %s', async (status) => {
    const now = Date.now();
    const responses = parseOcspResponse(readFileSync(place.path(`${status}.ocsp`)));
    expect(responses).toMatchObject([{ status }]);
    expect(Math.abs(responses[0]!.thisUpdate - now)).toBeLessThan(600_000);
    expect(responses[0]!.nextUpdate! - responses[0]!.thisUpdate).toBe(2 * 86_400_000);
    const { ocsp, warnings } = await read(`cert: sec1.pem, key: sec1.key, ocsp: ${status}.ocsp`);
    expect(ocsp?.files).toHaveLength(status === 'good' ? 1 : 0);
    expect(warnings.filter((text) => text.startsWith('not stapled'))).toHaveLength(status === 'good' ? 0 : 1);
    expect((await read(`cert: pkcs1.pem, key: pkcs1.key, ocsp: ${status}.ocsp`)).ocsp?.files).toEqual([]);
  });
});
