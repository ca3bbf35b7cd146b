// What curl and openssl make of HTTP over TLS that is ended here: other people's TLS at the other end of the wire.

import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate } from '../../src/cli/demo/make-certificate.ts';
import type { Bind, Route } from '../../src/domain/plan.ts';
import type { RouteTls, TlsMaterial } from '../../src/domain/tls.ts';
import { type HttpPlane, rawServer, startPlane, timeouts } from '../proxy/http/http-plane.ts';
import { until } from '../proxy/sockets.ts';
import { scratch } from '../support/scratch.ts';

const run = promisify(execFile);
const octets = Buffer.alloc(3_000_000, 'All work and no play makes Jack a dull boy. ');
const folder = scratch();
let files: { readonly ca: string; readonly material: TlsMaterial; readonly client: string };

beforeAll(async () => {
  const authority = await makeAuthority('Test');
  const leaf = await makeCertificate({ names: ['shop.example', 'pay.example'] }, authority);
  const client = await makeCertificate({ names: ['anna'], client: true }, authority);
  const at = (name: string, content: string) => {
    writeFileSync(folder.path(name), content);
    return folder.path(name);
  };
  const file = (path: string, content: string) => ({
    path,
    content: Buffer.from(content).toString('base64'),
  });
  files = {
    ca: at('ca.pem', authority.cert),
    client: at('client.pem', client.cert + client.key),
    material: {
      files: [file('/tls/shop.pem', leaf.cert + leaf.key), file('/tls/ca.pem', authority.cert)],
      tickets: { secret: randomBytes(32).toString('base64'), epoch: 1 },
    },
  };
});

afterAll(() => folder.remove());

const edge: RouteTls = {
  termination: 'edge',
  insecureEdgeTerminationPolicy: 'None',
  hsts: 'max-age=31536000',
};
const route = (name: string, host: string, tls: RouteTls): Route => ({
  name,
  host,
  path: '/',
  namespace: 'default',
  labels: {},
  to: [{ backend: 'app', weight: 1 }],
  tls,
});

/** Answers each request with its own text (what it was sent), or with `octets` for /big. */
async function world(bind: Partial<Bind> = {}): Promise<HttpPlane & { readonly heard: () => string }> {
  let heard = '';
  const port = await rawServer((socket) => {
    let request = '';
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => {
      request += chunk.toString('latin1');
      const length = Number(/^content-length: (\d+)/im.exec(request)?.[1] ?? 0);
      if (!request.includes('\r\n\r\n')) return;
      const body = request.slice(request.indexOf('\r\n\r\n') + 4);
      if (body.length < length) return;
      heard += request;
      const answer = request.startsWith('GET /big') ? octets : Buffer.from(`${body.length} octets`);
      if (request.startsWith('GET /cut'))
        socket.write(
          'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut',
          () => void setImmediate(() => socket.resetAndDestroy()),
        );
      else {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`);
        socket.write(answer);
      }
      request = '';
    });
  });
  const plane = await startPlane({
    servers: [port],
    bind: { mode: 'tls', tls: { minVersion: 'TLSv1.2' }, ...bind },
    routes: [
      route('shop', 'shop.example', edge),
      route('pay', 'pay.example', { ...edge, termination: 'passthrough' }),
    ],
    certificates: [{ cert: '/tls/shop.pem', key: '/tls/shop.pem' }],
    material: files.material,
  });
  return { ...plane, heard: () => heard };
}

function curl(port: number, ...words: string[]): Promise<{ stdout: string; stderr: string }> {
  return run(
    'curl',
    [
      '-sS',
      '--max-time',
      '20',
      '--cacert',
      files.ca,
      '--resolve',
      `shop.example:${port}:127.0.0.1`,
      ...words,
    ],
    { maxBuffer: 16 * 1024 * 1024 },
  );
}

describe('curl', () => {
  it.each(['--tlsv1.2 --tls-max 1.2', '--tlsv1.3'])(
    'asks twice over one connection (%s)',
    async (version) => {
      const { port, plane, heard } = await world();
      const url = `https://shop.example:${port}`;
      const { stdout } = await curl(port, ...version.split(' '), '-i', `${url}/a`, `${url}/b`);
      expect(stdout.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
      expect(stdout.match(/Strict-Transport-Security: max-age=31536000\r\n/g)).toHaveLength(2);
      expect(plane.sample(true).binds[0]).toMatchObject({ total: 1, requests: 2, handshakes: 1 });
      expect(heard()).toContain('X-Forwarded-Proto: https\r\n');
    },
  );

  it('gets and puts large bodies whole', async () => {
    const { port } = await world();
    const { stdout } = await curl(port, `https://shop.example:${port}/big`);
    expect(Buffer.from(stdout, 'latin1').equals(octets)).toBe(true);
    const path = folder.path('upload');
    writeFileSync(path, octets);
    const put = await curl(port, '-T', path, `https://shop.example:${port}/up`);
    expect(put.stdout).toBe(`${octets.length} octets`);
  });

  it('knows an answer that broke off', async () => {
    const { port } = await world();
    await expect(curl(port, `https://shop.example:${port}/cut`)).rejects.toMatchObject({
      code: expect.any(Number),
    });
  });

  it('is told that a host is passed through', async () => {
    const { port } = await world();
    const { stdout } = await curl(
      port,
      '-H',
      'Host: pay.example',
      '-w',
      '%{http_code}',
      `https://shop.example:${port}/`,
    );
    expect(stdout).toMatch(/421$/);
  });

  it('is known by its certificate, whatever else it says', async () => {
    const { port, heard } = await world({
      tls: {
        minVersion: 'TLSv1.2',
        clientTLS: { clientCertificatePolicy: 'Optional', clientCA: '/tls/ca.pem' },
      },
    });
    const spoofed = ['-H', 'X-SSL-Client-CN: root', '-H', 'X-SSL-Client-Verify: 0'];
    await curl(port, ...spoofed, '-E', files.client, `https://shop.example:${port}/`);
    expect(heard()).toMatch(
      /X-SSL-Client-Verify: 0\r\nX-SSL-Client-DN: .*CN=anna.*\r\nX-SSL-Client-CN: anna\r\n/,
    );
    expect(heard()).not.toContain('root');
    await curl(port, ...spoofed, `https://shop.example:${port}/again`);
    expect(heard().slice(heard().indexOf('/again'))).not.toMatch(/x-ssl/i);
  });
});

describe('openssl s_client', () => {
  it('sees a connection that was idle for too long end with a close_notify', async () => {
    const { port, plane } = await world({ timeouts: { ...timeouts, keepAlive: 200 } });
    const client = spawn(
      'openssl',
      ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'shop.example', '-msg', '-tls1_2'],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    let said = '';
    client.stdout.on('data', (chunk) => {
      said += chunk;
    });
    client.stdin.write('GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n');
    await until(() => said.includes('0 octets'));
    await new Promise((resolve) => client.on('close', resolve));
    expect(said).toMatch(/<<< TLS 1\.2, Alert.*warning close_notify/);
    await until(() => plane.openConnections === 0);
  });
});
