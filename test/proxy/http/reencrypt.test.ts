import type { Socket } from 'node:net';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../src/cli/demo/make-certificate.ts';
import { answering, authority, day, fileOf, leaf, plainServer, tlsServer } from '../../support/tls-peers.ts';
import { ask, backendOf, closedPort, okAnswer, openClient, timeouts } from './http-plane.ts';
import { reencrypting } from './reencrypting.ts';

const get = 'GET / HTTP/1.1\r\nHost: shop.example.com\r\nConnection: close\r\n\r\n';
const keep = 'GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n';
const good = { names: ['shop.example.com'] };

/** A server with the right certificate, which counts. */
async function goodServer(act: (socket: Socket) => void = answering(okAnswer), options: TlsOptions = {}) {
  const seen: { sni: string | false | null; resumed: boolean; alpn: string | false | null }[] = [];
  const port = await tlsServer(
    { ...(await leaf(good)), ALPNProtocols: ['http/1.1'], ...options },
    (socket: TLSSocket) => {
      seen.push({
        sni: socket.servername ?? false,
        resumed: socket.isSessionReused(),
        alpn: socket.alpnProtocol,
      });
      act(socket);
    },
  );
  return { port, seen };
}

describe('a request to a server over TLS', () => {
  it('is sent once the certificate is verified, by its name, and the facts are told', async () => {
    const { port: server, seen } = await goodServer();
    const { port, ended } = await reencrypting([server]);
    const { received } = await ask(port, get);
    expect(received).toContain('HTTP/1.1 200 OK');
    expect(seen).toEqual([{ sni: 'shop.example.com', resumed: false, alpn: 'http/1.1' }]);
    expect(ended[0]).toMatchObject({
      status: 200,
      termination: '----',
      tls: { version: 'TLSv1.3', resumed: false, serverName: 'shop.example.com', verified: true },
    });
    expect(ended[0]!.handshakeMono).toBeGreaterThan(0);
  });

  it('goes to the port where the server speaks TLS', async () => {
    const { port: server } = await goodServer();
    const servers = backendOf('app', [await closedPort()]).servers.map((each) => ({
      ...each,
      tlsPort: server,
    }));
    const { port, ended } = await reencrypting([], { servers });
    expect((await ask(port, get)).received).toContain('200 OK');
    expect(ended[0]!.address).toBe(`127.0.0.1:${server}`);
  });

  it('takes a kept connection, and resumes a session where there is none', async () => {
    const { port: server, seen } = await goodServer();
    const { port, ended, plane } = await reencrypting([server]);
    const client = await openClient(port);
    client.write(keep);
    await client.untilText('\r\n\r\nok');
    expect(plane.backend('app')!.servers[0]!.idle).toBe(1);
    client.write(get);
    await client.untilEnded();
    expect(seen.length).toBe(1);
    expect(ended[1]).toMatchObject({
      reused: true,
      handshakeMono: -1,
      tls: { handshakeMs: 0, verified: true },
    });
    plane.backend('app')!.servers[0]!.closeIdle();
    await ask(port, get);
    expect(seen.map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(ended[2]).toMatchObject({ reused: false, tls: { resumed: true, verified: true } });
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes %s sessions', async (version) => {
    const { port: server, seen } = await goodServer(answering(okAnswer), {
      minVersion: version,
      maxVersion: version,
    });
    const { port, plane, ended } = await reencrypting([server]);
    for (let i = 0; i < 3; i += 1) {
      await ask(port, get);
      plane.backend('app')!.servers[0]!.closeIdle();
    }
    expect(seen.map(({ resumed }) => resumed)).toEqual([false, true, true]);
    expect(ended.map(({ tls }) => [tls?.version, tls?.verified])).toEqual(Array(3).fill([version, true]));
  });

  it('shows our certificate where the server wants one', async () => {
    const ours = await leaf({ names: ['sluice'], client: true });
    const { port: server } = await goodServer(answering(okAnswer), {
      requestCert: true,
      rejectUnauthorized: true,
      ca: (await authority()).cert,
    });
    const files = [
      fileOf('/ca.pem', (await authority()).cert),
      fileOf('/c.pem', ours.cert),
      fileOf('/c.key', ours.key),
    ];
    const tls = {
      verify: 'required' as const,
      ca: '/ca.pem',
      certificate: { cert: '/c.pem', key: '/c.key' },
    };
    const withOurs = await reencrypting([server], { tls }, files);
    expect((await ask(withOurs.port, get)).received).toContain('200 OK');
    const without = await reencrypting([server]);
    expect((await ask(without.port, get)).received).toContain(' 502 ');
    expect(without.ended[0]!.cause).toContain('it wants a certificate of ours');
  });
});

describe('a server that is not to be trusted', () => {
  const cases: [string, () => Promise<TlsOptions>, string][] = [
    [
      'expired',
      () => leaf({ ...good, notBefore: Date.now() - 9 * day, notAfter: Date.now() - day }),
      'has expired',
    ],
    [
      'not yet valid',
      () => leaf({ ...good, notBefore: Date.now() + day, notAfter: Date.now() + 9 * day }),
      'not yet valid',
    ],
    [
      'of another name',
      () => leaf({ names: ['api.example.com', '10.1.2.3'] }),
      'not for shop.example.com but for api.example.com, 10.1.2.3',
    ],
    ['self-signed', () => makeCertificate(good), 'self-signed'],
    [
      'of an unknown authority',
      async () =>
        makeCertificate(
          good,
          await (await import('../../../src/cli/demo/make-certificate.ts')).makeAuthority('Other'),
        ),
      'an authority that is not trusted',
    ],
  ];
  it.each(cases)('whose certificate is %s gets not a byte: 503, and why', async (_name, options, why) => {
    const heard: string[] = [];
    const server = await tlsServer(await options(), (socket) =>
      socket.on('data', (bytes) => heard.push(String(bytes))),
    );
    const { port, ended, plane } = await reencrypting([server]);
    expect((await ask(port, get)).received).toContain(' 503 ');
    expect(heard).toEqual([]);
    expect(ended[0]).toMatchObject({ status: 503, termination: 'SC--', tls: undefined });
    expect(ended[0]!.cause).toContain(why);
    expect(ended[0]!.steps.join('\n')).toContain(`server-handshake-failed: app/s1: its certificate`);
    expect(plane.backend('app')!.servers[0]!.traffic.connectErrors).toBeGreaterThan(0);
    expect(plane.sample(true).routes[0]!.serverHandshakeFailures).toBeGreaterThan(0);
  });

  it('is passed over for another one, at once', async () => {
    const bad = await tlsServer(await leaf({ names: ['api.example.com'] }), () => {});
    const { port: server } = await goodServer();
    const { port, ended } = await reencrypting([bad, server]);
    for (let i = 0; i < 4; i += 1) expect((await ask(port, get)).received).toContain('200 OK');
    expect(ended.map((stream) => stream.server)).toEqual(Array(4).fill('app/s2'));
    expect(ended.some(({ retries }) => retries === 1)).toBe(true);
  });

  it('is spoken to all the same with verify: none, and that is told', async () => {
    const server = await tlsServer(await makeCertificate({ names: ['elsewhere'] }), answering(okAnswer));
    const { port, ended } = await reencrypting([server], { tls: { verify: 'none' } });
    expect((await ask(port, get)).received).toContain('200 OK');
    expect(ended[0]!.tls).toMatchObject({ verified: false });
  });
});

describe('a server that speaks no TLS, or not with us', () => {
  const faults: [string, (socket: Socket) => void, string][] = [
    [
      'answers plain HTTP',
      answeringOnce('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
      'does not speak TLS',
    ],
    [
      'breaks the connection off',
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
      'broke the connection off',
    ],
    ['ends the connection', (socket) => socket.once('data', () => socket.end()), 'broke the connection off'],
    [
      'does not know the name',
      answeringOnce('\x15\x03\x03\x00\x02\x02\x70'),
      'does not know the server name',
    ],
  ];
  it.each(faults)('%s: 503, and why', async (_name, act, why) => {
    const server = await plainServer(act);
    const { port, ended } = await reencrypting([server], { retries: 0 });
    expect((await ask(port, get)).received).toContain(' 503 ');
    expect(ended[0]!.termination).toBe('SC--');
    expect(ended[0]!.cause).toContain(why);
  });

  it('says nothing: the connect timeout holds for the handshake, too', async () => {
    const server = await plainServer((socket) => socket.resume());
    const { port, ended } = await reencrypting([server], {
      retries: 0,
      timeouts: { ...timeouts, connect: 60 },
    });
    expect((await ask(port, get)).received).toContain(' 503 ');
    expect(ended[0]!.termination).toBe('sC--');
    expect(ended[0]!.cause).toContain('not complete within the connect timeout');
  });
});

function answeringOnce(text: string): (socket: Socket) => void {
  return (socket) => socket.once('data', () => socket.end(text, 'latin1'));
}

describe('files for servers', () => {
  it('that are missing are told, and fail the request: nobody is trusted instead', async () => {
    const { port: server, seen } = await goodServer();
    const { port, ended, faults } = await reencrypting([server], {}, []);
    expect(faults).toEqual(['/ca.pem: its contents are not there']);
    expect((await ask(port, get)).received).toContain(' 503 ');
    expect(ended[0]!.cause).toContain('/ca.pem');
    expect(seen).toEqual([]);
  });

  it.each(['', 'no PEM at all'])(
    'that hold nothing (%j) are told, and trusted by nobody',
    async (content) => {
      const { port: server } = await goodServer();
      const { port, faults } = await reencrypting([server], {}, [fileOf('/ca.pem', content)]);
      expect(faults).toEqual(['/ca.pem: holds no certificate']);
      expect((await ask(port, get)).received).toContain(' 503 ');
    },
  );

  it('that change close what was opened with those before; equal ones do not', async () => {
    const { port: server, seen } = await goodServer();
    const { port, use, plane } = await reencrypting([server]);
    const client = await openClient(port);
    client.write(keep);
    await client.untilText('\r\n\r\nok');
    const ca = (await authority()).cert;
    use([fileOf('/ca.pem', ca)]);
    client.write(keep);
    await client.until(({ received }) => received.split('\r\n\r\nok').length === 3);
    expect(seen.length).toBe(1);
    use([fileOf('/ca.pem', `${ca}\n`)]);
    client.write(get);
    await client.untilEnded();
    expect(client.received.split('\r\n\r\nok').length).toBe(4);
    expect(seen.map(({ resumed }) => resumed)).toEqual([false, false]);
    expect(plane.backend('app')!.servers[0]!.tlsPools.size).toBe(1);
  });
});

describe('an answer that ends by closing', () => {
  const head = 'HTTP/1.1 200 OK\r\n\r\n';

  it('is whole where the server says so, and the server is asked in that way from then on', async () => {
    const { port: server, seen } = await goodServer((socket) =>
      socket.once('data', () => socket.end(`${head}all of it`)),
    );
    const { port, ended } = await reencrypting([server]);
    expect(await ask(port, get)).toMatchObject({
      ended: 'end',
      received: expect.stringContaining('all of it'),
    });
    // The first one is asked again, where the end can be seen.
    expect(seen.length).toBe(2);
    expect(await ask(port, get)).toMatchObject({ ended: 'end' });
    expect(seen.length).toBe(3);
    expect(ended.map(({ termination, retries }) => [termination, retries])).toEqual([
      ['----', 1],
      ['----', 0],
    ]);
  });

  it('is broken off where the connection was only cut, so that nobody takes it for all', async () => {
    const { port: server } = await goodServer((socket) =>
      socket.once('data', () => {
        socket.write(`${head}half of`, () => setImmediate(() => socket.destroy()));
      }),
    );
    const { port, ended } = await reencrypting([server]);
    expect((await ask(port, get)).ended).toBe('reset');
    expect(ended[0]!.termination).toBe('SD--');
    expect(ended[0]!.cause).toContain('no close_notify');
  });

  it('to a request that may not be sent twice is asked for where the end can be seen, at once', async () => {
    let requests = 0;
    const { port: server } = await goodServer((socket) =>
      socket.once('data', () => {
        requests += 1;
        socket.end(`${head}done`);
      }),
    );
    const { port } = await reencrypting([server]);
    const post =
      'POST / HTTP/1.1\r\nHost: shop.example.com\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi';
    expect(await ask(port, post)).toMatchObject({ ended: 'end', received: expect.stringContaining('done') });
    expect(requests).toBe(1);
  });
});

describe('bodies over TLS', () => {
  const size = 8_000_000;
  const body = Buffer.alloc(size, 'abcdefghij0123456789');

  it('come out octet by octet through a client that stalls', async () => {
    const { port: server } = await goodServer((socket) =>
      socket.on('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
        socket.write(body);
      }),
    );
    const { port, ended } = await reencrypting([server]);
    const client = await openClient(port);
    client.socket.pause();
    client.write(get);
    for (let turn = 0; turn < 40; turn += 1) {
      client.socket.resume();
      await new Promise((resolve) => setImmediate(resolve));
      client.socket.pause();
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.socket.resume();
    await client.untilEnded();
    const received = client.received.slice(client.received.indexOf('\r\n\r\n') + 4);
    expect(received.length).toBe(size);
    expect(received === body.toString('latin1')).toBe(true);
    expect(ended[0]!.termination).toBe('----');
  });

  it('go to the server as they came', async () => {
    let heard = 0;
    const { port: server } = await goodServer((socket) => {
      socket.on('data', (bytes: Buffer) => {
        heard += bytes.length;
        if (bytes.subarray(-4).toString() === 'last') socket.write(okAnswer);
      });
    });
    const { port } = await reencrypting([server]);
    const client = await openClient(port);
    client.write(`PUT / HTTP/1.1\r\nHost: shop.example.com\r\nContent-Length: ${size + 4}\r\n\r\n`);
    client.socket.write(body);
    client.socket.write('last');
    await client.untilText('\r\n\r\nok');
    expect(heard).toBeGreaterThan(size);
  });

  it('that the server does not want end with its answer', async () => {
    const { port: server } = await goodServer((socket) =>
      socket.once('data', () => {
        socket.pause();
        socket.end(
          'HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmuch',
          () => socket.destroy(),
        );
      }),
    );
    const { port, ended } = await reencrypting([server]);
    const client = await openClient(port);
    client.write(`PUT / HTTP/1.1\r\nHost: shop.example.com\r\nContent-Length: ${size}\r\n\r\n`);
    client.socket.write(body);
    await client.untilText('much');
    expect(client.received).toContain('413 Content Too Large');
    expect(ended[0]!.status).toBe(413);
  });

  it('that break off are broken off for the client', async () => {
    const { port: server } = await goodServer((socket) =>
      socket.once('data', () =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345', () => socket.end()),
      ),
    );
    const { port, ended } = await reencrypting([server]);
    expect((await ask(port, get)).ended).toBe('reset');
    expect(ended[0]!.termination).toBe('SD--');
  });
});

describe('an upgrade over TLS', () => {
  it('relays both ways, and an abort of one side resets the other', async () => {
    const upgraded: Socket[] = [];
    const errors: string[] = [];
    const { port: server } = await goodServer((socket) => {
      socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
      socket.once('data', () => {
        upgraded.push(socket);
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello');
        socket.on('data', (bytes) => socket.write(bytes));
      });
    });
    const { port } = await reencrypting([server]);
    const client = await openClient(port);
    client.write('GET / HTTP/1.1\r\nHost: shop.example.com\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
    await client.untilText('hello');
    client.write('ping');
    await client.untilText('ping');
    const closed = new Promise((resolve) => upgraded[0]!.once('close', resolve));
    client.socket.resetAndDestroy();
    await closed;
    expect(errors).toEqual(['ECONNRESET']);
  });
});
