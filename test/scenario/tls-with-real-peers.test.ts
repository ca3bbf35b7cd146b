// HTTPS with peers that nobody here wrote: curl and openssl as clients, nginx as the server with and without TLS.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Authority,
  type LeafOptions,
  makeAuthority,
  makeCertificate,
} from '../../src/cli/demo/make-certificate.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { hasPeer } from '../support/peers.ts';
import { freePort, run, until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { bindOf } from './two-backends.ts';

const large = randomBytes(3 * 1024 * 1024);
const day = 24 * 3_600_000;
let place: Scratch;
let authority: Authority;
let nginx: Nginx;
let sluice: RunningSluice;
let ports: { tls: number; http: number; mutual: number };

async function issue(name: string, leaf: LeafOptions, by: Authority = authority): Promise<void> {
  const { cert, key } = await makeCertificate(leaf, by);
  writeFileSync(place.path(`${name}.pem`), cert);
  writeFileSync(place.path(`${name}.key`), key, { mode: 0o600 });
}

beforeAll(async () => {
  place = scratch();
  authority = await makeAuthority('scenario');
  writeFileSync(place.path('ca.pem'), authority.cert);
  await issue('proxy', { names: ['*.example.com'] });
  await issue('server', { names: ['edge.example.com', 're.example.com', 'pass.example.com'] });
  await issue('own', { names: ['own.example.com'] });
  await issue('expired', {
    names: ['old.example.com'],
    notBefore: Date.now() - 9 * day,
    notAfter: Date.now() - day,
  });
  await issue('client', { names: ['anna'], client: true });
  await issue('stranger', { names: ['mallory'], client: true }, await makeAuthority('another'));
  const [plain, secure, outdated] = [await freePort(), await freePort(), await freePort()];
  const answers = `location = /seen { add_header X-Seen "$http_x_forwarded_proto|$http_x_forwarded_port|$http_x_ssl_client_verify|$http_x_ssl_client_cn|$server_port" always; return 200 "seen\\n"; }`;
  const shown = (name: string) =>
    `ssl_certificate ${place.path(`${name}.pem`)}; ssl_certificate_key ${place.path(`${name}.key`)};`;
  nginx = await startNginx({
    port: plain,
    files: { 'large.bin': large, 'small.txt': 'hello\n' },
    http: `server { listen 127.0.0.1:${plain}; ${answers} }
  server { listen 127.0.0.1:${secure} ssl; ${shown('server')} ssl_protocols TLSv1.2 TLSv1.3; ${answers} }
  server { listen 127.0.0.1:${outdated} ssl; ${shown('expired')} ${answers} }`,
  });
  sluice = await startSluice({
    yaml: `runtime:
  name: peers
  accessLog: { path: ${place.path('access.log')}, format: haproxy }
certificates: [{ cert: ${place.path('proxy.pem')}, key: ${place.path('proxy.key')} }]
shards:
  - name: default
    binds:
      - { name: tls, listen: "127.0.0.1:0", mode: tls }
      - { name: http, listen: "127.0.0.1:0", mode: http }
      - name: mutual
        listen: "127.0.0.1:0"
        mode: tls
        clientTLS: { clientCertificatePolicy: Required, clientCA: ${place.path('ca.pem')} }
routes:
  - { name: edge, host: edge.example.com, tls: { termination: edge, insecureEdgeTerminationPolicy: Redirect, hsts: { maxAge: 1d } }, to: [{ backend: web }] }
  - { name: re, host: re.example.com, tls: { termination: reencrypt, insecureEdgeTerminationPolicy: Allow }, to: [{ backend: web }] }
  - { name: pass, host: pass.example.com, tls: { termination: passthrough }, to: [{ backend: web }] }
  - { name: old, host: old.example.com, tls: { termination: reencrypt }, to: [{ backend: old }] }
  - { name: own, host: own.example.com, tls: { termination: edge, certificate: ${place.path('own.pem')}, key: ${place.path('own.key')} }, to: [{ backend: web }] }
  - { name: wrong, host: wrong.example.com, tls: { termination: reencrypt }, to: [{ backend: web }] }
backends:
  - name: web
    tls: { ca: ${place.path('ca.pem')} }
    servers: [{ name: nginx, address: "127.0.0.1:${plain}", tlsPort: ${secure} }]
  - name: old
    tls: { ca: ${place.path('ca.pem')} }
    servers: [{ name: nginx, address: "127.0.0.1:${outdated}" }]
`,
  });
  const [tls, http, mutual] = await Promise.all(
    ['tls', 'http', 'mutual'].map((name) => bindOf(sluice, name)),
  );
  ports = { tls: tls!.port, http: http!.port, mutual: mutual!.port };
});

afterAll(async () => {
  await sluice?.stop();
  await nginx?.stop();
  place?.remove();
});

interface Said {
  readonly code: number | NodeJS.Signals;
  readonly output: string;
  readonly stdout: string;
}

/** To a host of ours, over the bind of mode tls unless another port is given. */
function curl(host: string, path: string, args: readonly string[] = [], port = ports.tls): Promise<Said> {
  const scheme = port === ports.http ? 'http' : 'https';
  return run('curl', [
    ...[
      '-sS',
      '--max-time',
      '20',
      '--cacert',
      place.path('ca.pem'),
      '--resolve',
      `${host}:${port}:127.0.0.1`,
    ],
    ...args,
    `${scheme}://${host}:${port}${path}`,
  ]);
}

function sClient(args: readonly string[], input = '', port = ports.tls): Said {
  const done = spawnSync(
    'openssl',
    ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', place.path('ca.pem'), ...args],
    { input, encoding: 'utf8', timeout: 20_000 },
  );
  return { code: done.status ?? 1, output: done.stdout + done.stderr, stdout: done.stdout };
}

const get = (host: string) => `GET /small.txt HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const logged = () => readFileSync(place.path('access.log'), 'utf8');

describe.skipIf(!hasPeer('nginx') || !hasPeer('curl') || !hasPeer('openssl'))('HTTPS', () => {
  it.each([
    ['edge', 'plain', 'https'],
    ['re', 'secure', 'https'],
    ['pass', 'secure', ''],
  ])('carries 3 MiB whole through route %s, to the %s port', async (name, door, proto) => {
    const host = `${name}.example.com`;
    const file = place.path(`got-${name}`);
    expect(await curl(host, '/large.bin', ['-o', file])).toMatchObject({ code: 0 });
    expect(digest(readFileSync(file))).toBe(digest(large));
    const seen = /X-Seen: (.*)/i
      .exec((await curl(host, '/seen', ['-i'])).stdout)?.[1]
      ?.trim()
      .split('|');
    expect(seen?.[0]).toBe(proto);
    expect(seen?.[1]).toBe(proto === '' ? '' : String(ports.tls));
    const { servers } = (await sluice.json('show', 'servers')) as {
      servers: { key: string; address: string }[];
    };
    const plain = servers
      .find(({ key }) => key === 'web/nginx')!
      .address.split(':')
      .at(-1);
    expect(seen?.[4] === plain).toBe(door === 'plain');
  });

  it.each(['1.2', '1.3'])('speaks TLS %s, offers http/1.1 and sends HSTS', async (version) => {
    const { code, output } = await curl('edge.example.com', '/small.txt', [
      '-iv',
      `--tlsv${version}`,
      '--tls-max',
      version,
    ]);
    expect(code, output).toBe(0);
    expect(output).toContain(`TLSv${version}`);
    expect(output).toMatch(/ALPN.*http\/1\.1/);
    expect(output).toMatch(/^strict-transport-security: max-age=86400/im);
  });

  it.each(['-tls1_2', '-tls1_3'])('resumes a session, %s', async (version) => {
    const file = place.path(`session${version}`);
    const host = 'edge.example.com';
    const args = ['-servername', host, version, '-ign_eof'];
    expect(sClient([...args, '-sess_out', file], get(host)).output).toMatch(/^New, TLSv1/m);
    expect(sClient([...args, '-sess_in', file], get(host)).output).toMatch(/^Reused, TLSv1/m);
    // Asked for by another name, it is taken where the certificate is the same one, and nowhere else.
    const named = (other: string) =>
      sClient(['-servername', other, version, '-ign_eof', '-sess_in', file], get(other)).output;
    expect(named('re.example.com')).toMatch(/^Reused, TLSv1/m);
    expect(named('own.example.com')).toMatch(/^New, TLSv1/m);
  });

  it('resumes it after the instance was killed and another one took its place', async () => {
    const file = place.path('session-killed');
    const host = 'edge.example.com';
    const args = ['-servername', host, '-ign_eof'];
    sClient([...args, '-sess_out', file], get(host));
    const pids = async () => {
      const { instances } = (await sluice.json('show', 'instances')) as {
        instances: { pid: number; state: string }[];
      };
      return instances.filter(({ state }) => state === 'serving').map(({ pid }) => pid);
    };
    const [former] = await pids();
    process.kill(former!, 'SIGKILL');
    await until('a successor', async () => {
      const [pid] = await pids();
      return pid !== undefined && pid !== former;
    });
    expect(sClient([...args, '-sess_in', file], get(host)).output).toMatch(/^Reused, TLSv1/m);
  });

  it('redirects plain HTTP, allows it, or has no such route, as the policy says', async () => {
    const redirected = await curl('edge.example.com', '/a?b=c', ['-i'], ports.http);
    expect(redirected.stdout).toMatch(/^HTTP\/1\.1 302 /);
    expect(redirected.stdout).toContain(`https://edge.example.com:${ports.tls}/a?b=c`);
    expect(redirected.stdout).not.toMatch(/strict-transport-security/i);
    expect((await curl('re.example.com', '/small.txt', [], ports.http)).stdout).toBe('hello\n');
    expect((await curl('pass.example.com', '/small.txt', ['-i'], ports.http)).stdout).toMatch(
      /^HTTP\/1\.1 503 /,
    );
  });

  it('tells a plain HTTP client on the TLS port what is wrong', async () => {
    const { stdout } = await run('curl', ['-sS', '-i', `http://127.0.0.1:${ports.tls}/`]);
    expect(stdout).toMatch(/^HTTP\/1\.1 400 /);
    expect(stdout).toMatch(/TLS|HTTPS/);
  });

  it.each([
    ['a name that nobody has', ['-servername', 'nowhere.invalid'], /./],
    ['HTTP/2 alone', ['-servername', 'edge.example.com', '-alpn', 'h2'], /no application protocol/i],
    [
      'TLS 1.1',
      ['-servername', 'edge.example.com', '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'],
      /protocol version/i,
    ],
  ])('refuses %s with an alert, or serves its default certificate', (_, args, alert) => {
    expect(sClient(args, get('x')).output).toMatch(alert);
  });

  it('never passes a byte on to a server whose certificate is not right, and says why', async () => {
    const outdated = await curl('old.example.com', '/small.txt', ['-i']);
    expect(outdated.stdout).toMatch(/^HTTP\/1\.1 503 /);
    const misnamed = await curl('wrong.example.com', '/small.txt', ['-i']);
    expect(misnamed.stdout).toMatch(/^HTTP\/1\.1 503 /);
  });

  it('asks for a client certificate, and tells the server who it was', async () => {
    const own = (name: string) => ['--cert', place.path(`${name}.pem`), '--key', place.path(`${name}.key`)];
    const forged = ['-H', 'X-SSL-Client-CN: root', '-H', 'X-SSL-Client-Verify: 0'];
    const anna = await curl('edge.example.com', '/seen', ['-i', ...own('client'), ...forged], ports.mutual);
    expect(/X-Seen: (.*)/i.exec(anna.stdout)?.[1]).toMatch(/\|0\|anna\|/);
    expect((await curl('edge.example.com', '/seen', ['-i'], ports.mutual)).code).not.toBe(0);
    expect((await curl('edge.example.com', '/seen', ['-i', ...own('stranger')], ports.mutual)).code).not.toBe(
      0,
    );
    // Where nobody is asked for one, nobody can claim one either.
    const plain = await curl('edge.example.com', '/seen', ['-i', ...forged]);
    expect(/X-Seen: (.*)/i.exec(plain.stdout)?.[1]).toMatch(/^https\|\d+\|\|\|/);
  });

  it('writes handshakes that failed into the log, as HAProxy does', async () => {
    sClient(['-servername', 'edge.example.com', '-alpn', 'h2']);
    await until('a line', () => /tls\/1: SSL handshake failure/.test(logged()));
    expect(logged()).toMatch(/ tls~ /);
  });

  it('swaps a certificate when its files change, without a reload', async () => {
    const fingerprint = () => {
      const { stdout } = sClient(['-servername', 'edge.example.com']);
      const { stdout: text } = spawnSync('openssl', ['x509', '-noout', '-fingerprint', '-sha256'], {
        input: stdout,
        encoding: 'utf8',
      });
      return text;
    };
    const before = fingerprint();
    writeFileSync(place.path('proxy.pem'), 'broken');
    await until('it is refused', async () =>
      (await sluice.verb('show', 'certificates')).output.includes('refused'),
    );
    expect(fingerprint()).toBe(before);
    await issue('proxy', { names: ['*.example.com'] });
    await until('the new one is served', () => fingerprint() !== before);
  });
});
