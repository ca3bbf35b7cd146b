// For a network namespace: a server, and clients of many loopback addresses that ask for it through a proxy there, each request on
// a connection of its own, without a pause. Told what to do by lines, answers each with one of JSON. A child's main.
//   node steered-clients.ts CLIENTS PORT
//   port: of the server · start · report: counts since the last one · hold N: keep-alive connections of the first N clients,
//   answered once · ask-held: once more on each, answers how many were · drop-held
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const [clients, port] = [Number(process.argv[2]), Number(process.argv[3])];
const addressOf = (client: number) => `127.8.${client >> 7}.${(client & 127) + 1}`;
const host = '127.0.0.1';
const server = createServer((request, response) => {
  response.end(`${request.headers['x-forwarded-for']} ${request.headers['x-forwarded-port']}`);
});
server.listen(0, host);
await once(server, 'listening');

let done = 0;
let failed: string[] = [];
let wrong: string[] = [];
let longestMs = 0;
const held = new Map<string, Socket>();
const say = (answer: unknown) => process.stdout.write(`${JSON.stringify(answer)}\n`);

function asked(socket: Socket, connection: 'close' | 'keep-alive'): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const end = (error: Error | undefined) => {
      socket.off('data', read).off('error', end).off('close', closed).setTimeout(0);
      const body = /^HTTP\/1\.1 200 [\s\S]*?\r\n\r\n([\s\S]+)$/.exec(text)?.[1];
      if (error !== undefined) reject(error);
      else if (body === undefined) reject(new Error(`answered ${JSON.stringify(text.slice(0, 60))}`));
      else resolve(body);
    };
    const read = (chunk: string) => {
      text += chunk;
      if (connection === 'keep-alive' && /\r\n\r\n[\s\S]/.test(text)) end(undefined);
    };
    const closed = () => end(undefined);
    socket.setTimeout(15_000, () => socket.destroy(new Error('no answer')));
    socket.setEncoding('latin1').on('data', read).on('error', end).on('close', closed);
    socket.write(`GET / HTTP/1.1\r\nHost: a.example\r\nConnection: ${connection}\r\n\r\n`);
  });
}

async function client(number: number): Promise<void> {
  const address = addressOf(number);
  for (;;) {
    const from = performance.now();
    const socket = connect({ host, port, localAddress: address });
    try {
      const body = await asked(socket, 'close');
      if (body === `${address} ${port}`) done += 1;
      else wrong.push(body);
    } catch (error) {
      failed.push(`${address} ${(error as Error).message}`);
      await pause(20);
    }
    longestMs = Math.max(longestMs, performance.now() - from);
  }
}

async function hold(count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const address = addressOf(number);
    const socket = connect({ host, port, localAddress: address });
    await asked(socket, 'keep-alive');
    socket.on('error', () => {}).on('close', () => held.delete(address));
    held.set(address, socket);
  }
}

async function askHeld(): Promise<number> {
  const answers = await Promise.allSettled([...held.values()].map((socket) => asked(socket, 'keep-alive')));
  return answers.filter(({ status }) => status === 'fulfilled').length;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [word, count] = line.split(' ');
  if (word === 'port') say((server.address() as AddressInfo).port);
  else if (word === 'start') {
    for (let number = 0; number < clients; number += 1) void client(number);
    say(true);
  } else if (word === 'report') {
    say({ done, failed, wrong, longestMs: Math.round(longestMs) });
    [done, failed, wrong, longestMs] = [0, [], [], 0];
  } else if (word === 'hold') {
    await hold(Number(count));
    say([...held.keys()]);
  } else if (word === 'ask-held') say(await askHeld());
  else if (word === 'drop-held') {
    for (const socket of held.values()) socket.destroy();
    say(true);
  }
}
process.exit(0);
