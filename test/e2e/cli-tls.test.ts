// A route's TLS mode as an operator changes it by hand: probed, refused, switched, watched, taken back, written back.
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate } from '../../src/cli/demo/make-certificate.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

const host = 'shop.example.com';
let place: Scratch;
let running: RunningSluice;
let secure: Origin;
let plain: Origin;
let ca = '';
let key = '';
let port = 0;

beforeAll(async () => {
  place = scratch();
  const authority = await makeAuthority('test authority');
  ca = authority.cert;
  writeFileSync(place.path('ca.pem'), ca);
  for (const [name, names] of [
    ['proxy', [host, 'old.example.com']],
    ['server', [host]],
  ] as const) {
    const made = await makeCertificate({ names }, authority);
    if (name === 'proxy') ({ key } = made);
    writeFileSync(place.path(`${name}.pem`), made.cert);
    writeFileSync(place.path(`${name}.key`), made.key, { mode: 0o600 });
  }
  const tls = { cert: place.path('server.pem'), key: place.path('server.key') };
  secure = await startOrigin('app1', place.path('posts'), 0, tls);
  plain = await startOrigin('old1', place.path('posts-old'));
  running = await startSluice({
    yaml: `runtime:
  name: e2e
certificates: [{ cert: ${place.path('proxy.pem')}, key: ${place.path('proxy.key')} }]
shards:
  - name: default
    binds:
      - { name: secure, listen: "127.0.0.1:0", mode: tls }
routes:
  - name: shop
    host: ${host}
    tls: { termination: edge }
    to: [{ backend: web }]
  - name: old
    host: old.example.com
    tls: { termination: edge }
    to: [{ backend: old }]
backends:
  - name: web
    tls: { ca: ${place.path('ca.pem')} }
    servers: [{ name: app1, address: "127.0.0.1:${secure.port}", tlsPort: ${secure.tlsPort} }]
  - name: old
    tls: { ca: ${place.path('ca.pem')} }
    servers: [{ name: old1, address: "127.0.0.1:${plain.port}" }]
`,
  });
  const { binds } = (await running.json('show', 'binds')) as { binds: { address: string }[] };
  port = Number(/:(\d+)$/.exec(binds[0]!.address)![1]);
});
afterAll(async () => {
  await running?.stop();
  await secure?.process.stop();
  await plain?.process.stop();
  place?.remove();
});

interface Answer {
  readonly status: number | undefined;
  /** How the server was reached: as it tells itself. */
  readonly over: unknown;
  /** Whose certificate was shown. */
  readonly shownBy: string;
}

function get(servername = host): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { port, host: '127.0.0.1', servername, ca, agent: false, headers: { host: servername } },
      (response) => {
        const socket = response.socket as unknown as { getPeerCertificate(): { subjectaltname?: string } };
        const names = socket.getPeerCertificate().subjectaltname ?? '';
        response.resume().once('end', () =>
          resolve({
            status: response.statusCode,
            over: response.headers['x-over'],
            shownBy: names.includes('old.example.com') ? 'proxy' : 'server',
          }),
        );
      },
    );
    asked.once('error', reject).end();
  });
}

async function routeNamed(name: string) {
  const { routes } = (await running.json('show', 'routes')) as {
    routes: { name: string; tls: { termination: string; configuredTermination: string }; switch: unknown }[];
  };
  return routes.find((route) => route.name === name)!;
}

describe('what is shown', () => {
  it('routes with their mode and what becomes of plain HTTP', async () => {
    const { stdout } = await running.verb('show', 'routes');
    expect(stdout).toMatch(/^shop +shop\.example\.com +\/ +default +edge +not served +web/m);
    expect(await routeNamed('shop')).toMatchObject({
      tls: { termination: 'edge', configuredTermination: 'edge', verify: 'required' },
    });
  });

  it('certificates, with nothing of their keys', async () => {
    const { stdout } = await running.verb('show', 'certificates');
    expect(stdout).toMatch(/proxy\.pem \(default\) +shop\.example\.com old\.example\.com/);
    const document = (await running.json('show', 'certificates')) as { certificates: object[] };
    expect(document.certificates[0]).toMatchObject({ names: [host, 'old.example.com'], isDefault: true });
    const secret = key.split('\n')[1]!;
    for (const table of ['certificates', 'routes', 'journal', 'drift'])
      expect((await running.verb('show', table, '--json')).output).not.toContain(secret);
  });
});

describe('before it is switched', () => {
  it('a route that is not there has the near one suggested', async () => {
    const { code, output } = await running.verb('tls', 'switch', 'shopp', 'edge');
    expect(code).toBe(1);
    expect(output).toMatch(/no route shopp[\s\S]*did you mean shop\?/);
  });

  it('a probe alone says that it is safe, and changes nothing', async () => {
    const { code, output } = await running.verb('tls', 'switch', 'shop', 'reencrypt', '--preflight');
    expect(output).toMatch(/● web\/app1 .*TLSv1\.3/);
    expect(output).toMatch(/safe to switch shop from edge to reencrypt/);
    expect(code).toBe(0);
    expect(await routeNamed('shop')).toMatchObject({ tls: { termination: 'edge' }, switch: null });
  });

  it('a server that speaks no TLS is found, and the switch refused with how to force it', async () => {
    const { code, output } = await running.verb('tls', 'switch', 'old', 'reencrypt');
    expect(code).toBe(1);
    expect(output).toMatch(/▼ old\/old1 /);
    expect(output).toMatch(/--force old/);
    expect(await routeNamed('old')).toMatchObject({ tls: { termination: 'edge' } });
    const json = await running.verb('tls', 'switch', 'old', 'reencrypt', '--preflight', '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout.split('\n')[0]!)).toMatchObject({
      preflight: { route: 'old', verdict: 'unsafe', findings: expect.any(Array) },
    });
  });
});

describe('switched', () => {
  it('new connections are in the new mode, it settles, and it is drift', async () => {
    expect(await get()).toEqual({ status: 200, over: 'plain', shownBy: 'proxy' });
    const { code, output } = await running.verb(
      ...['tls', 'switch', 'shop', 'reencrypt', '--watch', '1s', '--wait'],
    );
    expect(output).toMatch(/shop is reencrypt/);
    expect(code).toBe(0);
    expect(await get()).toEqual({ status: 200, over: 'tls', shownBy: 'proxy' });
    expect((await running.verb('show', 'routes')).stdout).toMatch(/reencrypt ≠ edge/);
    expect((await running.verb('show', 'drift')).stdout).toMatch(/^shop +termination +edge +reencrypt/m);
  });

  it('passed through the server shows its own certificate; reverted it is as before', async () => {
    expect((await running.verb('tls', 'switch', 'shop', 'passthrough', '--watch', '0')).code).toBe(0);
    expect(await get()).toEqual({ status: 200, over: 'tls', shownBy: 'server' });
    expect((await running.verb('tls', 'revert', 'shop')).code).toBe(0);
    expect(await get()).toEqual({ status: 200, over: 'tls', shownBy: 'proxy' });
    expect(await routeNamed('shop')).toMatchObject({ tls: { termination: 'reencrypt' } });
  });

  it('reset lets the configuration hold again', async () => {
    expect((await running.verb('reset', 'shop')).code).toBe(0);
    expect(await get()).toEqual({ status: 200, over: 'plain', shownBy: 'proxy' });
    expect(await running.json('show', 'drift')).toEqual({ drift: [] });
  });

  it('where clients fail it goes back by itself, and says so', async () => {
    const wait = running.verb(
      ...['tls', 'switch', 'old', 'reencrypt', '--force', 'old', '--watch', '20s', '--wait'],
    );
    let over = false;
    void wait.finally(() => {
      over = true;
    });
    while (!over) {
      await get('old.example.com').catch(() => {});
      await pause(20);
    }
    const { code, output } = await wait;
    expect(output).toMatch(/old went back to edge by itself/);
    expect(code).toBe(1);
    expect(await get('old.example.com')).toMatchObject({ status: 200, over: 'plain' });
  });

  it('is written back, and is then what the configuration says', async () => {
    expect((await running.verb('tls', 'switch', 'shop', 'reencrypt', '--watch', '0')).code).toBe(0);
    const { code, output } = await running.verb('write-back', 'shop');
    expect(output).not.toBe('');
    expect(code).toBe(0);
    expect(readFileSync(running.place.path('sluice.yaml'), 'utf8')).toContain('termination: reencrypt');
    expect(await running.json('show', 'drift')).toEqual({ drift: [] });
    expect(await routeNamed('shop')).toMatchObject({
      tls: { termination: 'reencrypt', configuredTermination: 'reencrypt' },
    });
  });
});

it('tail tells the mode, and why a handshake failed', async () => {
  const tail = running.verb('tail', '--count', '1', '--json', '--filter', 'status=200 tls!=passthrough');
  const failures = running.verb('tail', '--count', '1', '--filter', 'cause~h2');
  let done = 0;
  for (const each of [tail, failures]) void each.finally(() => done++);
  while (done < 2) {
    await get().catch(() => {});
    await new Promise<void>((resolve) => {
      const only = connect({ port, host: '127.0.0.1', servername: host, ALPNProtocols: ['h2'] });
      only.once('error', () => {}).once('close', () => resolve());
    });
    await pause(20);
  }
  expect(JSON.parse((await tail).stdout.split('\n')[0]!)).toMatchObject({
    tls: expect.stringMatching(/^(edge|reencrypt)$/),
    sni: host,
    handshake: { version: 'TLSv1.3' },
  });
  expect((await failures).stdout).toMatch(/shop\.example\.com/);
}, 60_000);
