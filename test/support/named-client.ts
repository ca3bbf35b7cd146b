// Process: TCP clients inside a namespace, for `named-server.ts`. Reads from standard input, a line each: "FROM TO PORT" makes a
// connection from an address of its own ("-": any) and writes "FROM answer", or "FROM error ECONNREFUSED". With the argument
// `hold` connections stay open until standard input ends; else each ends with its answer.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const hold = process.argv[2] === 'hold';
const within = Number(process.argv[3] ?? 3_000);
const waiting: Promise<void>[] = [];

function ask(from: string, to: string, port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: to, port, ...(from === '-' ? {} : { localAddress: from }) });
    let told = false;
    const tell = (text: string): void => {
      if (told) return;
      told = true;
      clearTimeout(timer);
      console.log(`${from} ${text}`);
      resolve();
    };
    const timer = setTimeout(() => {
      tell('error timeout');
      socket.destroy();
    }, within);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      tell(text.trim());
      if (!hold) socket.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => tell(`error ${error.code}`));
    socket.on('close', () => tell('error closed'));
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const [from = '-', to = '127.0.0.1', port = '0'] = line.split(' ');
  waiting.push(ask(from, to, Number(port)));
  // Bounded, so that the queues of the kernel do not overflow.
  if (!hold && waiting.length >= 100) await Promise.all(waiting.splice(0));
}
await Promise.all(waiting);
process.exit(0);
