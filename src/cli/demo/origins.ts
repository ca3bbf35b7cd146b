// The demo's servers: real HTTP and TCP servers of different speeds; some flap their health, are slow, or fail now and then.
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { DemoPort } from './configuration.ts';
import { acceptWebSocket } from './web-socket.ts';

export interface Character {
  /** Milliseconds before an answer: at least, and up to so much more. */
  readonly delay: readonly [least: number, more: number];
  /** Share of requests answered 500. */
  readonly failing: number;
  /** Health is bad for the last third of each period; 0: always good. */
  readonly flapMs: number;
}

export const characters = {
  swift: { delay: [1, 6], failing: 0, flapMs: 0 },
  steady: { delay: [4, 15], failing: 0.002, flapMs: 0 },
  flapping: { delay: [6, 30], failing: 0.01, flapMs: 45_000 },
  slow: { delay: [60, 400], failing: 0.01, flapMs: 0 },
} as const satisfies Record<string, Character>;

const startedAt = Date.now();
const page = Buffer.alloc(64 * 1024, 'All the goods of the shop, in one long page. ');

function isHealthy({ flapMs }: Character): boolean {
  return flapMs === 0 || (Date.now() - startedAt) % flapMs < (flapMs * 2) / 3;
}

/** The same behind both doors: plain HTTP, and HTTPS where there are credentials. */
export async function webServer(
  character: Character,
  tls?: Credentials,
  host = '127.0.0.1',
  port = 0,
): Promise<DemoPort> {
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
  const [plain, secure] = await Promise.all(doors.map((door) => listen(door, host, port)));
  return { plain: plain!, ...(secure === undefined ? {} : { tls: secure }) };
}

export interface Credentials {
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
export function lineServer(): Server {
  return createTcpServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => void socket.write(`ok ${chunk.length}\n`));
  });
}

export async function listen(server: Server, host = '127.0.0.1', port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as { port: number }).port;
}
