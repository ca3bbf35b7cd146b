// Sends one UDP packet from each address that comes on standard input, a line each, to that same address: for a namespace
// whose every address is local.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

for await (const address of createInterface({ input: process.stdin })) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', (error) => {
    // Nobody listens there; that the packet went out is all.
    if (!('code' in error && error.code === 'ECONNREFUSED')) throw error;
  });
  socket.bind({ address, port: 0 });
  await once(socket, 'listening');
  await new Promise<void>((resolve, reject) => {
    socket.send('x', 9, address, (error) => (error === null ? resolve() : reject(error)));
  });
  socket.close();
}
