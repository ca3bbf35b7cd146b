// nginx as the server and curl as the client, through `sluice run`: peers that nobody here wrote.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { hasPeer } from '../support/peers.ts';
import { freePort, run, until } from '../support/processes.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { bindOf } from './two-backends.ts';

const large = randomBytes(5 * 1024 * 1024);
let nginx: Nginx;
let sluice: RunningSluice;
let base: string;
let tcp: string;

beforeAll(async () => {
  const port = await freePort();
  nginx = await startNginx({
    port,
    // The last is more than the kernel's buffers on both sides hold.
    files: { 'large.bin': large, 'huge.bin': Buffer.alloc(40 * 1024 * 1024), 'small.txt': 'hello\n' },
    http: `client_max_body_size 20m;
  server {
    listen 127.0.0.1:${port};
    location = /seen { add_header X-Seen "$http_x_forwarded_for|$http_host|$http_connection" always; return 200 "seen\\n"; }
    location = /teapot { return 418; }
    location = /chunked { gzip on; gzip_min_length 0; gzip_types *; default_type text/plain; try_files /large.bin =404; }
    location = /upload { proxy_pass http://127.0.0.1:${port}/sink; }
    location = /sink { return 200 "$content_length $http_transfer_encoding\\n"; }
  }`,
  });
  sluice = await startSluice({
    yaml: `runtime:
  name: nginx
shards:
  - name: default
    binds:
      - { name: http, listen: "127.0.0.1:0", mode: http, defaultBackend: web }
      - { name: six, listen: "[::1]:0", mode: http, defaultBackend: web }
      - { name: tcp, listen: "127.0.0.1:0", mode: tcp, backend: raw }
backends:
  - name: web
    check: { http: { path: /small.txt }, interval: 1s }
    servers: [{ name: nginx, address: "127.0.0.1:${port}" }]
  - name: raw
    mode: tcp
    servers: [{ name: nginx, address: "127.0.0.1:${port}" }]
`,
  });
  base = `http://127.0.0.1:${(await bindOf(sluice, 'http')).port}`;
  tcp = `http://127.0.0.1:${(await bindOf(sluice, 'tcp')).port}`;
});

afterAll(async () => {
  await sluice?.stop();
  await nginx?.stop();
});

async function curl(...args: string[]): Promise<string> {
  const { code, stdout, output } = await run('curl', ['-sS', '--max-time', '20', ...args]);
  if (code !== 0) throw new Error(`curl ${args.join(' ')} exited ${code}: ${output}`);
  return stdout;
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(!hasPeer('nginx') || !hasPeer('curl'))('curl through Sluice to nginx', () => {
  it.each([
    ['http', () => base],
    ['tcp', () => tcp],
  ])('fetches 5 MiB whole over a bind in mode %s', async (mode, url) => {
    const file = sluice.place.path(`got-${mode}`);
    await curl('-o', file, `${url()}/large.bin`);
    expect(digest(readFileSync(file))).toBe(digest(large));
  });

  it('serves on IPv6', async () => {
    const { port } = await bindOf(sluice, 'six');
    expect(await curl('-g', `http://[::1]:${port}/small.txt`)).toBe('hello\n');
  });

  it('keeps the client connection for many requests', async () => {
    const made = await curl(
      '-o',
      '/dev/null',
      '-w',
      '%{num_connects} ',
      ...Array(5).fill(`${base}/small.txt`),
    );
    // -o counts for the first URL only: the others are printed.
    expect(made.replaceAll('hello\n', '').trim().split(/\s+/)).toEqual(['1', '0', '0', '0', '0']);
  });

  it('tells the server who asked, and keeps the Host', async () => {
    const head = await curl('-D', '-', '-o', '/dev/null', '-H', 'Host: shop.example.com', `${base}/seen`);
    expect(head).toMatch(/^X-Seen: 127\.0\.0\.1\|shop\.example\.com\|/im);
  });

  it('passes a HEAD, a 304, a 206, a 404 and a 418 as they are', async () => {
    const status = ['-o', '/dev/null', '-w', '%{http_code} %{size_download}'];
    expect(await curl(...status, '-I', `${base}/large.bin`)).toMatch(/^200 /);
    const etag = /^etag: (.*)\r$/im.exec(await curl('-I', `${base}/small.txt`))![1]!;
    expect(await curl(...status, '-H', `If-None-Match: ${etag}`, `${base}/small.txt`)).toBe('304 0');
    expect(await curl(...status, '-r', '10-19', `${base}/large.bin`)).toBe('206 10');
    expect(await curl(...status, `${base}/nowhere`)).toMatch(/^404 /);
    expect(await curl(...status, `${base}/teapot`)).toMatch(/^418 /);
  });

  it('passes a chunked answer, and gzip in it, untouched', async () => {
    const file = sluice.place.path('got-chunked');
    const head = await curl('-D', '-', '--compressed', '-o', file, `${base}/chunked`);
    expect(head).toMatch(/^transfer-encoding: chunked/im);
    expect(digest(readFileSync(file))).toBe(digest(large));
  });

  it.each([
    ['Content-Length', []],
    ['chunked', ['-H', 'Transfer-Encoding: chunked']],
    ['Expect: 100-continue', ['-H', 'Expect: 100-continue']],
  ])('uploads 2 MiB with %s', async (_, extra) => {
    const file = sluice.place.path('upload');
    writeFileSync(file, large.subarray(0, 2 * 1024 * 1024));
    expect(await curl('--data-binary', `@${file}`, ...extra, `${base}/upload`)).toMatch(/^2097152 /);
  });

  it('serves HTTP/1.0, with and without keep-alive', async () => {
    expect(await curl('-0', `${base}/small.txt`)).toBe('hello\n');
    expect(await curl('-0', '-H', 'Connection: keep-alive', `${base}/small.txt`, `${base}/small.txt`)).toBe(
      'hello\nhello\n',
    );
  });

  it('survives a client that leaves in the middle, and shows who ended it', async () => {
    const { code } = await run('curl', [
      '-sS',
      '--limit-rate',
      '50k',
      '--max-time',
      '0.5',
      '-o',
      '/dev/null',
      `${base}/huge.bin`,
    ]);
    expect(code).toBe(28);
    await until('the connection is shown as ended by the client', async () => {
      const shown = (await sluice.json(
        'show',
        'connections',
        '--ended',
        '--filter',
        'path~huge.bin term~CD',
      )) as {
        matched: number;
      };
      return shown.matched >= 1;
    });
    expect(await curl(`${base}/small.txt`)).toBe('hello\n');
  });

  it('answers 503 when the only server is in maint, and 200 again afterwards', async () => {
    const status = ['-o', '/dev/null', '-w', '%{http_code}', `${base}/small.txt`];
    expect((await sluice.verb('maint', 'web/nginx')).code).toBe(0);
    expect(await curl(...status)).toBe('503');
    expect((await sluice.verb('ready', 'web/nginx')).code).toBe(0);
    expect(await curl(...status)).toBe('200');
  });
});
