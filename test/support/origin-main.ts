// Process: a real HTTP server for scenarios. Tells who it is in every answer, writes each POST's id to a file at once
// (so that not even kill -9 hides one), can be slow, large or broken by request, and echoes after an upgrade.
// With a certificate it speaks TLS on another port as well, and tells in each answer which way the request came.
//   node origin-main.ts NAME POST-LOG [PORT [CERT KEY]]
import { openSync, readFileSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

const [name = 'app', log = '/dev/null', port = '0', cert, key] = process.argv.slice(2);
const posts = openSync(log, 'a');
let healthy = true;

function serve(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://origin');
  if (pathname === '/healthz') {
    response.writeHead(healthy ? 200 : 503).end();
    return;
  }
  let received = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  request.on('error', () => {});
  request.on('end', async () => {
    const id = request.headers['x-request-id'] ?? '';
    if (request.method === 'POST') writeSync(posts, `${name} ${id}\n`);
    await pause(Number(searchParams.get('ms') ?? 0));
    const size = Number(searchParams.get('size') ?? 32);
    response.writeHead(Number(searchParams.get('status') ?? 200), {
      'x-server': name,
      'x-over': 'encrypted' in request.socket ? 'tls' : 'plain',
      'x-request-id': id,
      'x-received': received,
      'content-type': 'text/plain',
      ...(searchParams.has('chunked') ? {} : { 'content-length': size }),
    });
    response.end(Buffer.alloc(size, 'x'));
  });
}

function upgrade(_: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => socket.destroy());
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Server: ${name}\r\n\r\n`,
  );
  socket.pipe(socket);
}

// Whoever started it holds its standard input: when that one dies, it leaves.
process.stdin.resume().once('end', () => process.exit(0));

process.on('SIGUSR2', () => {
  healthy = !healthy;
});
const keepAliveTimeout = 120_000;
const doors = [
  createServer({ keepAliveTimeout }, serve),
  ...(cert === undefined || key === undefined
    ? []
    : [createTlsServer({ keepAliveTimeout, cert: readFileSync(cert), key: readFileSync(key) }, serve)]),
];
const ports = doors.map(async (door, index) => {
  door.on('upgrade', upgrade);
  await new Promise<void>((resolve) => {
    door.listen({ port: index === 0 ? Number(port) : 0, host: '127.0.0.1', backlog: 4_096 }, resolve);
  });
  return (door.address() as AddressInfo).port;
});
console.log(`listening ${(await Promise.all(ports)).join(' ')}`);
