// Process: a real HTTP server for scenarios. Tells who it is in every answer, writes each POST's id to a file at once
// (so that not even kill -9 hides one), can be slow, large or broken by request, and echoes after an upgrade.
//   node origin-main.ts NAME POST-LOG [PORT]
import { openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const [name = 'app', log = '/dev/null', port = '0'] = process.argv.slice(2);
const posts = openSync(log, 'a');
let healthy = true;

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
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
      'x-request-id': id,
      'x-received': received,
      'content-type': 'text/plain',
      ...(searchParams.has('chunked') ? {} : { 'content-length': size }),
    });
    response.end(Buffer.alloc(size, 'x'));
  });
});

server.on('upgrade', (_, socket) => {
  socket.on('error', () => socket.destroy());
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Server: ${name}\r\n\r\n`,
  );
  socket.pipe(socket);
});

// Whoever started it holds its standard input: when that one dies, it leaves.
process.stdin.resume().once('end', () => process.exit(0));

process.on('SIGUSR2', () => {
  healthy = !healthy;
});
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4_096 }, () => {
  console.log(`listening ${(server.address() as { port: number }).port}`);
});
