import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Server } from '../../src/domain/plan.ts';
import type { Termination } from '../../src/domain/tls.ts';
import { createPreflights } from '../../src/runtime/preflight/preflights.ts';
import { ask } from '../proxy/http/http-plane.ts';
import { reencrypting } from '../proxy/http/reencrypting.ts';
import { backendOf, bindOf, loopback, planOf, serverOf } from '../proxy/plan-parts.ts';
import { startNginx } from '../support/nginx.ts';
import { hasPeer } from '../support/peers.ts';
import { accepts, start } from '../support/processes.ts';
import { authority, leaf } from '../support/tls-peers.ts';

const get = 'GET / HTTP/1.1\r\nHost: shop.example.com\r\nConnection: close\r\n\r\n';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** Certificate and key of shop.example.com as files, gone with the test. */
async function pair(): Promise<{ readonly cert: string; readonly key: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { cert, key } = await leaf({ names: ['shop.example.com'] });
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  return files;
}

async function findings(server: Server, from: Termination, to: Termination) {
  const ca = Buffer.from((await authority()).cert);
  const backend = backendOf('app', [server], { mode: 'http', tls: { verify: 'required', ca: '/ca.pem' } });
  const route = {
    name: 'shop',
    namespace: 'default',
    labels: {},
    host: 'shop.example.com',
    path: '/',
    tls: { termination: from, insecureEdgeTerminationPolicy: 'None' as const },
    to: [{ backend: 'app', weight: 1 }],
  };
  const plan = planOf('p', [bindOf(':443', { mode: 'tls' })], [backend], [route]);
  const preflight = await createPreflights({
    plan: () => plan,
    content: (path) => (path === '/ca.pem' ? ca : undefined),
    certificateOf: () => undefined,
    terminationOf: ({ tls }) => tls?.termination,
    stateOf: () => undefined,
    connectionsByMode: () => ({ passthrough: 0, edge: 0, reencrypt: 0 }),
    clock: { now: () => Date.now() },
  }).run('shop', to);
  const found = preflight.findings.find(({ subject }) => subject === 'app/s1');
  return `${found?.severity} ${found?.text}`;
}

describe.skipIf(!hasPeer('nginx'))('nginx behind re-encrypted traffic', () => {
  it('is verified, kept, resumed, and found out by a preflight on both of its ports', async () => {
    const { cert, key } = await pair();
    const [tls, plain] = [await freePort(), await freePort()];
    const nginx = await startNginx({
      port: tls,
      files: { 'index.html': 'x'.repeat(100_000) },
      http: `
        server { listen 127.0.0.1:${tls} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:s:1m; }
        server { listen 127.0.0.1:${plain}; }`,
    });
    onTestFinished(() => nginx.stop());
    const { port, ended, plane } = await reencrypting([tls]);
    for (let turn = 0; turn < 3; turn += 1) {
      const { received } = await ask(port, get);
      expect(received.endsWith('x'.repeat(100_000))).toBe(true);
      if (turn === 1) plane.backend('app')!.servers[0]!.closeIdle();
    }
    expect(
      ended.map(({ termination, reused, tls: facts }) => [
        termination,
        reused,
        facts?.resumed,
        facts?.verified,
      ]),
    ).toEqual([
      ['----', false, false, true],
      ['----', true, false, true],
      ['----', false, true, true],
    ]);
    const server = serverOf('s1', { address: loopback(plain), tlsPort: tls });
    expect(await findings(server, 'edge', 'reencrypt')).toMatch(
      /^good chain good for shop\.example\.com, \d+ d left: TLSv1\.3 on port \d+/,
    );
    expect(await findings(server, 'reencrypt', 'edge')).toMatch(
      /^good speaks plain HTTP on port \d+: HTTP\/1\.1 200 OK/,
    );
    expect(await findings(serverOf('s1', { address: loopback(plain) }), 'edge', 'reencrypt')).toMatch(
      /^unsafe answers plain HTTP on port \d+: HTTP\/1\.1 200 OK/,
    );
    expect(await findings(serverOf('s1', { address: loopback(tls) }), 'reencrypt', 'edge')).toMatch(
      /^unsafe speaks TLSv1\.3 on port \d+, and answers plain HTTP with HTTP\/1\.1 400 Bad Request/,
    );
  });
});

describe('openssl s_server behind re-encrypted traffic', () => {
  it.each(['-tls1_2', '-tls1_3'])(
    'ends its answers by closing (%s): they are whole where it says so',
    async (version) => {
      const { cert, key } = await pair();
      const tls = await freePort();
      const words = [
        's_server',
        '-accept',
        String(tls),
        '-cert',
        cert,
        '-key',
        key,
        '-www',
        '-quiet',
        version,
      ];
      const server = await start('openssl', words, { ready: () => accepts(tls) });
      onTestFinished(async () => void (await server.stop()));
      const { port, ended } = await reencrypting([tls]);
      for (let turn = 0; turn < 2; turn += 1) {
        const { received, ended: how } = await ask(port, get);
        expect(received).toContain(' 200 ok');
        expect([how, ended[turn]?.termination]).toEqual(['end', '----']);
      }
      const found = await findings(serverOf('s1', { address: loopback(tls) }), 'edge', 'reencrypt');
      expect(found).toContain(`TLSv1.${version.at(-1)} on port ${tls}`);
    },
  );
});
