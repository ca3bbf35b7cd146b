// Process: a TCP server inside a namespace. Tells its name and the client's address in one line, then echoes until the client
// ends, or says nothing more.
//   node named-server.ts NAME PORT …
import { createServer } from 'node:net';

const [name = 'app', ...ports] = process.argv.slice(2);
const listening = ports.map(
  (port) =>
    new Promise<void>((resolve) => {
      const server = createServer((socket) => {
        socket.on('error', () => socket.destroy());
        socket.write(`${name} ${socket.remoteAddress?.replace(/^::ffff:/, '')} ${socket.localPort}\n`);
        socket.pipe(socket);
      });
      server.listen({ port: Number(port), host: '::' }, resolve);
    }),
);
await Promise.all(listening);
console.log('ready');
