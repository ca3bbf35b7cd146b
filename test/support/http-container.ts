// Process: an HTTP server as a container has one, inside a namespace. Answers with its name and who asked; "/state" tells how many
// requests it had, and how many connections are open besides the one that asks.
//   node http-container.ts NAME PORT
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

const [name = 'pod', port = '8080'] = process.argv.slice(2);
let requests = 0;
const open = new Set<Socket>();
const server = createServer((request: IncomingMessage, response) => {
  const { socket } = request;
  response.setHeader('content-type', 'application/json');
  if (request.url === '/state') {
    response.setHeader('connection', 'close');
    response.end(JSON.stringify({ requests, open: open.size - 1 }));
    return;
  }
  requests += 1;
  const answer = { name, from: `${socket.remoteAddress?.replace(/^::ffff:/, '')}:${socket.remotePort}` };
  const slowMs = Number(/^\/slow\/(\d+)$/.exec(request.url ?? '')?.[1] ?? 0);
  setTimeout(() => response.end(JSON.stringify(answer)), slowMs);
});
server.keepAliveTimeout = 60_000;
server.on('connection', (socket) => {
  open.add(socket);
  socket.on('close', () => open.delete(socket));
});
server.listen({ port: Number(port), host: '::' }, () => console.log('ready'));
