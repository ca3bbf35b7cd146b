import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPair } from '../../../src/config/certificates/read-pair.ts';
import type { TlsUnit } from '../../../src/config/certificates/tls-unit.ts';
import { filesOf, made, weakCertificate } from './made.ts';

const { root, intermediate, leaf, rsa, expired, future, selfSigned, client } = await made;
const now = Date.now();

async function pairOf(
  cert: string | Buffer | undefined,
  key: string | Buffer | undefined,
  mode?: number,
): Promise<TlsUnit> {
  const files = {
    ...(cert !== undefined && { '/c.pem': cert }),
    ...(key !== undefined && { '/c.key': key }),
  };
  const place = {
    cert: '/c.pem',
    key: key === undefined && mode === undefined ? '/c.pem' : '/c.key',
    use: 'served',
    at: { cert: ['cert'], key: ['key'] },
  } as const;
  return readPair(place, filesOf(files, mode), now);
}

const messages = ({ problems }: TlsUnit) => problems.map(({ severity, message }) => `${severity} ${message}`);
const text = (unit: TlsUnit, path: string) =>
  Buffer.from(unit.files.find((file) => file.path === path)?.content ?? '', 'base64').toString();
const pem = (label: string, body: string) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const damaged = leaf.cert.replace(/[A-Za-z0-9+/]{64}\n/, 'AAAA\n');
const encrypted = (type: 'pkcs8' | 'pkcs1') =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  }).privateKey;
const x25519 = generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' });

describe('a good pair', () => {
  it.each([
    ['leaf alone', leaf.cert, leaf.key, 1],
    ['with its chain', leaf.cert + intermediate.cert + root.cert, leaf.key, 3],
    ['RSA', rsa.cert + intermediate.cert, rsa.key, 2],
    ['signed by itself', selfSigned.cert, selfSigned.key, 1],
    ['text around, and CRLF', `Subject: x\n${leaf.cert}`.replaceAll('\n', '\r\n'), leaf.key, 1],
    ['both in one file', leaf.key + leaf.cert + intermediate.cert, undefined, 2],
  ])('%s', async (_, cert, key, chain) => {
    const unit = await pairOf(cert, key);
    expect(messages(unit)).toEqual([]);
    expect(unit.leaf).toMatchObject({ chain });
    expect(unit.files.map(({ path }) => path)).toEqual(key === undefined ? ['/c.pem'] : ['/c.pem', '/c.key']);
    expect(text(unit, key === undefined ? '/c.pem' : '/c.key')).toContain('PRIVATE KEY');
  });

  it('is told of', async () => {
    const unit = await pairOf(leaf.cert, leaf.key);
    expect(unit.leaf).toMatchObject({
      names: ['shop.example.com', '*.shop.example.com'],
      subject: 'CN=shop.example.com',
      issuer: 'CN=Intermediate',
      selfSigned: false,
      forServers: true,
      keyKind: 'ecdsa',
      keyType: 'ECDSA P-256',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      serialNumber: expect.stringMatching(/^[0-9A-F]+$/),
    });
    expect((await pairOf(rsa.cert, rsa.key)).leaf).toMatchObject({ keyKind: 'rsa', keyType: 'RSA 2048' });
  });

  it('is sent leaf first, whatever its order is', async () => {
    const unit = await pairOf(root.cert + intermediate.cert + leaf.cert, leaf.key);
    expect(messages(unit)).toEqual([expect.stringContaining('sent in the right one')]);
    expect(text(unit, '/c.pem').replaceAll('\r', '')).toBe(leaf.cert + intermediate.cert + root.cert);
  });

  it('is sent without what is no part of its chain', async () => {
    const unit = await pairOf(leaf.cert + intermediate.cert + selfSigned.cert, leaf.key);
    expect(messages(unit)).toEqual([expect.stringContaining('CN=self.example is no part of its chain')]);
    expect(unit.leaf?.chain).toBe(2);
  });

  it.each([
    ['expired', expired, 'expired 3 d ago'],
    ['not valid yet', future, /not valid yet for (2 d|3 d)/],
    ['of a client', client, 'not for servers'],
  ] as const)('%s, it is served with a warning', async (_, { cert, key }, message) => {
    const unit = await pairOf(cert, key);
    expect(unit.files).toHaveLength(2);
    expect(messages(unit)).toContainEqual(
      typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
    );
    expect(unit.problems.every(({ severity }) => severity === 'warning')).toBe(true);
  });

  it('warns of a key that everybody may read', async () => {
    const unit = await pairOf(leaf.cert, leaf.key, 0o644);
    expect(unit.problems).toEqual([
      expect.objectContaining({ at: ['key'], severity: 'warning', remedy: 'chmod 600 /c.key' }),
    ]);
  });
});

describe('a broken pair', () => {
  it.each([
    ['no certificate file', undefined, leaf.key, 'cert', 'there is no such file'],
    ['no key file', leaf.cert, Buffer.alloc(0), 'key', 'the file is empty'],
    ['empty', '', leaf.key, 'cert', 'the file is empty'],
    ['not PEM', 'hello', leaf.key, 'cert', 'holds no certificate, nor any PEM'],
    [
      'DER',
      Buffer.from(leaf.cert.replace(/-----.*-----|\s/g, ''), 'base64'),
      leaf.key,
      'cert',
      'this is DER',
    ],
    ['binary', Buffer.from([1, 0, 2]), leaf.key, 'cert', 'binary'],
    ['cut short', leaf.cert.slice(0, 300), leaf.key, 'cert', 'has no end'],
    ['without its beginning', leaf.cert.slice(30), leaf.key, 'cert', 'was not begun'],
    ['two beginnings', `-----BEGIN CERTIFICATE-----\n${leaf.cert}`, leaf.key, 'cert', 'has no end'],
    [
      'two labels',
      leaf.cert.replace('END CERTIFICATE', 'END PRIVATE KEY'),
      leaf.key,
      'cert',
      'ends a PRIVATE KEY',
    ],
    ['no base64', pem('CERTIFICATE', '!!!!'), leaf.key, 'cert', 'not base64'],
    ['nothing in it', pem('CERTIFICATE', ''), leaf.key, 'cert', 'not base64'],
    ['no DER in it', pem('CERTIFICATE', 'AAAA'), leaf.key, 'cert', 'certificate in line 1 is damaged'],
    ['damaged', damaged, leaf.key, 'cert', 'damaged'],
    ['a request', pem('CERTIFICATE REQUEST', 'AAAA'), leaf.key, 'cert', 'a request for a certificate'],
    [
      'key and certificate mixed up',
      leaf.key,
      leaf.cert,
      'cert',
      'holds no certificate; it holds PRIVATE KEY',
    ],
    ['no key in the one file', leaf.cert, undefined, 'key', 'holds no private key; it holds CERTIFICATE'],
    ['another key', leaf.cert, rsa.key, 'key', 'not the key of this certificate'],
    [
      'another key for a chain',
      leaf.cert + intermediate.cert,
      rsa.key,
      'key',
      'not the key of any certificate',
    ],
    ['two keys', leaf.cert, leaf.key + rsa.key, 'key', '2 private keys'],
    ['a public key', leaf.cert, pem('PUBLIC KEY', 'AAAA'), 'key', 'it holds PUBLIC KEY'],
    ['a damaged key', leaf.cert, pem('PRIVATE KEY', 'AAAA'), 'key', 'PRIVATE KEY in line 1 is damaged'],
    ['a key of a strange kind', leaf.cert, pem('OPENSSH PRIVATE KEY', 'AAAA'), 'key', 'cannot be used'],
    ['a key that signs nothing', leaf.cert, x25519, 'key', 'of type x25519 cannot be used'],
    ['an encrypted key', leaf.cert, encrypted('pkcs8'), 'key', 'encrypted'],
    ['an old encrypted key', leaf.cert, encrypted('pkcs1'), 'key', 'encrypted'],
  ] as const)('%s', async (_, cert, key, at, message) => {
    const unit = await pairOf(cert, key);
    expect(unit.files).toEqual([]);
    expect(unit.leaf).toBeUndefined();
    expect(unit.problems.find(({ at: [where] }) => where === at)).toMatchObject({
      severity: 'error',
      file: at === 'cert' || key === undefined ? '/c.pem' : '/c.key',
      message: expect.stringContaining(message),
    });
  });

  it('tells of both files at once', async () => {
    expect((await pairOf('x', 'y')).problems).toHaveLength(2);
  });

  it('whose RSA key is too short for OpenSSL is refused in words', async () => {
    const { cert, key } = await weakCertificate();
    const unit = await pairOf(cert, key);
    expect(messages(unit)).toEqual([expect.stringMatching(/1024 bits/)]);
  });
});

it('whatever is in the files, the answer is a unit, and no message repeats a part of the key', async () => {
  const whole = leaf.key + leaf.cert + intermediate.cert;
  const secret = leaf.key.split('\n')[1]!;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(
          fc.nat(whole.length),
          fc.nat(40),
          fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('\0', '\n', '-----', 'A')),
        ),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
      async (edits) => {
        let content = whole;
        for (const [at, remove, insert] of edits)
          content = content.slice(0, at) + insert + content.slice(at + remove);
        const unit = await pairOf(content, undefined);
        expect(unit.files.length).toBe(unit.problems.some(({ severity }) => severity === 'error') ? 0 : 1);
        for (const message of messages(unit))
          for (let at = 0; at + 12 < secret.length; at++)
            expect(message).not.toContain(secret.slice(at, at + 12));
      },
    ),
    { numRuns: 150 },
  );
});

it('an octet of the certificate may be any other', async () => {
  const der = Buffer.from(leaf.cert.replace(/-----.*-----|\s/g, ''), 'base64');
  await fc.assert(
    fc.asyncProperty(fc.nat(der.length - 1), fc.nat(255), async (at, octet) => {
      const changed = Buffer.from(der);
      changed[at] = octet;
      const unit = await pairOf(pem('CERTIFICATE', changed.toString('base64')), leaf.key);
      expect(unit.problems.length > 0 || unit.files.length === 2).toBe(true);
    }),
    { numRuns: 200 },
  );
});
