// Nothing that two parsers could read differently reaches a server, and no other client is hurt by it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ask, okAnswer, openClient, rawServer, recorder, startPlane } from './http-plane.ts';

// Real sockets, and a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const line = 'POST / HTTP/1.1\r\nHost: a\r\n';
const chunkedLine = `${line}Transfer-Encoding: chunked\r\n\r\n`;

/** Request text that must be refused before or while it is relayed, so that the tail is never taken for a request. */
const hostile: readonly string[] = [
  ...[
    'Content-Length: 0\r\nContent-Length: 35',
    'Content-Length: 0, 35',
    'Content-Length: +0',
    'Content-Length: 0x0',
  ].map((length) => `${line}${length}\r\n\r\n`),
  `${line}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${line}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  `${line}Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  `${line}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  `${line}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n`,
  `${line}Transfer-Encoding\x00: chunked\r\n\r\n0\r\n\r\n`,
  `${line}Transfer-Encoding: chunked\r\n : x\r\n\r\n0\r\n\r\n`,
  `${line}X: y\rContent-Length: 35\r\n\r\n`,
  `${line}X: y\nContent-Length: 35\r\n\r\n`,
  `${line}Content-Length : 35\r\n\r\n`,
  `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${line}Connection: content-length\r\nContent-Length: 0\r\n\r\n`,
  `GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`,
  `GET /\r\nHost: a\r\n\r\n`,
  `GET / HTTP/1.1\r\n\r\n`,
  `GET / HTTP/2.0\r\nHost: a\r\n\r\n`,
  `CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n`,
  ...['0x0', '+0', '-0', ' 0', '0 ', '0;', '0;a\n', '0\n', 'z', '00000000000000000', '10000000000000000'].map(
    (size) => `${chunkedLine}${size}\r\n\r\n`,
  ),
  `${chunkedLine}5\r\nhelloX0\r\n\r\n`,
  `${chunkedLine}5\r\nhello\n0\r\n\r\n`,
  `${chunkedLine}0\r\nContent-Length: 35\r\n\r\n`,
  `${chunkedLine}0\r\nX: y\n\r\n`,
];

describe('a hostile request', () => {
  it.each(hostile)('%j is refused, and its tail with it', async (text) => {
    const { onConnection, heard } = recorder(okAnswer);
    const { port, streams, plane } = await startPlane({ servers: [await rawServer(onConnection)] });
    const client = await ask(port, text + smuggled);
    expect(client.received).toMatch(/^HTTP\/1\.1 (400|405|501|505) /);
    expect(client.received).toMatch(/\r\nConnection: close\r\n/);
    expect(client.received.match(/HTTP\/1\.1 \d/g)?.length).toBe(1);
    expect(heard.join('')).not.toContain('smuggled');
    expect(streams.map(({ termination }) => termination)).toEqual(['PR--']);
    expect(plane.sample(true).binds[0]).toMatchObject({ requestErrors: 1, requests: 1 });
    // The next client meets a clean server connection.
    const other = await openClient(port);
    other.write('GET /other HTTP/1.1\r\nHost: a\r\n\r\n');
    await other.untilText('ok');
    expect(other.received).toBe(okAnswer);
    expect(heard.at(-1)).toMatch(/^GET \/other /);
  });

  it.each(hostile)('%j is seen at most as one broken request by a real server', async (text) => {
    const urls: string[] = [];
    const server = createServer((request, response) => {
      urls.push(request.url ?? '');
      request.resume().on('end', () => response.end());
    });
    server.on('clientError', (_, socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = await startPlane({ servers: [(server.address() as AddressInfo).port] });
    await ask(port, text + smuggled);
    expect(urls).not.toContain('/smuggled');
    expect(urls.length).toBeLessThan(2);
  });

  it('with control octets in a value never reaches a server', async () => {
    const { onConnection, heard } = recorder(okAnswer);
    const { port } = await startPlane({ servers: [await rawServer(onConnection)] });
    for (let octet = 0; octet < 32; octet += 1) {
      if (octet === 9) continue;
      const client = await ask(
        port,
        `GET / HTTP/1.1\r\nHost: a\r\nX: a${String.fromCharCode(octet)}b\r\n\r\n`,
      );
      expect(client.received).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(heard).toEqual([]);
  });

  it.each([
    [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%.20s… that is too large gets its own status', async (text, status) => {
    const { port } = await startPlane({ servers: [1] });
    const client = await ask(port, text);
    expect(client.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('finds no route to a server that its host does not name', async () => {
    const { onConnection, heard } = recorder(okAnswer);
    const { onConnection: other, heard: otherHeard } = recorder(okAnswer);
    const { port, streams } = await startPlane({
      servers: [await rawServer(onConnection)],
      bind: { backend: undefined as never },
      routes: [
        {
          name: 'shop',
          namespace: 'default',
          labels: {},
          host: 'shop.example',
          path: '/',
          to: [{ backend: 'app', weight: 1 }],
        },
        {
          name: 'none',
          namespace: 'default',
          labels: {},
          host: 'none.example',
          path: '/',
          to: [{ backend: 'app', weight: 0 }],
        },
      ],
    });
    await rawServer(other);
    const client = await openClient(port);
    client.write('GET / HTTP/1.1\r\nHost: SHOP.example.:80\r\n\r\n');
    await client.untilText('ok');
    client.write('GET http://other.example/ HTTP/1.1\r\nHost: shop.example\r\n\r\n');
    await client.untilText('503');
    expect(client.received).toContain('503 Service Unavailable: no route for this host\n');
    client.write('GET / HTTP/1.1\r\nHost: none.example\r\n\r\n');
    await client.untilText('no backend');
    expect(heard.length).toBe(1);
    expect(otherHeard.length).toBe(0);
    expect(streams.map(({ route, status }) => [route, status])).toEqual([
      ['shop', 200],
      [undefined, 503],
      ['none', 503],
    ]);
  });
});
