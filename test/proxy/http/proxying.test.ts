import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ask, okAnswer, openClient, rawServer, recorder, startPlane, timeouts } from './http-plane.ts';

// Real sockets, and a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('a request on its way to a server', () => {
  const added = (host: string, port: number) =>
    `X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: ${host}\r\nX-Forwarded-Port: ${port}\r\n\r\n`;

  async function sent(text: string, bind = {}) {
    const { onConnection, heard } = recorder(okAnswer);
    const server = await rawServer(onConnection);
    const { port } = await startPlane({ servers: [server], bind });
    const client = await openClient(port);
    client.write(text);
    await client.untilText('ok');
    return { heard: heard[0]!, port, server };
  }

  it('is passed on as it came, with the forwarded headers', async () => {
    const text = 'GET /a?b=%20 HTTP/1.1\r\nhOsT: a\r\nX-Odd:   spaced \t\r\nX-High: \xe9\r\n';
    const { heard, port } = await sent(`${text}\r\n`);
    expect(heard).toBe(text + added('a', port));
  });

  it.each([
    ['Connection: keep-alive, close-not\r\n', ''],
    ['Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\n', ''],
    ['X-A: 1\r\nConnection: x-a, X-B\r\nx-b: 2\r\nX-C: 3\r\n', 'X-C: 3\r\n'],
    [
      'Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n',
      '',
    ],
    ['Upgrade: websocket\r\n', ''],
  ])('loses what ends at this hop: %j', async (lines, left) => {
    const { heard, port } = await sent(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    expect(heard).toBe(`GET / HTTP/1.1\r\nHost: a\r\n${left}${added('a', port)}`);
  });

  it('of HTTP/1.0 goes on as 1.1, with a Host', async () => {
    const { heard, server, port } = await sent('GET /x HTTP/1.0\r\nA: b\r\n\r\n');
    expect(server).toBeGreaterThan(0);
    expect(heard).toBe(
      `GET /x HTTP/1.1\r\nA: b\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ${port}\r\n\r\n`,
    );
  });

  it('in absolute form goes on in origin form, its own host in Host', async () => {
    const { heard, port } = await sent('GET http://B.example:81/x HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n');
    expect(heard).toBe(`GET /x HTTP/1.1\r\nHost: B.example:81\r\nA: b\r\n${added('B.example:81', port)}`);
  });

  const came = 'X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 8.8.8.8\r\n';

  it('append: what the client says of the way before us stays', async () => {
    const { heard, port } = await sent(`GET / HTTP/1.1\r\n${came}Host: a\r\n\r\n`);
    expect(heard).toBe(
      `GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9, 8.8.8.8, 127.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a\r\nX-Forwarded-Port: ${port}\r\n\r\n`,
    );
  });

  it('replace: only what we saw is said', async () => {
    const { heard, port } = await sent(`GET / HTTP/1.1\r\n${came}Host: a\r\n\r\n`, {
      forwardedHeaders: 'replace',
    });
    expect(heard).toBe(`GET / HTTP/1.1\r\nHost: a\r\n${added('a', port)}`);
  });

  it.each([
    [
      'X_Forwarded_Proto: https\r\nx-forwarded_for: 9.9.9.9\r\nX_FORWARDED-HOST: b\r\nX-Forwarded_Port: 1\r\n',
    ],
    ['Forwarded: for=9.9.9.9;proto=https;host=b\r\n'],
  ])('replace: nor is it said in other words: %j', async (lines) => {
    const { heard, port } = await sent(`GET / HTTP/1.1\r\n${lines}Host: a\r\n\r\n`, {
      forwardedHeaders: 'replace',
    });
    expect(heard).toBe(`GET / HTTP/1.1\r\nHost: a\r\n${added('a', port)}`);
  });

  it('append: Forwarded stays as it came', async () => {
    const { heard, port } = await sent('GET / HTTP/1.1\r\nForwarded: for=9.9.9.9\r\nHost: a\r\n\r\n');
    expect(heard).toBe(`GET / HTTP/1.1\r\nForwarded: for=9.9.9.9\r\nHost: a\r\n${added('a', port)}`);
  });

  it('never: nothing is added nor taken', async () => {
    const { heard } = await sent(`GET / HTTP/1.1\r\n${came}Host: a\r\n\r\n`, { forwardedHeaders: 'never' });
    expect(heard).toBe(`GET / HTTP/1.1\r\n${came}Host: a\r\n\r\n`);
  });
});

/** Answers each connection's requests by what `answer` says of their text so far; for bodies of any size. */
function echoServer(): (socket: Socket) => void {
  return (socket) => {
    let text = '';
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (;;) {
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = Number(/^content-length: (\d+)/im.exec(text.slice(0, end))?.[1] ?? 0);
        const chunked = /^transfer-encoding: chunked/im.test(text.slice(0, end));
        const last = chunked ? text.indexOf('0\r\n\r\n', end) : 0;
        if (last < 0 || text.length < end + 4 + length) return;
        const body = chunked ? text.slice(end + 4, last + 5) : text.slice(end + 4, end + 4 + length);
        text = text.slice(end + 4 + body.length);
        const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
        socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${body}`, 'latin1');
      }
    });
  };
}

describe('requests on one connection', () => {
  it('are answered in order, however they are pipelined and cut', async () => {
    const server = await rawServer(echoServer());
    const { port } = await startPlane({ servers: [server] });
    const chunk = (text: string) => (text === '' ? '' : `${text.length.toString(16)}\r\n${text}\r\n`);
    const message = fc.oneof(
      fc.constant({ text: get, answer: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' }),
      fc.string({ maxLength: 60 }).map((body) => ({
        text: `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        answer: `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      })),
      fc.stringMatching(/^[a-z]{1,20}$/).map((body) => ({
        text: `PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(body)}0\r\n\r\n`,
        answer: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(body)}0\r\n\r\n`,
      })),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(600), { maxLength: 6 }),
        async (messages, cuts) => {
          const text = messages.map((entry) => entry.text).join('');
          const answer = messages.map((entry) => entry.answer).join('');
          const client = await openClient(port);
          client.socket.setNoDelay(true);
          const places = [...new Set(cuts.filter((cut) => cut < text.length)), text.length].sort(
            (a, b) => a - b,
          );
          let from = 0;
          for (const to of places) {
            client.write(text.slice(from, to));
            await new Promise((resolve) => setImmediate(resolve));
            from = to;
          }
          await client.until(() => client.received.length >= answer.length || client.ended !== undefined);
          expect(client.received).toBe(answer);
          client.socket.destroy();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('use one pooled server connection', async () => {
    const { onConnection, heard } = recorder(okAnswer);
    const { port, plane } = await startPlane({ servers: [await rawServer(onConnection)] });
    for (let i = 0; i < 3; i += 1) {
      const client = await openClient(port);
      client.write(get);
      await client.untilText('ok');
    }
    expect(heard.length).toBe(1);
    expect(plane.sample(true).servers[0]).toMatchObject({ total: 3, streams: 0, idle: 1 });
  });

  it('may begin after empty lines', async () => {
    const { onConnection } = recorder(okAnswer);
    const { port } = await startPlane({ servers: [await rawServer(onConnection)] });
    const client = await openClient(port);
    client.write(`\r\n${get}\r\n\r\n${get}`);
    await client.until(() => client.received.split('ok').length === 3);
    expect(client.received).toBe(okAnswer + okAnswer);
  });

  it('end where the client ends its side, after the last answer', async () => {
    const { onConnection } = recorder(okAnswer);
    const { port, streams } = await startPlane({ servers: [await rawServer(onConnection)] });
    const client = await openClient(port);
    client.socket.end(get + get);
    await client.untilEnded();
    expect(client.received).toBe(okAnswer + okAnswer);
    expect(client.ended).toBe('end');
    expect(streams.map(({ termination }) => termination)).toEqual(['----', '----']);
  });

  it.each([
    ['GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 'Connection: close\r\n'],
    ['GET / HTTP/1.0\r\n\r\n', 'Connection: close\r\n'],
  ])('%j is the last', async (text, line) => {
    const { onConnection } = recorder(okAnswer);
    const { port } = await startPlane({ servers: [await rawServer(onConnection)] });
    const client = await ask(port, text);
    expect(client.received).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${line}\r\nok`);
  });

  it('of a 1.0 client go on where it asks for that', async () => {
    const { onConnection } = recorder(okAnswer);
    const { port } = await startPlane({ servers: [await rawServer(onConnection)] });
    const client = await openClient(port);
    client.write('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    await client.untilText('ok');
    client.write('GET / HTTP/1.0\r\n\r\n');
    await client.untilEnded();
    expect(client.received.match(/Connection: [-a-z]+/g)).toEqual([
      'Connection: keep-alive',
      'Connection: close',
    ]);
  });

  it('wait while the answers are not read, and memory does not grow with them', async () => {
    const big = 'x'.repeat(200_000);
    const { onConnection, heard } = recorder(
      `HTTP/1.1 200 OK\r\nContent-Length: ${big.length}\r\n\r\n${big}`,
    );
    const { port } = await startPlane({ servers: [await rawServer(onConnection)] });
    const client = await openClient(port);
    client.socket.pause();
    const count = 200;
    for (let i = 0; i < count; i += 1) client.write(get);
    // The kernel's buffers fill; from then on no further request may reach the server.
    let seen = -1;
    while (seen !== heard.join('').length) {
      seen = heard.join('').length;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(heard.join('').split('GET /').length - 1).toBeLessThan(count / 2);
    client.socket.resume();
    const total = count * (big.length + `HTTP/1.1 200 OK\r\nContent-Length: ${big.length}\r\n\r\n`.length);
    await client.until(() => client.received.length >= total || client.ended !== undefined);
    expect(client.received.length).toBe(total);
  });
});

describe('bodies', () => {
  it('of many megabytes go both ways through slow readers', async () => {
    const size = 8_000_000;
    const server = await rawServer((socket) => {
      let got = 0;
      socket.once('data', (chunk) => {
        got += chunk.length - (chunk.indexOf('\r\n\r\n') + 4);
        socket.on('data', (more) => {
          got += more.length;
          socket.pause();
          setImmediate(() => socket.resume());
          if (got === size)
            socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'y'.repeat(size)}`, 'latin1');
        });
      });
    });
    const { port, streams } = await startPlane({ servers: [server] });
    const client = await openClient(port);
    client.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`);
    await client.until(() => client.received.length > size || client.ended !== undefined);
    const body = client.received.slice(client.received.indexOf('\r\n\r\n') + 4);
    await client.until(() => client.received.endsWith('y') && client.received.length >= size + 40);
    expect(body.startsWith('y')).toBe(true);
    expect(/^y+$/.test(client.received.slice(client.received.indexOf('\r\n\r\n') + 4))).toBe(true);
    expect(streams[0]).toMatchObject({ status: 200, termination: '----' });
  });

  it.each(['Content-Length', 'Transfer-Encoding'])(
    'of tens of megabytes by %s come out octet by octet as they went in, through a client that stalls',
    async (framing) => {
      const size = 40_000_000;
      // Every octet depends on its place, so that a buffer read into too early cannot go unseen.
      const body = Buffer.allocUnsafe(size);
      for (let at = 0; at < size; at += 4) body.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
      const chunked = framing === 'Transfer-Encoding';
      const server = await rawServer((socket) => {
        socket.once('data', () => {
          socket.write(`HTTP/1.1 200 OK\r\n${framing}: ${chunked ? 'chunked' : size}\r\n\r\n`);
          if (chunked) socket.write(`${size.toString(16)}\r\n`);
          socket.write(body);
          if (chunked) socket.write('\r\n0\r\n\r\n');
        });
      });
      const { port, streams } = await startPlane({ servers: [server] });
      const client = connect({ port, host: '127.0.0.1' });
      const hash = createHash('sha256');
      client.write(get);
      let got = -1;
      let stalls = 0;
      for await (const chunk of client) {
        let octets = chunk as Buffer;
        if (got < 0) {
          octets = octets.subarray(octets.indexOf('\r\n\r\n') + 4);
          if (chunked) octets = octets.subarray(octets.indexOf('\r\n') + 2);
          got = 0;
        }
        octets = octets.subarray(0, size - got);
        hash.update(octets);
        got += octets.length;
        if (got > (stalls + 1) * 7_000_000) {
          stalls += 1;
          await new Promise((resolve) => setTimeout(resolve, 40));
        }
        if (got === size) break;
      }
      expect(hash.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'));
      while (streams.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(streams[0]).toMatchObject({ termination: '----' });
    },
  );

  it('are taken out of their chunks for a 1.0 client', async () => {
    const { onConnection } = recorder(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n5;e=f\r\nhello\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n',
    );
    const { port } = await startPlane({ servers: [await rawServer(onConnection)] });
    const client = await ask(port, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(client.received).toBe('HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\nhello!');
  });

  it('larger than the bind takes are refused, announced or not', async () => {
    const { onConnection, heard } = recorder('');
    const { port } = await startPlane({
      servers: [await rawServer(onConnection)],
      bind: { maxBodyBytes: 10 },
    });
    const announced = await ask(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n');
    expect(announced.received).toMatch(/^HTTP\/1\.1 413 /);
    expect(heard).toEqual([]);
    const chunked = await openClient(port);
    chunked.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    chunked.write('6\r\nworld!\r\n0\r\n\r\n');
    await chunked.untilEnded();
    expect(chunked.received).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('interim answers', () => {
  it('and the expectation of one go through', async () => {
    const server = await rawServer((socket) => {
      socket.once('data', (head) => {
        expect(head.toString()).toContain('Expect: 100-continue');
        socket.once('data', (body) => {
          expect(body.toString()).toBe('hello');
          socket.write(
            'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
          );
        });
        socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      });
    });
    const { port } = await startPlane({ servers: [server] });
    const client = await openClient(port);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    await client.untilText('100 Continue');
    client.write('hello');
    await client.untilText('200 OK');
    expect(client.received).toBe(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    );
  });

  it('are kept from 1.0 clients', async () => {
    const { onConnection } = recorder(`HTTP/1.1 102 Processing\r\n\r\n${okAnswer}`);
    const { port } = await startPlane({ servers: [await rawServer(onConnection)] });
    const client = await ask(port, 'GET / HTTP/1.0\r\n\r\n');
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});

describe('an upgrade', () => {
  it('becomes a tunnel, with what came early on both sides', async () => {
    const server = await rawServer((socket) => {
      socket.once('data', (head) => {
        expect(head.toString()).toMatch(/\r\nConnection: upgrade\r\nUpgrade: websocket\r\n/);
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX: y\r\n\r\nfirst',
        );
        socket.on('data', (chunk) => socket.write(`<${chunk}>`));
        socket.on('end', () => socket.end('bye'));
      });
    });
    const { port, streams, plane } = await startPlane({ servers: [server] });
    const client = await openClient(port);
    client.write('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly');
    await client.untilText('<early>');
    expect(client.received).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nX: y\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nfirst<early>',
    );
    expect(plane.sample(true).servers[0]).toMatchObject({ streams: 1, tunnels: 1 });
    client.socket.end();
    await client.untilEnded();
    expect(client.received.endsWith('bye')).toBe(true);
    await client.until(() => streams.length === 1);
    expect(streams[0]).toMatchObject({ status: 101, termination: '----' });
    expect(plane.sample(true).servers[0]).toMatchObject({ streams: 0, tunnels: 0 });
  });

  it.each([
    ['the server breaks it off', (socket: Socket) => void socket.resetAndDestroy(), 'SD--'],
    ['it is silent for too long', () => {}, 'sD--'],
  ])('is reset on the client where %s', async (_, then, termination) => {
    const server = await rawServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n');
        socket.once('data', () => then(socket));
      });
    });
    const { port, streams } = await startPlane({
      servers: [server],
      backend: { timeouts: { ...timeouts, tunnel: 100 } },
    });
    const client = await openClient(port);
    client.write('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    await client.untilText('101');
    client.write('now');
    await client.untilEnded();
    expect(client.ended).toBe('reset');
    expect(streams).toMatchObject([{ status: 101, termination }]);
  });

  it.each([
    ['', 'x'],
    ['Connection: upgrade\r\nUpgrade: websocket\r\n', 'x'],
    ['Connection: upgrade\r\nUpgrade: websocket\r\n', 'websocket, x'],
    ['Connection: upgrade\r\nUpgrade: websocket\r\n', ''],
    ['Upgrade: x\r\n', 'x'],
  ])('that nobody asked for is a malformed answer: %j, %j', async (asked, named) => {
    const { onConnection } = recorder(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ${named}\r\n\r\n`,
    );
    const { port, streams } = await startPlane({ servers: [await rawServer(onConnection)] });
    const client = await openClient(port);
    client.write(get.replace('\r\n\r\n', `\r\n${asked}\r\n`));
    await client.untilText('\r\n\r\n');
    expect(client.received).toMatch(/^HTTP\/1\.1 502 /);
    expect(streams[0]).toMatchObject({ status: 502, termination: 'PH--' });
  });
});
