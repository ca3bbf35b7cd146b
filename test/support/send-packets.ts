// Process: sends a number of UDP packets of 100 bytes from an address to another, where nobody need listen.
//   node send-packets.ts FROM TO COUNT
import { createSocket } from 'node:dgram';

const [from = '127.0.0.1', to = '127.0.0.1', count = '1'] = process.argv.slice(2);
const socket = createSocket(from.includes(':') ? 'udp6' : 'udp4');
socket.on('error', () => {});
socket.bind({ address: from, port: 0 }, async () => {
  for (let left = Number(count); left > 0; left -= 1)
    await new Promise<void>((resolve) => socket.send(Buffer.alloc(100), 9, to, () => resolve()));
  socket.close();
});
