import type { TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate } from '../../../src/cli/demo/make-certificate.ts';
import type { Check, HttpCheck, Plan } from '../../../src/domain/plan.ts';
import type { Termination } from '../../../src/domain/tls.ts';
import { createChecker } from '../../../src/runtime/checks/checker.ts';
import { probe } from '../../../src/runtime/checks/probe.ts';
import { checkTls, type ServerTrust } from '../../../src/runtime/checks/server-trust.ts';
import { backendOf, planOf, serverOf } from '../../proxy/plan-parts.ts';
import { answering, authority, day, leaf, plainServer, tlsServer } from '../../support/tls-peers.ts';

const http: HttpCheck = { type: 'http', method: 'GET', path: '/healthz', headers: [], expect: [[200, 399]] };

function check(kind: Check['kind'], timeout = 5_000): Check {
  return {
    kind,
    timeout,
    interval: 1_000,
    fastInterval: 1_000,
    downInterval: 1_000,
    rise: 1,
    fall: 1,
    jitter: 0,
  };
}

async function trust(fields: Partial<ServerTrust> = {}): Promise<ServerTrust> {
  const ca = Buffer.from((await authority()).cert);
  return {
    verify: 'required',
    ca: '/ca.pem',
    serverName: 'web.internal',
    content: (path) => (path === '/ca.pem' ? ca : undefined),
    ...fields,
  };
}

const signal = () => new AbortController().signal;
const at = (port: number) => ({ kind: 'ip' as const, host: '127.0.0.1', port });
const good = { names: ['web.internal'] };
const ok = answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');

describe('a check over TLS', () => {
  it('of kind TCP is the handshake', async () => {
    const port = await tlsServer(await leaf(good), () => {});
    expect(await probe(check({ type: 'tcp' }), at(port), signal(), await trust())).toEqual({
      code: 'L6OK',
      ok: true,
      what: 'TLSv1.3 handshake',
    });
  });

  it('of kind HTTP asks over it, with the name that traffic asks for', async () => {
    const names: unknown[] = [];
    const port = await tlsServer(await leaf(good), (socket) => {
      names.push(socket.servername);
      ok(socket);
    });
    expect(await probe(check(http), at(port), signal(), await trust())).toMatchObject({
      code: 'L7OK',
      status: 200,
    });
    expect(names).toEqual(['web.internal']);
  });

  const faults: [string, () => Promise<TlsOptions>, string][] = [
    [
      'expired',
      () => leaf({ ...good, notBefore: Date.now() - 9 * day, notAfter: Date.now() - day }),
      'expired',
    ],
    ['of another name', () => leaf({ names: ['api'] }), 'not for web.internal but for api'],
    [
      'of an unknown authority',
      async () => makeCertificate(good, await makeAuthority('Other')),
      'not trusted',
    ],
  ];
  it.each(faults)('finds a certificate %s', async (_name, options, what) => {
    const port = await tlsServer(await options(), () => {});
    const result = await probe(check(http), at(port), signal(), await trust());
    expect(result).toMatchObject({ code: 'L6RSP', ok: false });
    expect(result.what).toContain(what);
    expect(
      await probe(check({ type: 'tcp' }), at(port), signal(), await trust({ verify: 'none' })),
    ).toMatchObject({
      code: 'L6OK',
    });
  });

  it('finds a server that speaks plain HTTP, one that says nothing, and a file that is missing', async () => {
    const plain = await plainServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')),
    );
    expect(await probe(check(http), at(plain), signal(), await trust())).toEqual({
      code: 'L6RSP',
      ok: false,
      what: 'it does not speak TLS (plain text on this port?)',
    });
    const silent = await plainServer((socket) => socket.resume());
    expect(await probe(check(http, 50), at(silent), signal(), await trust())).toMatchObject({
      code: 'L6TOUT',
    });
    expect(await probe(check(http), at(silent), signal(), await trust({ ca: '/other.pem' }))).toMatchObject({
      code: 'L6RSP',
      what: '/other.pem: its contents are not there',
    });
  });
});

describe('how a backend is checked', () => {
  const backend = backendOf('web', [serverOf('a', { tlsPort: 8_443 })], {
    check: check(http),
    tls: { verify: 'required', ca: '/ca.pem' },
  });
  const route = (termination: Termination) => ({
    name: termination,
    namespace: 'default',
    labels: {},
    host: 'shop.example.com',
    path: '/',
    tls: { termination, insecureEdgeTerminationPolicy: 'None' as const },
    to: [{ backend: 'web', weight: 1 }],
  });
  const own = ({ tls }: Plan['routes'][number]) => tls?.termination;

  it('is over TLS where all of its traffic is, and trusts whom that trusts', () => {
    expect(checkTls(backend, [route('edge')], own)).toBeUndefined();
    expect(checkTls(backend, [route('edge'), route('reencrypt')], own)).toBeUndefined();
    expect(checkTls(backend, [route('reencrypt')], own)).toEqual({
      verify: 'required',
      ca: '/ca.pem',
      serverName: 'shop.example.com',
    });
    const { tls: _, ...bare } = backend;
    // Passed through, it is the clients who verify.
    expect(checkTls(bare, [route('passthrough')], own)).toMatchObject({ verify: 'none' });
    expect(checkTls({ ...bare, check: { ...bare.check!, tls: true } }, [], own)).toEqual({
      verify: 'required',
    });
  });

  it('changes with the mode in force: another port, from then on', async () => {
    const asked: string[] = [];
    const due: (() => void)[] = [];
    const checker = createChecker({
      probe: (_check, address, _abort, tls) => {
        asked.push(
          `${address.kind === 'ip' ? address.port : ''} ${tls === undefined ? 'plain' : tls.serverName}`,
        );
        return Promise.resolve({ code: 'L7OK', ok: true, what: '200' });
      },
      clock: {
        now: () => 0,
        after: (_ms, run) => {
          due.push(run);
          return () => {};
        },
      },
      random: () => 0,
      health: () => ({ state: 'starting' }),
      checked: () => {},
    });
    const plan = planOf('p', [], [backend], [route('edge')]);
    const step = () => {
      for (const run of due.splice(0)) run();
      return new Promise((resolve) => setImmediate(resolve));
    };
    checker.adopt(plan);
    await step();
    checker.adopt(plan, () => 'reencrypt');
    await step();
    checker.adopt(plan, () => 'reencrypt');
    checker.close();
    expect([asked[0], asked.at(-1)]).toEqual(['1 plain', '8443 shop.example.com']);
  });
});
