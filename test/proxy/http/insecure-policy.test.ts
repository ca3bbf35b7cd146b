import { describe, expect, it } from 'vitest';
import type { Route } from '../../../src/domain/plan.ts';
import type { InsecurePolicy, Termination } from '../../../src/domain/tls.ts';
import { ask, okAnswer, openClient, rawServer, recorder, startPlane } from './http-plane.ts';

const route = (
  name: string,
  host: string,
  policy?: InsecurePolicy,
  termination: Termination = 'edge',
): Route => ({
  name,
  host,
  path: '/',
  namespace: 'default',
  labels: {},
  to: [{ backend: 'app', weight: 1 }],
  ...(policy === undefined
    ? {}
    : { tls: { termination, insecureEdgeTerminationPolicy: policy, hsts: 'max-age=60' } }),
});

const routes = [
  route('plain', 'plain.example'),
  route('redirected', 'shop.example', 'Redirect'),
  route('allowed', 'open.example', 'Allow'),
  route('none', 'none.example', 'None'),
];

async function world() {
  const server = recorder(okAnswer);
  const { plane, port, streams } = await startPlane({
    servers: [await rawServer(server.onConnection)],
    routes,
    bind: { backend: undefined } as object,
  });
  plane.bind('web')!.tlsPort = 8443;
  return { plane, port, streams, heard: server.heard };
}

describe('plain HTTP for a host that has TLS', () => {
  it('is redirected on a connection that stays, logged and counted as an answer of ours', async () => {
    const { plane, port, streams, heard } = await world();
    const client = await openClient(port);
    client.write('GET /a?b=c HTTP/1.1\r\nHost: shop.example\r\n\r\n');
    await client.untilText('\r\n\r\n');
    expect(client.received).toBe(
      'HTTP/1.1 302 Found\r\nLocation: https://shop.example:8443/a?b=c\r\nCache-Control: no-cache\r\nContent-Length: 0\r\n\r\n',
    );
    const { length } = client.received;
    client.write('HEAD / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n');
    await client.untilEnded();
    expect(client.received.slice(length)).toBe(
      'HTTP/1.1 302 Found\r\nLocation: https://shop.example:8443/\r\nCache-Control: no-cache\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
    expect(streams).toMatchObject([
      { status: 302, termination: 'LR--', route: 'redirected', server: undefined },
      { status: 302, termination: 'LR--', route: 'redirected', method: 'HEAD' },
    ]);
    expect(heard).toEqual([]);
    const { routes: sampled, binds } = plane.sample(true);
    expect(sampled.find(({ name }) => name === 'redirected')).toMatchObject({
      total: 2,
      status: [0, 0, 2, 0, 0],
      requestErrors: 0,
    });
    expect(binds[0]).toMatchObject({ requests: 2, status: [0, 0, 2, 0, 0] });
  });

  it('is redirected whatever the method, and what is not read of a body takes the connection with it', async () => {
    const { port, heard } = await world();
    const whole = await openClient(port);
    whole.write('POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\n\r\nhi');
    await whole.untilText('\r\n\r\n');
    expect(whole.received).not.toContain('Connection: close');
    const part = await ask(port, 'POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 9\r\n\r\nhi');
    expect(part.received).toContain('302 Found');
    expect(part.received).toContain('Connection: close');
    expect(heard).toEqual([]);
  });

  it.each([
    [
      'an old client is told no more than that',
      'GET / HTTP/1.0\r\nHost: shop.example\r\nConnection: keep-alive',
    ],
    ['a line break in the path', 'GET /a\r\nX: b HTTP/1.1\r\nHost: shop.example'],
    ['a line break in the host', 'GET / HTTP/1.1\r\nHost: shop.example\rX: b'],
    ['a user in the host', 'GET / HTTP/1.1\r\nHost: a@shop.example'],
  ])('never makes another header line: %s', async (_what, head) => {
    const { port } = await world();
    const { received } = await ask(port, `${head}\r\n\r\n`);
    expect(received).toMatch(/^HTTP\/1\.1 (?:302|400) /);
    expect(received).not.toMatch(/^X: b|a@/m);
    expect(received).toContain('Connection: close\r\n');
  });

  it('is served with Allow, without Strict-Transport-Security and with what it claims of certificates taken out', async () => {
    const { port, heard } = await world();
    const { received } = await ask(
      port,
      'GET / HTTP/1.1\r\nHost: open.example\r\nX-SSL-Client-Verify: 0\r\nConnection: close\r\n\r\n',
    );
    expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/);
    expect(received).not.toContain('Strict');
    expect(heard.join('')).toContain('X-Forwarded-Proto: http\r\n');
    expect(heard.join('')).not.toMatch(/x-ssl/i);
  });

  it('is not served with None', async () => {
    const { port, streams, heard } = await world();
    const { received } = await ask(port, 'GET / HTTP/1.1\r\nHost: none.example\r\nConnection: close\r\n\r\n');
    expect(received).toContain('503 Service Unavailable: no route for this host');
    expect(received).not.toContain('Strict');
    expect(streams).toMatchObject([{ route: undefined, cause: 'no route for this host' }]);
    expect(heard).toEqual([]);
  });
});
