import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import {
  ask,
  closedPort,
  okAnswer,
  openClient,
  rawServer,
  recorder,
  startPlane,
  timeouts,
} from './http-plane.ts';

// Real sockets, and a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
const reset = (socket: Socket) => void socket.resetAndDestroy();

/** What a server does once it has heard a request head. */
function answering(act: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => void socket.once('data', () => act(socket));
}

/** Writes, and does `then` once the octets are on their way. */
function say(text: string, then?: (socket: Socket) => void): (socket: Socket) => void {
  return answering((socket) => void socket.write(text, 'latin1', () => setTimeout(() => then?.(socket), 10)));
}

const end = (socket: Socket) => void socket.end();

/** Between two looks at a condition. */
const moment = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Never answers, and notes what happens to its connection. */
function watched() {
  const seen = { heard: false, gone: false };
  const onConnection = (socket: Socket) => {
    socket.on('data', () => {
      seen.heard = true;
    });
    socket.on('close', () => {
      seen.gone = true;
    });
  };
  return { onConnection, seen };
}

describe('an answer that breaks off before it began is told as 502', () => {
  it.each([
    ['reset at once', answering(reset)],
    ['ended at once', answering(end)],
    ['reset in the status line', say('HTTP/1.1 2', reset)],
    ['ended in the head', say('HTTP/1.1 200 OK\r\nContent-', end)],
    ['reset in the head', say('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n', reset)],
    ['reset after 100', say('HTTP/1.1 100 Continue\r\n\r\n', reset)],
  ])('%s', async (_, onConnection) => {
    const { port, streams } = await startPlane({ servers: [await rawServer(onConnection)] });
    const client = await openClient(port);
    client.write(get);
    await client.untilText('502');
    expect(client.received.replace('HTTP/1.1 100 Continue\r\n\r\n', '')).toMatch(
      /^HTTP\/1\.1 502 Bad Gateway\r\n/,
    );
    expect(streams[0]).toMatchObject({ status: 502, termination: 'SH--' });
  });
});

describe('a malformed answer is told as 502', () => {
  it.each([
    'HTTP/2.0 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 999 X\r\n\r\n',
    'HTTP/1.1 099 X\r\n\r\n',
    'HTTP/1.1200 OK\r\n\r\n',
    'HTTP/1.1 200 O\x00K\r\n\r\n',
    'ICY 200 OK\r\n\r\n',
    '\r\nHTTP/1.1 200 OK\r\n\r\n',
    'hello',
    '200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
    'HTTP/1.1 200 OK\r\nX : y\r\n\r\n',
    'HTTP/1.1 200 OK\r\n: y\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: \x1b[31m\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: y\rZ: z\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello',
    `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`,
  ])('%$ %.60s', async (answer) => {
    const { port, streams } = await startPlane({ servers: [await rawServer(say(answer))] });
    const client = await openClient(port);
    client.write(get);
    await client.untilText('\r\n\r\n');
    expect(client.received).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(client.received).toMatch(/\n502 Bad Gateway: the server's answer is malformed: [ -~]+\n$/);
    expect(streams[0]).toMatchObject({ status: 502, termination: 'PH--' });
  });
});

describe('an answer cut in its body resets the client', () => {
  const length = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello';
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  it.each([
    ['length, reset', say(length, reset), 'SD--'],
    ['length, ended', say(length, end), 'SD--'],
    ['chunked, no last chunk', say(`${chunked}5\r\nhello\r\n`, end), 'SD--'],
    ['chunked, in a chunk', say(`${chunked}a\r\nhello`, end), 'SD--'],
    ['chunked, in the size', say(`${chunked}5\r\nhello\r\n1`, reset), 'SD--'],
    ['chunked, in the trailers', say(`${chunked}0\r\nX: y\r\n`, end), 'SD--'],
    [
      'chunked, broken framing',
      say(`${chunked}5\r\nhello\r\n`, (socket) => void socket.write('zz\r\n')),
      'PD--',
    ],
    ['until the end, reset', say('HTTP/1.1 200 OK\r\n\r\nhello', reset), 'SD--'],
    ['until the end, 1.0, reset', say('HTTP/1.0 200 OK\r\n\r\nhello', reset), 'SD--'],
  ])('%s', async (_, onConnection, termination) => {
    const { port, streams } = await startPlane({ servers: [await rawServer(onConnection)] });
    for (const request of [get, get.replace('1.1', '1.0')]) {
      const client = await openClient(port);
      client.write(request);
      await client.untilEnded();
      expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(client.ended).toBe('reset');
    }
    expect(streams).toMatchObject([
      { status: 200, termination },
      { status: 200, termination },
    ]);
  });
});

describe('a whole answer', () => {
  it.each([
    ['until the end', get, 'HTTP/1.1 200 OK\r\n\r\nhello', end, '\r\nConnection: close\r\n\r\nhello'],
    ['of 1.0', get, 'HTTP/1.0 200 OK\r\n\r\nhello', end, 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello'],
  ])('%s is complete', async (_, request, answer, then, seen) => {
    const { port, streams } = await startPlane({ servers: [await rawServer(say(answer, then))] });
    const client = await ask(port, request);
    expect(client.ended).toBe('end');
    expect(client.received).toContain(seen);
    expect(streams[0]?.termination).toBe('----');
  });

  it.each([
    ['overlong', get, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n', 'ok'],
    [
      '204 with a body',
      get,
      'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello',
      '204 No Content\r\n\r\n',
    ],
    [
      '204 that says it has a body',
      get,
      'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
      '204 No Content\r\n\r\n',
    ],
    [
      '304 with a body',
      get,
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello',
      'Content-Length: 5\r\n\r\n',
    ],
    [
      'HEAD with a body',
      get.replace('GET', 'HEAD'),
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
      'Content-Length: 5\r\n\r\n',
    ],
    ['without a reason', get, 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', 'ok'],
    [
      'the same length twice',
      get,
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
      'ok',
    ],
  ])(
    '%s: what is too much is dropped, and the server connection not used again',
    async (kind, request, answer, tail) => {
      let connections = 0;
      const server = await rawServer((socket) => {
        connections += 1;
        socket.on('data', () => void socket.write(answer, 'latin1'));
      });
      const { port } = await startPlane({ servers: [server] });
      const client = await openClient(port);
      client.write(request);
      await client.untilText(tail);
      client.write(request);
      await client.until(() => client.received.split(tail).length === 3);
      expect(client.received.endsWith(tail)).toBe(true);
      expect(client.received.split('HTTP/1.1 ').length).toBe(3);
      expect(connections).toBe(kind.includes('reason') || kind.includes('twice') ? 1 : 2);
    },
  );

  it('that ends the server connection ends nothing else', async () => {
    const server = await rawServer(
      say('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok', end),
    );
    const { port } = await startPlane({ servers: [server] });
    const client = await openClient(port);
    client.write(get);
    await client.untilText('ok');
    client.write(get);
    await client.until(() => client.received === okAnswer + okAnswer);
  });

  it.each([
    ['ends', end],
    ['resets', reset],
  ])('early in an upload is heard, however the server then %s', async (_, then) => {
    const server = await rawServer((socket) => {
      socket.once('data', () => {
        socket.pause();
        socket.write('HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno', () => then(socket));
      });
    });
    const { port } = await startPlane({ servers: [server] });
    for (let i = 0; i < 5; i += 1) {
      const client = await openClient(port);
      client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(8_000_000)}`);
      await client.untilText('no');
      expect(client.received).toMatch(/^HTTP\/1\.1 413 /);
      client.socket.destroy();
    }
  });

  it('before the whole request ends the connection, but is heard', async () => {
    const server = await rawServer(
      answering((socket) => void socket.write('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno')),
    );
    const { port, streams } = await startPlane({ servers: [server] });
    const client = await openClient(port);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhello');
    await client.untilEnded();
    expect(client.received).toBe('HTTP/1.1 403 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
    expect(client.ended).toBe('end');
    expect(streams[0]?.status).toBe(403);
  });
});

describe('a request is sent again', () => {
  /** Answers the first request of each connection and closes at the second. */
  function closesAtSecond(heard: string[]): (socket: Socket) => void {
    return (socket) => {
      let requests = 0;
      socket.on('data', (chunk) => {
        heard.push(chunk.toString('latin1').slice(0, 4));
        requests += 1;
        if (requests === 1) socket.write(okAnswer);
        else socket.destroy();
      });
    };
  }

  it('where it is idempotent and an idle connection was closed under it', async () => {
    const heard: string[] = [];
    const { port, streams } = await startPlane({ servers: [await rawServer(closesAtSecond(heard))] });
    const client = await openClient(port);
    client.write(get);
    await client.untilText('ok');
    client.write(get);
    await client.until(() => client.received === okAnswer + okAnswer);
    expect(heard.length).toBe(3);
    expect(streams[1]).toMatchObject({ status: 200, retries: 1, termination: '----' });
  });

  it('never where it is not', async () => {
    const heard: string[] = [];
    const { port, streams } = await startPlane({ servers: [await rawServer(closesAtSecond(heard))] });
    const client = await openClient(port);
    client.write(get);
    await client.untilText('ok');
    client.write(post);
    await client.untilText('502');
    expect(heard).toEqual(['GET ', 'POST']);
    expect(streams[1]).toMatchObject({ status: 502, retries: 0, termination: 'SH--' });
  });

  it('never on a fresh connection', async () => {
    let connections = 0;
    const server = await rawServer((socket) => {
      connections += 1;
      socket.on('data', () => socket.destroy());
    });
    const { port } = await startPlane({ servers: [server] });
    const client = await openClient(port);
    client.write(get);
    await client.untilText('502');
    expect(connections).toBe(1);
  });

  it('to another server where the first cannot be connected to, even a POST', async () => {
    const { onConnection, heard } = recorder(okAnswer);
    const servers = [await closedPort(), await rawServer(onConnection)];
    const { port, streams, plane } = await startPlane({
      servers,
      backend: { retries: 1, timeouts: { ...timeouts, connect: 50 } },
    });
    for (let i = 0; i < 2; i += 1) {
      const client = await openClient(port);
      client.write(post);
      await client.untilText('ok');
    }
    expect(heard.join('').split('hello').length).toBe(3);
    const moved = streams.filter(({ redispatched }) => redispatched).length;
    expect(moved).toBeGreaterThan(0);
    expect(plane.sample(true).backends[0]).toMatchObject({
      redispatches: moved,
      connectErrors: moved,
      total: 2,
      streams: 0,
    });
  });

  it('as often as the backend says, then it is told as 503', async () => {
    const { port, streams } = await startPlane({
      servers: [await closedPort()],
      backend: { retries: 2, timeouts: { ...timeouts, connect: 30 } },
    });
    const client = await openClient(port);
    client.write(get);
    await client.untilText('503');
    expect(client.received).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(streams[0]).toMatchObject({ status: 503, retries: 2, termination: 'SC--' });
  });
});

describe('a pooled connection that spoiled while idle is not used', () => {
  it.each([
    [
      'unasked octets',
      (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad'),
    ],
    ['its end', end],
    ['its reset', reset],
  ])('by %s', async (_, spoil) => {
    let connections = 0;
    const server = await rawServer((socket) => {
      connections += 1;
      socket.on('data', () => {
        socket.write(okAnswer);
        setTimeout(() => spoil(socket), 20);
      });
    });
    const { port, plane } = await startPlane({ servers: [server] });
    const client = await openClient(port);
    for (let i = 1; i <= 2; i += 1) {
      client.write(post);
      await client.until(() => client.received === okAnswer.repeat(i));
      while (plane.sample(true).servers[0]!.idle > 0) await moment();
    }
    expect(connections).toBe(2);
  });
});

describe('timeouts', () => {
  const short = 100;
  const all = { ...timeouts, client: short, server: short, request: short, keepAlive: short, queue: short };

  it('of the head: 408', async () => {
    const { port, streams } = await startPlane({ servers: [1], bind: { timeouts: all } });
    const silent = await openClient(port);
    const slow = await openClient(port);
    slow.write('GET / HT');
    await Promise.all([silent.untilEnded(), slow.untilEnded()]);
    for (const client of [silent, slow])
      expect(client.received).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(streams.map(({ termination }) => termination)).toEqual(['cR--', 'cR--']);
  });

  it('of a body: 408, and the server is told', async () => {
    const { onConnection, seen } = watched();
    const server = await rawServer(onConnection);
    const { port, streams } = await startPlane({ servers: [server], bind: { timeouts: all } });
    const client = await ask(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhell');
    expect(client.received).toMatch(/^HTTP\/1\.1 408 /);
    expect(streams[0]).toMatchObject({ termination: 'cH--' });
    while (!seen.gone) await moment();
  });

  it.each(['', '\r\n', '\r', '\r\n\r\n'])(
    'between two requests, %j after the first: the connection just ends',
    async (behind) => {
      const { onConnection } = recorder(okAnswer);
      const { port, streams } = await startPlane({
        servers: [await rawServer(onConnection)],
        bind: { timeouts: all },
      });
      const client = await ask(port, get + behind);
      expect(client.received).toBe(okAnswer);
      expect(streams.length).toBe(1);
    },
  );

  it('of the server before its answer: 504; in it: reset', async () => {
    const { port, streams } = await startPlane({
      servers: [await rawServer(answering(() => {}))],
      backend: { timeouts: all },
    });
    const before = await openClient(port);
    before.write(get);
    await before.untilText('504');
    expect(before.received).toMatch(/^HTTP\/1\.1 504 Gateway Timeout\r\n/);
    const during = await startPlane({
      servers: [await rawServer(say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell'))],
      backend: { timeouts: all },
    });
    const client = await openClient(during.port);
    client.write(get);
    await client.untilEnded();
    expect(client.ended).toBe('reset');
    expect([streams[0]?.termination, during.streams[0]?.termination]).toEqual(['sH--', 'sD--']);
  });

  it('of the server begins with each request, also with one that waited behind another', async () => {
    const warm: Socket[] = [];
    const server = await rawServer((socket) => {
      socket.on('data', (request) => {
        if (request.includes('/warm')) warm.push(socket);
        if (request.includes('/warm') && warm.length === 2) for (const each of warm) each.write(okAnswer);
        if (request.includes('POST')) setTimeout(() => socket.write(okAnswer), 100);
      });
    });
    const { port, streams } = await startPlane({
      servers: [server],
      backend: { timeouts: { ...timeouts, server: 500 } },
    });
    // Two connections for the pool: only one that need not be made is sent a request at once.
    const others = [await openClient(port), await openClient(port)];
    for (const other of others) other.write(get.replace('/', '/warm'));
    for (const other of others) await other.untilText('ok');
    const client = await openClient(port);
    client.write(get + post);
    await client.until(() => streams.length === 4);
    expect(streams.slice(2).map(({ status }) => status)).toEqual([504, 200]);
  });

  it('of the queue: 503', async () => {
    const server = await rawServer(() => {});
    const { port, streams, apply, plan } = await startPlane({ servers: [server] });
    const backend = plan.backends[0]!;
    const limited = {
      ...backend,
      timeouts: all,
      servers: backend.servers.map((entry) => ({ ...entry, maxConnections: 1 })),
    };
    await apply({ ...plan, backends: [{ ...limited, timeouts: { ...all, server: 5_000 } }] });
    const first = await openClient(port);
    first.write(get);
    const second = await openClient(port);
    second.write(get);
    await second.untilText('503');
    expect(streams[0]).toMatchObject({ status: 503, termination: 'sQ--' });
  });

  it('of a client that does not read: reset', async () => {
    const size = 40_000_000;
    const server = await rawServer(
      say(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`),
    );
    const { port, streams } = await startPlane({
      servers: [server],
      bind: { timeouts: { ...all, client: 300 } },
    });
    const client = await openClient(port);
    client.socket.pause();
    client.write(get);
    while (streams.length === 0) await moment();
    expect(streams[0]).toMatchObject({ termination: 'cD--' });
    expect(streams[0]!.bytesOut).toBeLessThan(size / 2);
  });
});

describe('a client that goes away', () => {
  it('while it waits takes the server connection with it', async () => {
    const { onConnection, seen } = watched();
    const server = await rawServer(onConnection);
    const { port, streams, plane } = await startPlane({ servers: [server] });
    const client = await openClient(port);
    client.write(get);
    while (!seen.heard) await moment();
    client.socket.resetAndDestroy();
    while (!seen.gone) await moment();
    expect(streams[0]).toMatchObject({ termination: 'CH--' });
    expect(plane.sample(true).servers[0]).toMatchObject({ streams: 0, clientAborts: 1 });
  });

  it('in its request body takes the server connection with it', async () => {
    const { onConnection, seen } = watched();
    const server = await rawServer(onConnection);
    const { port, streams } = await startPlane({ servers: [server] });
    const client = await openClient(port);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhell');
    while (!seen.heard) await moment();
    client.socket.end();
    while (!seen.gone) await moment();
    expect(streams[0]).toMatchObject({ termination: 'CH--' });
  });

  it('in a head leaves a line in the log', async () => {
    const { port, streams, plane } = await startPlane({ servers: [1] });
    const client = await openClient(port);
    client.socket.end('GET / HT');
    while (streams.length === 0) await moment();
    expect(streams[0]).toMatchObject({ termination: 'CR--' });
    expect(plane.sample(true).binds[0]).toMatchObject({ connections: 0, requestErrors: 1 });
  });
});

describe('an operator', () => {
  it('ends a stream that waits (502) and one that is answered (reset)', async () => {
    const server = await rawServer((socket) => {
      socket.on('data', (chunk) => {
        if (chunk.includes('GET /body')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell');
      });
    });
    const { port, streams, plane } = await startPlane({ servers: [server] });
    const waiting = await openClient(port);
    waiting.write(get);
    while (plane.sample(true).servers[0]!.streams < 1) await moment();
    const answered = await openClient(port);
    answered.write(get.replace('/', '/body'));
    await answered.untilText('hell');
    expect(plane.killOnServer('app/s1', 9)).toBe(2);
    await Promise.all([waiting.untilEnded(), answered.untilEnded()]);
    expect(waiting.received).toMatch(/^HTTP\/1\.1 502 /);
    expect(answered.ended).toBe('reset');
    expect(streams.map(({ termination }) => termination).sort()).toEqual(['KD--', 'KH--']);
    expect(plane.sample(true).servers[0]).toMatchObject({ streams: 0 });
  });

  it('stops the plane: idle connections close, the last answers say so', async () => {
    let answer = () => {};
    const server = await rawServer((socket) => {
      socket.on('data', (chunk) => {
        if (chunk.includes('GET /slow')) answer = () => void socket.write(okAnswer);
        else socket.write(okAnswer);
      });
    });
    const { port, plane } = await startPlane({ servers: [server] });
    const idle = await openClient(port);
    idle.write(get);
    await idle.untilText('ok');
    const busy = await openClient(port);
    busy.write(get.replace('/', '/slow'));
    while (plane.sample(true).servers[0]!.streams < 1) await moment();
    const stopped = plane.stop(5_000);
    await idle.untilEnded();
    idle.socket.end();
    answer();
    await busy.untilEnded();
    expect(busy.received).toContain('Connection: close\r\n\r\nok');
    busy.socket.end();
    await stopped;
    expect(plane.openConnections).toBe(0);
  });
});
