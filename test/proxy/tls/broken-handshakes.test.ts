import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { listening, until } from '../sockets.ts';
import { hello, message, record, serverNames } from './hello-bytes.ts';
import { TestFiles, tlsDial, tlsPlane, tlsRoute } from './tls-plane.ts';

/** What a real client says first. */
async function realHello(): Promise<Buffer> {
  const first = Promise.withResolvers<Buffer>();
  const { port } = await listening((socket) => socket.once('data', first.resolve));
  const client = tlsDial(port, { servername: 'a.test' });
  const bytes = await first.promise;
  client.socket.destroy();
  return bytes;
}

it('thousands of broken handshakes leave nothing behind', async () => {
  const files = new TestFiles();
  const certificate = await files.certificate('a', { names: ['a.test'] });
  const { frontPort, plane, bind, ended } = await tlsPlane(
    {
      routes: [tlsRoute('a', 'a.test', 'edge', 'web'), tlsRoute('p', 'p.test', 'passthrough', 'web')],
      certificates: [certificate],
    },
    files.material(),
  );
  const real = await realHello();
  const words = [
    Buffer.alloc(0),
    real.subarray(0, 1),
    real.subarray(0, 40),
    real,
    Buffer.concat([real, Buffer.from('noise')]),
    Buffer.concat([real, record(Buffer.from([1, 1]), 20), record(Buffer.alloc(64, 3), 23)]),
    hello({ extensions: [serverNames('a.test', 'b.test')] }),
    hello({ extensions: [serverNames('a.test')] }),
    hello({ extensions: [serverNames('p.test')] }),
    record(message(Buffer.alloc(50), 1)),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from([0x80, 0x2e, 1, 0, 2]),
    Buffer.from([21, 3, 1, 0, 2, 1, 0]),
    Buffer.from('SSH-2.0-probe\r\n'),
  ];
  const ends: ((socket: Socket) => void)[] = [
    (socket) => socket.end(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.destroy(),
  ];
  const before = openSockets();
  const total = 2_100;
  let begun = 0;
  const one = (index: number) =>
    new Promise<void>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: frontPort });
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.on('connect', () => {
        const end = ends[index % ends.length]!;
        const bytes = words[index % words.length]!;
        socket.resume();
        if (bytes.length === 0) end(socket);
        else socket.write(bytes, () => setImmediate(() => end(socket)));
      });
    });
  const worker = async () => {
    while (begun < total) {
      begun += 1;
      await one(begun);
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  await until(() => bind.traffic.connections === 0 && bind.traffic.tlsConnections === 0);
  expect(plane.openConnections).toBe(0);
  expect([...plane.connections].filter(({ phase }) => phase !== 'ended')).toEqual([]);
  for (const name of ['a.test', 'p.test'])
    expect(bind.routes.bySni(name)!.traffic.open).toEqual({ passthrough: 0, edge: 0, reencrypt: 0 });
  // Every one that was accepted ended once; who resets before that is no connection at all.
  expect(bind.traffic.total).toBe(ended.length);
  expect(new Set(ended.map(({ serial }) => serial)).size).toBe(ended.length);
  expect(ended.every(({ cause, termination }) => cause !== undefined || termination?.startsWith('S'))).toBe(
    true,
  );
  await until(() => openSockets() <= before);
});

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}
