import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it, vi } from 'vitest';
import { connectionDetail } from '../../../src/proxy/connection-view.ts';
import { okAnswer, openClient, rawServer, startPlane } from './http-plane.ts';

// Real sockets, and a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function world() {
  const sockets: Socket[] = [];
  const heads: { socket: Socket; answer: () => void }[] = [];
  let waits = false;
  const port = await rawServer((socket) => {
    sockets.push(socket);
    socket.on('end', () => socket.end());
    socket.on('data', () => {
      const answer = () => void socket.write(okAnswer);
      heads.push({ socket, answer });
      if (!waits) answer();
    });
  });
  const made = await startPlane({ servers: [port] });
  return {
    ...made,
    sockets,
    heads,
    wait(on: boolean) {
      waits = on;
    },
  };
}

it('what is kept of a server is closed when its pool is retired, and a new connection made', async () => {
  const { plane, port, sockets } = await world();
  const client = await openClient(port);
  client.write(get);
  await client.untilText('ok');
  const closed = once(sockets[0]!, 'close');
  const key = plane.sample(true).servers[0]!.key;
  expect(plane.retirePool(key)).toBe(1);
  await closed;
  client.write(get);
  await client.until(() => client.received.split('ok').length === 3);
  expect(sockets).toHaveLength(2);
  expect(plane.retirePool('web/nobody')).toBe(0);
});

it('one in use serves its request to the end, and no other', async () => {
  const { plane, port, sockets, heads, wait } = await world();
  wait(true);
  const client = await openClient(port);
  client.write(get);
  await vi.waitFor(() => expect(heads).toHaveLength(1));
  const key = plane.sample(true).servers[0]!.key;
  expect(plane.retirePool(key)).toBe(0);
  const closed = once(sockets[0]!, 'close');
  heads[0]!.answer();
  await client.untilText('ok');
  await closed;
  wait(false);
  client.write(get);
  await client.until(() => client.received.split('ok').length === 3);
  expect(heads.map(({ socket }) => sockets.indexOf(socket))).toEqual([0, 1]);
});

it('a live connection tells our end of the one to its server, and an ended one nothing', async () => {
  const { plane, port, heads, sockets, wait } = await world();
  wait(true);
  const client = await openClient(port);
  client.write(get);
  await vi.waitFor(() => expect(heads).toHaveLength(1));
  const [live] = [...plane.connections];
  const detail = () => connectionDetail(live!, 'x', performance.now());
  expect(detail().localAddress).toBe(`127.0.0.1:${sockets[0]!.remotePort}`);
  heads[0]!.answer();
  await client.untilText('ok');
  expect(detail().localAddress).toBe(`127.0.0.1:${sockets[0]!.remotePort}`);
  client.socket.destroy();
  await vi.waitFor(() => expect([...plane.connections]).toEqual([]));
  expect(detail().localAddress).toBeUndefined();
});
