// For a namespace whose every address is local: listens on a public and on private ports, tells them, and then connects from each
// address of standard input (a line each, after "to HOST") to the public one. Told in the end: who accepted whom. A child's main.
//   node steered-listeners.ts HOST INSTANCES
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

const [host, instances] = [process.argv[2]!, Number(process.argv[3])];
/** By client: 0 is the public one, or the number of the instance. */
const acceptedBy: Record<string, number> = {};
const listeners = await Promise.all(
  Array.from({ length: instances + 1 }, async (_, number) => {
    const server = createServer((socket) => {
      acceptedBy[socket.remoteAddress!.replace(/^::ffff:(?=.*\.)/, '')] = number;
      socket.on('error', () => {});
      socket.end('.');
    });
    server.listen({ host, port: 0, backlog: 1_024 });
    await once(server, 'listening');
    return server;
  }),
);
const ports = listeners.map((server) => (server.address() as AddressInfo).port);
process.stdout.write(`${JSON.stringify(ports)}\n`);

const atOnce = 64;
let target = host;
let running = 0;
let failed = 0;
const waiting: (() => void)[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  if (line.startsWith('to ')) {
    target = line.slice(3);
    continue;
  }
  if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  const socket = connect({ host: target, port: ports[0]!, localAddress: line });
  socket.on('error', () => {
    failed += 1;
  });
  socket.on('data', () => {});
  socket.on('close', () => {
    running -= 1;
    waiting.shift()?.();
  });
}
while (running > 0) await new Promise<void>((resolve) => waiting.push(resolve));
process.stdout.write(`${JSON.stringify({ failed, acceptedBy })}\n`);
for (const server of listeners) server.close();
