import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { FileFault } from '../../../src/config/certificates/fault.ts';
import { maxFileBytes, readTlsFile } from '../../../src/config/certificates/read-file.ts';
import { readTlsFiles } from '../../../src/config/certificates/read-tls-files.ts';
import { withTlsFiles } from '../../../src/config/certificates/with-tls-files.ts';
import { planFromText } from '../../../src/config/load-plan.ts';
import { scratch } from '../../support/scratch.ts';
import { filesOf, made } from './made.ts';
import { ocspResponse } from './ocsp.ts';

const { root, intermediate, leaf, rsa, client, expired } = await made;
const now = Date.now();
const text = `certificates:
- { cert: a.pem, key: a.key, ocsp: a.ocsp }
- cert: both.pem
shards:
- name: default
  binds: [{ listen: ":443", mode: tls, clientTLS: { clientCertificatePolicy: Optional, clientCA: ca.pem } }]
routes:
- name: shop
  host: shop.example.com
  to: [{ backend: web }]
  tls: { termination: reencrypt, certificate: a.pem, key: a.key, destinationCACertificate: ca.pem }
backends:
- { name: web, tls: { ca: root.pem, certificate: client.pem, key: client.key }, servers: [{ name: a, address: "127.0.0.1:1" }] }
`;
const loaded = planFromText(text, { file: 'sluice.yaml', folder: '/t' });
if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
const { plan } = loaded;

const serialNumber = (
  await readTlsFiles(plan, { read: filesOf({ '/t/a.pem': leaf.cert, '/t/a.key': leaf.key }), now })
).units[0]!.leaf!.serialNumber;
const good = {
  '/t/a.pem': leaf.cert + intermediate.cert,
  '/t/a.key': leaf.key,
  '/t/a.ocsp': ocspResponse({ serialNumber, thisUpdate: now - 1_000, nextUpdate: now + 1e6 }),
  '/t/both.pem': rsa.key + rsa.cert,
  '/t/ca.pem': intermediate.cert + root.cert + root.key,
  '/t/root.pem': root.cert,
  '/t/client.pem': client.cert,
  '/t/client.key': client.key,
};

describe('the files of a plan', () => {
  it('are read once each, and keys are nowhere but where they belong', async () => {
    const asked: string[] = [];
    const read = filesOf(good);
    const { files, problems, units } = await readTlsFiles(plan, {
      read: (path) => {
        asked.push(path);
        return read(path);
      },
      now,
    });
    expect(asked.sort()).toEqual(Object.keys(good).sort());
    expect(files.map(({ path }) => path).sort()).toEqual(Object.keys(good).sort());
    expect(problems.map(({ message }) => message)).toEqual([
      'it holds a private key, which is not needed here',
    ]);
    const withKey = files.filter(({ content }) => Buffer.from(content, 'base64').includes('PRIVATE KEY'));
    expect(withKey.map(({ path }) => path).sort()).toEqual(['/t/a.key', '/t/both.pem', '/t/client.key']);
    expect(units.map(({ kind }) => kind)).toEqual([
      'pair',
      'pair',
      'pair',
      'authorities',
      'authorities',
      'ocsp',
    ]);
  });

  it('are told of at the lines that name them, all at once', async () => {
    const result = await withTlsFiles('sluice.yaml', loaded, {
      read: filesOf({
        ...good,
        '/t/a.key': rsa.key,
        '/t/both.pem': '',
        '/t/ca.pem': leaf.key,
        '/t/client.pem': 'x',
      }),
      now,
    });
    expect(!result.ok && result.errors.map(({ line, column, message }) => [line, column, message])).toEqual([
      [2, 23, '/t/a.key: the key is not the key of any certificate in the file'],
      [3, 9, '/t/both.pem: the file is empty'],
      [6, 98, '/t/ca.pem: it holds no certificate; it holds PRIVATE KEY'],
      [13, 50, '/t/client.pem: it holds no certificate, nor any PEM'],
    ]);
  });

  it('that can be served nevertheless are warnings', async () => {
    const result = await withTlsFiles('sluice.yaml', loaded, {
      read: filesOf({ ...good, '/t/a.pem': expired.cert, '/t/a.key': expired.key, '/t/ca.pem': root.cert }),
      now,
    });
    expect(result.ok && result.warnings.map(({ line, message }) => [line, message])).toEqual([
      [2, '/t/a.pem: expired 3 d ago, so clients refuse it'],
      [2, '/t/a.ocsp: not stapled: it is about another certificate'],
    ]);
  });

  it.each([
    ['its own', 'shop.example.com', ', certificate: a.pem, key: a.key', undefined],
    [
      'its own for another host',
      'x.example',
      ', certificate: a.pem, key: a.key',
      'clients get /t/a.pem, which is for shop.example.com, *.shop.example.com, and refuse it',
    ],
    ["the plan's", 'shop.example.com', '', undefined],
    ["a wildcard of the plan's", 'x.shop.example.com', '', undefined],
    [
      'not of two labels',
      'x.y.shop.example.com',
      '',
      'no certificate is for x.y.shop.example.com: clients get /t/a.pem',
    ],
    ['for a wildcard', '*.shop.example.com', '', undefined],
    ['not for another wildcard', '*.example.com', '', 'no certificate is for *.example.com'],
    ['of a word', 'intranet', '', 'no certificate is for intranet'],
  ])('clients of a route get one for its host: %s', async (_, host, own, warning) => {
    const result = planFromText(
      `certificates: [{ cert: a.pem, key: a.key }]
shards: [{ name: default, binds: [{ listen: ":443", mode: tls }] }]
routes: [{ name: r, host: "${host}", tls: { termination: edge${own} }, to: [{ backend: web }] }]
backends: [{ name: web, servers: [{ name: a, address: "127.0.0.1:1" }] }]`,
      { file: 'sluice.yaml', folder: '/t' },
    );
    const told = await withTlsFiles('sluice.yaml', result, { read: filesOf(good), now });
    expect(told.ok && told.warnings.map(({ message, path }) => [path, message])).toEqual(
      warning === undefined
        ? []
        : [[own === '' ? 'routes[0].host' : 'routes[0].tls.certificate', expect.stringContaining(warning)]],
    );
  });

  it('without a default, a name that no certificate has is refused', async () => {
    const result = planFromText(
      `shards: [{ name: default, binds: [{ listen: ":443", mode: tls }] }]
routes:
- { name: r, host: shop.example.com, tls: { termination: edge, certificate: a.pem, key: a.key }, to: [{ backend: web }] }
- { name: s, host: b.example, tls: { termination: edge }, to: [{ backend: web }] }
backends: [{ name: web, servers: [{ name: a, address: "127.0.0.1:1" }] }]`,
      { file: 'sluice.yaml', folder: '/t' },
    );
    const told = await withTlsFiles('sluice.yaml', result, { read: filesOf(good), now });
    expect(told.ok && told.warnings).toMatchObject([
      {
        line: 4,
        message: 'no certificate is for b.example, and there is no default: its handshakes are refused',
      },
    ]);
  });

  it('of a plan without TLS are none', async () => {
    const plain = planFromText('shards: [{ name: default, binds: [{ listen: ":0", mode: http }] }]', {
      file: 'x',
      folder: '/',
    });
    expect(plain.ok && (await readTlsFiles(plain.plan, { now }))).toEqual({
      units: [],
      files: [],
      problems: [],
    });
  });
});

describe('a file', () => {
  const place = scratch();
  afterAll(place.remove);
  writeFileSync(place.path('good'), 'abc', { mode: 0o640 });
  writeFileSync(place.path('large'), Buffer.alloc(maxFileBytes + 1));
  writeFileSync(place.path('secret'), '', { mode: 0 });
  mkdirSync(place.path('folder'));
  symlinkSync(place.path('loop'), place.path('loop'));

  it('is read with its permissions', async () => {
    expect(await readTlsFile(place.path('good'))).toEqual({ content: Buffer.from('abc'), mode: 0o640 });
  });

  it.each([
    ['none', 'no such file'],
    ['folder', 'a folder'],
    ['large', 'larger than 1 MiB'],
    ['good/x', 'not a folder'],
    ['loop', 'in a circle'],
  ] as const)('%s', async (name, message) => {
    await expect(readTlsFile(place.path(name))).rejects.toThrow(FileFault);
    await expect(readTlsFile(place.path(name))).rejects.toThrow(message);
  });

  it.skipIf(process.getuid?.() === 0)('that this user may not read', async () => {
    await expect(readTlsFile(place.path('secret'))).rejects.toThrow('may not read');
  });
});
