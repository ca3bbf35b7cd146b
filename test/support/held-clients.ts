// Process: TCP clients inside a namespace that keep their connections to `named-server.ts`. Told by lines on standard input, each
// answered by one line of JSON, what came of it by count:
//   open COUNT HOST PORT [FROM]   {"pod1 10.1.0.2": 3, "ECONNREFUSED": 1}: server, and whom it sees; or why there is none
//   ping                          {"pod1": 3, "ECONNRESET": 1}: of all that were opened, who answers still
//   state                         as ping, but nothing is sent
//   close                         all of them
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const within = 3_000;

interface Held {
  readonly socket: Socket;
  server: string;
  end: string | undefined;
}

let held: Held[] = [];

function open(host: string, port: number, from: string | undefined): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, ...(from !== undefined && { localAddress: from }) });
    const each: Held = { socket, server: '', end: undefined };
    const timer = setTimeout(() => socket.destroy(new Error('timeout')), within);
    socket.setEncoding('utf8');
    socket.once('data', (text: string) => {
      clearTimeout(timer);
      const [server = '', seen = ''] = text.split(' ');
      each.server = server;
      held.push(each);
      resolve(`${server} ${seen}`);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      each.end = error.code ?? error.message;
    });
    socket.on('close', () => {
      each.end ??= 'closed';
      clearTimeout(timer);
      resolve(each.end);
    });
  });
}

function ping(each: Held): Promise<string> {
  return new Promise((resolve) => {
    if (each.end !== undefined) {
      resolve(each.end);
      return;
    }
    const timer = setTimeout(() => resolve('timeout'), within);
    const done = (text: string): void => {
      clearTimeout(timer);
      resolve(text);
    };
    each.socket.once('data', () => done(each.server));
    each.socket.once('close', () => done(each.end ?? 'closed'));
    each.socket.write('ping\n');
  });
}

function tell(texts: readonly string[]): void {
  const counts: Record<string, number> = {};
  for (const text of [...texts].sort()) counts[text] = (counts[text] ?? 0) + 1;
  console.log(JSON.stringify(counts));
}

for await (const line of createInterface({ input: process.stdin })) {
  const [what, count = '1', host = '', port = '0', from] = line.split(' ');
  if (what === 'open') {
    const texts: string[] = [];
    // Bounded, so that the queues of the kernel do not overflow.
    for (let left = Number(count); left > 0; left -= 50)
      texts.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(50, left) }, () => open(host, Number(port), from)),
        )),
      );
    tell(texts);
  } else if (what === 'ping') tell(await Promise.all(held.map(ping)));
  else if (what === 'state') tell(held.map(({ server, end }) => end ?? server));
  else {
    for (const { socket } of held) socket.destroy();
    held = [];
    tell([]);
  }
}
process.exit(0);
