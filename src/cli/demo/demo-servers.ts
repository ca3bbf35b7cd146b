// Process: the demo's servers. Real HTTP and TCP servers of different speeds, most of them with and without TLS; one
// flaps its health, one is slow and fails now and then. Also makes the run's certificates, and is the janitor: when the demo's parent was killed, it removes what the demo left on disk.
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { leaveWithParent, tellParent } from './child.ts';
import type { DemoPort, DemoPorts } from './configuration.ts';
import { writeDemoCertificates } from './demo-certificates.ts';
import { removeWhenAlone } from './janitor.ts';
import { acceptWebSocket } from './web-socket.ts';

interface Character {
  /** Milliseconds before an answer: at least, and up to so much more. */
  readonly delay: readonly [least: number, more: number];
  /** Share of requests answered 500. */
  readonly failing: number;
  /** Health is bad for the last third of each period; 0: always good. */
  readonly flapMs: number;
}

const swift: Character = { delay: [1, 6], failing: 0, flapMs: 0 };
const steady: Character = { delay: [4, 15], failing: 0.002, flapMs: 0 };
const flapping: Character = { delay: [6, 30], failing: 0.01, flapMs: 45_000 };
const slow: Character = { delay: [60, 400], failing: 0.01, flapMs: 0 };

const startedAt = Date.now();
const page = Buffer.alloc(64 * 1024, 'All the goods of the shop, in one long page. ');

function isHealthy({ flapMs }: Character): boolean {
  return flapMs === 0 || (Date.now() - startedAt) % flapMs < (flapMs * 2) / 3;
}

/** The same behind both doors: plain HTTP, and HTTPS where there are credentials. */
async function webServer(character: Character, tls?: Credentials): Promise<DemoPort> {
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/healthz') {
      response
        .writeHead(isHealthy(character) ? 200 : 503)
        .end(isHealthy(character) ? 'ok\n' : 'warming up\n');
      return;
    }
    request.resume();
    request.once('end', () => void answer(character, request.url ?? '/', request.method ?? 'GET', response));
  };
  const doors = [createHttpServer(serve), ...(tls === undefined ? [] : [createHttpsServer(tls, serve)])];
  for (const door of doors) {
    door.keepAliveTimeout = 60_000;
    door.on('upgrade', (request, socket) => acceptWebSocket(request, socket as Socket));
  }
  const [plain, secure] = await Promise.all(doors.map(listen));
  return { plain: plain!, ...(secure === undefined ? {} : { tls: secure }) };
}

interface Credentials {
  readonly cert: Buffer;
  readonly key: Buffer;
}

async function answer(
  { delay: [least, more], failing }: Character,
  url: string,
  method: string,
  response: ServerResponse,
): Promise<void> {
  await pause(least + Math.random() ** 3 * more);
  if (Math.random() < failing) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('out of stock of patience\n');
    return;
  }
  if (url.startsWith('/missing')) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('no such thing\n');
    return;
  }
  const body = page.subarray(
    0,
    url.startsWith('/catalogue') ? page.length : 200 + Math.floor(Math.random() * 4_000),
  );
  response.writeHead(method === 'POST' ? 201 : 200, {
    'content-type': 'text/plain',
    'content-length': body.length,
  });
  if (!url.startsWith('/stream')) {
    response.end(method === 'HEAD' ? undefined : body);
    return;
  }
  // A slow answer: the connection stays in its data phase for some seconds.
  for (let sent = 0; sent < body.length && !response.destroyed; sent += 400) {
    response.write(body.subarray(sent, sent + 400));
    await pause(700);
  }
  response.end();
}

/** Answers each line, as a database its queries. */
function lineServer(): Server {
  return createTcpServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => void socket.write(`ok ${chunk.length}\n`));
  });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as { port: number }).port;
}

const folder = process.argv[2] ?? '.';
await writeDemoCertificates(folder);
const tls: Credentials = {
  cert: await readFile(join(folder, 'servers.pem')),
  key: await readFile(join(folder, 'servers.key')),
};
const ports: DemoPorts = {
  web: await Promise.all([swift, steady, flapping].map((character) => webServer(character, tls))),
  api: await Promise.all([steady, slow].map((character) => webServer(character, tls))),
  pay: await Promise.all([swift, steady].map((character) => webServer(character, tls))),
  tickets: await Promise.all([swift, swift, steady].map((character) => webServer(character, tls))),
  media: await Promise.all([steady, steady].map((character) => webServer(character))),
  legacy: [await webServer(steady)],
  db: [{ plain: await listen(lineServer()) }, { plain: await listen(lineServer()) }],
};
tellParent({ ports });

leaveWithParent(() => {
  void removeWhenAlone(process.argv[2]).finally(() => process.exit(0));
});
