// Process: keep-alive clients on raw sockets, each from a loopback address of its own, so that they are spread over
// instances. Prints how many answers came within the time, and how many clients were cut off.
import { connect } from 'node:net';

const { port, path, seconds, clients } = JSON.parse(process.argv[2] ?? '{}') as ManyClients;

export interface ManyClients {
  readonly port: number;
  readonly path: string;
  readonly seconds: number;
  readonly clients: number;
}

const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
let answers = 0;
let failed = 0;

function client(index: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: `127.11.0.${index + 1}` });
    let due = 0;
    let over = false;
    const end = (bad: boolean) => {
      if (over) return;
      over = true;
      if (bad) failed += 1;
      socket.destroy();
      resolve();
    };
    setTimeout(() => end(false), seconds * 1_000);
    socket.setNoDelay(true);
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      if (due === 0) {
        const head = chunk.indexOf('\r\n\r\n');
        const length = /content-length: (\d+)/i.exec(chunk.toString('latin1', 0, head))?.[1];
        if (head < 0 || length === undefined || chunk[9] !== 50) return end(true);
        due = head + 4 + Number(length);
      }
      due -= chunk.length;
      if (due > 0) return;
      answers += 1;
      due = 0;
      socket.write(request);
    });
    socket.on('error', () => end(true));
    socket.on('close', () => end(true));
  });
}

await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
console.log(JSON.stringify({ answers, failed }));
