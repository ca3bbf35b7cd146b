import { once } from 'node:events';
import type { DetailedPeerCertificate } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../src/cli/demo/make-certificate.ts';
import type { CertificateFiles } from '../../../src/domain/tls.ts';
import { CertificateStore } from '../../../src/proxy/tls/certificate-store.ts';
import { backendOf } from '../plan-parts.ts';
import { until } from '../sockets.ts';
import { TestFiles, testAuthority, tlsBind, tlsDial, tlsPlan, tlsPlane, tlsRoute } from './tls-plane.ts';

const files = new TestFiles();
let shop: CertificateFiles;
let shopRsa: CertificateFiles;
let wild: CertificateFiles;
let own: CertificateFiles;
let clientCA: string;

beforeAll(async () => {
  [shop, shopRsa, wild, own] = await Promise.all([
    files.certificate('shop', { names: ['shop.test', 'www.shop.test'] }),
    files.certificate('shop-rsa', { names: ['shop.test', 'www.shop.test'], keyType: 'rsa' }),
    files.certificate('wild', { names: ['*.shop.test'] }),
    files.certificate('own', { names: ['own.test'] }),
  ]);
  clientCA = files.put('/ca.pem', (await testAuthority()).cert);
});

const backends = [backendOf('web', [], { mode: 'http' })];
const shownTo = async (port: number, options = {}): Promise<DetailedPeerCertificate> => {
  const client = tlsDial(port, options);
  await once(client.socket, 'secureConnect');
  return client.socket.getPeerCertificate(true);
};

describe('the certificate a client is shown', () => {
  it.each([
    ['shop.test', 'DNS:shop.test, DNS:www.shop.test'],
    ['www.shop.test', 'DNS:shop.test, DNS:www.shop.test'],
    ['a.shop.test', 'DNS:*.shop.test'],
    ['a.b.shop.test', 'DNS:shop.test, DNS:www.shop.test'],
    ['mine.test', 'DNS:own.test'],
    ['a.many.test', 'DNS:own.test'],
    ['other.test', 'DNS:shop.test, DNS:www.shop.test'],
    [undefined, 'DNS:shop.test, DNS:www.shop.test'],
  ])('for %s is the one for %s', async (servername, names) => {
    const routes = [
      tlsRoute('mine', 'mine.test', 'edge', 'web', { certificate: own }),
      tlsRoute('many', '*.many.test', 'edge', 'web', { certificate: own }),
    ];
    const { frontPort } = await tlsPlane({ routes, backends, certificates: [shop, wild] }, files.material());
    const options = servername === undefined ? {} : { servername };
    expect((await shownTo(frontPort, options)).subjectaltname).toBe(names);
  });

  it.each([
    ['TLSv1.3', {}, 'ec'],
    ['TLSv1.3', { sigalgs: 'rsa_pss_rsae_sha256' }, 'rsa'],
    ['TLSv1.2', {}, 'ec'],
    ['TLSv1.2', { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }, 'rsa'],
  ] as const)('with %s and %o has an %s key', async (maxVersion, options, type) => {
    const { frontPort } = await tlsPlane({ certificates: [shop, shopRsa] }, files.material());
    const shown = await shownTo(frontPort, { servername: 'shop.test', maxVersion, ...options });
    expect(shown.modulus === undefined ? 'ec' : 'rsa').toBe(type);
  });

  it.each([
    [{}, 'ecdsa response'],
    [{ sigalgs: 'rsa_pss_rsae_sha256' }, 'rsa response'],
  ])('comes with its own OCSP response (%o)', async (options, response) => {
    const stapled = [
      { ...shop, ocsp: files.put('/shop.ocsp', 'ecdsa response') },
      { ...shopRsa, ocsp: files.put('/shop-rsa.ocsp', 'rsa response') },
    ];
    const { frontPort } = await tlsPlane({ certificates: stapled }, files.material());
    const client = tlsDial(frontPort, { servername: 'shop.test', requestOCSP: true, ...options });
    const [found] = (await once(client.socket, 'OCSPResponse')) as [Buffer];
    expect(`${found}`).toBe(response);
  });

  it('is not asked for again by a client that would negotiate anew', async () => {
    const { frontPort } = await tlsPlane({ certificates: [shop] }, files.material());
    const client = tlsDial(frontPort, { servername: 'shop.test', maxVersion: 'TLSv1.2' });
    await once(client.socket, 'secureConnect');
    client.socket.renegotiate({}, () => {});
    await until(() => client.closed);
    expect(client.error).toMatch(/RENEGOTIATION/);
  });
});

describe('files that cannot be used', () => {
  it('are told, by name and without their contents, and left out', async () => {
    const other = await makeCertificate({ names: ['x.test'] });
    const broken = new TestFiles();
    const good = { cert: broken.put('/good.pem', other.cert), key: broken.put('/good.key', other.key) };
    const bad = [
      { cert: broken.put('/noise.pem', 'noise'), key: good.key },
      { cert: good.cert, key: broken.put('/noise.key', '-----BEGIN PRIVATE KEY-----\nAAAA') },
      { cert: good.cert, key: broken.put('/other.key', (await makeCertificate({ names: ['y.test'] })).key) },
      { cert: '/missing.pem', key: good.key },
    ];
    const bind = tlsBind({
      tls: {
        minVersion: 'TLSv1.2',
        clientTLS: { clientCertificatePolicy: 'Required', clientCA: '/no-ca.pem' },
      },
    });
    const store = new CertificateStore();
    const problems = store.use(tlsPlan({ certificates: [...bad, good], binds: [bind] }), broken.material());
    expect(problems).toEqual([
      '/noise.pem: holds no certificate that can be read',
      '/noise.key: holds no private key that can be read',
      '/other.key: not the key of /good.pem',
      '/missing.pem: its contents were not given',
      '/no-ca.pem: its contents were not given',
    ]);
    expect(store.credentialsFor('x.test', tlsBind(), 0)).toBeDefined();
    expect(store.credentialsFor('x.test', tlsBind(), 0)).toBe(
      store.credentialsFor(undefined, tlsBind(), 0) && store.credentialsFor('x.test', tlsBind(), 0),
    );
    expect(() => store.credentialsFor('x.test', bind, 0)).toThrow('/no-ca.pem');
  });
});

describe('a session of before', () => {
  /** Shakes hands, and answers the newest session. */
  async function session(
    port: number,
    options = {},
  ): Promise<{ readonly ticket: Buffer; readonly reused: boolean }> {
    const client = tlsDial(port, { servername: 'shop.test', ...options });
    let ticket: Buffer | undefined;
    client.socket.on('session', (each: Buffer) => {
      ticket = each;
    });
    await once(client.socket, 'secureConnect');
    await until(() => ticket !== undefined || client.socket.isSessionReused());
    const reused = client.socket.isSessionReused();
    client.socket.end();
    return { ticket: ticket ?? Buffer.alloc(0), reused };
  }

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is resumed in another instance (%s)', async (version) => {
    const options = { minVersion: version, maxVersion: version };
    const [one, two, foreign] = await Promise.all([
      tlsPlane({ certificates: [shop] }, files.material()),
      tlsPlane({ certificates: [shop] }, files.material()),
      tlsPlane({ certificates: [shop] }, files.material(Buffer.alloc(32, 8))),
    ]);
    const first = await session(one.frontPort, options);
    expect(first.reused).toBe(false);
    const again = { ...options, session: first.ticket };
    expect((await session(two.frontPort, again)).reused).toBe(true);
    expect((await session(foreign.frontPort, again)).reused).toBe(false);
    await until(() => two.bind.traffic.handshakes === 1);
    expect(two.bind.traffic.resumed).toBe(1);
    // A new certificate does not end it, another secret does.
    two.plane.setTlsMaterial(files.material());
    expect((await session(two.frontPort, again)).reused).toBe(true);
    two.plane.setTlsMaterial(files.material(Buffer.alloc(32, 9)));
    expect((await session(two.frontPort, again)).reused).toBe(false);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'does not lead past a bind that asks for a certificate (%s)',
    async (version) => {
      const options = { minVersion: version, maxVersion: version };
      const open = await tlsPlane({ certificates: [shop] }, files.material());
      const tls = {
        minVersion: 'TLSv1.2',
        clientTLS: { clientCertificatePolicy: 'Required', clientCA },
      } as const;
      const closed = await tlsPlane({ certificates: [shop], binds: [tlsBind({ tls })] }, files.material());
      const { ticket } = await session(open.frontPort, options);
      const client = tlsDial(closed.frontPort, { servername: 'shop.test', session: ticket, ...options });
      await until(() => client.closed && closed.ended.length === 1);
      expect(closed.ended[0]!.cause).toBe('the client sent no certificate, and this bind requires one');
    },
  );
});

describe('client certificates', () => {
  const bindOf = (clientCertificatePolicy: 'Optional' | 'Required') =>
    tlsBind({ tls: { minVersion: 'TLSv1.2', clientTLS: { clientCertificatePolicy, clientCA } } });

  it.each([
    ['Required', 'TLSv1.2', 'none', 'the client sent no certificate, and this bind requires one'],
    ['Required', 'TLSv1.3', 'none', 'the client sent no certificate, and this bind requires one'],
    ['Required', 'TLSv1.3', 'wrong', "the client's certificate was refused: depth zero self signed cert"],
    ['Optional', 'TLSv1.3', 'wrong', "the client's certificate was refused: depth zero self signed cert"],
    ['Required', 'TLSv1.3', 'expired', "the client's certificate was refused: cert has expired"],
    ['Required', 'TLSv1.2', 'right', undefined],
    ['Optional', 'TLSv1.3', 'right', undefined],
    ['Optional', 'TLSv1.3', 'none', undefined],
  ] as const)('%s, over %s: %s', async (policy, version, which, cause) => {
    const authority = await testAuthority();
    const leaf = { names: ['anna'], client: true };
    const made =
      which === 'none'
        ? undefined
        : await makeCertificate(
            which === 'expired' ? { ...leaf, notAfter: Date.now() - 1_000 } : leaf,
            which === 'wrong' ? undefined : authority,
          );
    const { frontPort, ended, plane, bind } = await tlsPlane(
      { certificates: [shop], binds: [bindOf(policy)] },
      files.material(),
    );
    const client = tlsDial(frontPort, {
      servername: 'shop.test',
      minVersion: version,
      maxVersion: version,
      ...made,
    });
    if (cause === undefined) {
      client.socket.write('GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n');
      await until(() => client.received() !== '');
      const [live] = [...plane.connections];
      expect(live!.tls!.clientSubject).toBe(which === 'none' ? undefined : 'CN=anna');
      expect(bind.traffic).toMatchObject({ handshakes: 1, handshakeFailures: 0 });
      return;
    }
    await until(() => client.closed && ended.length === 1);
    expect(ended[0]).toMatchObject({ cause, termination: 'PR' });
    await until(() => bind.traffic.connections === 0 && bind.traffic.tlsConnections === 0);
    expect(bind.traffic).toMatchObject({ handshakes: 0, handshakeFailures: 1 });
  });
});
