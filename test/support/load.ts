// Load for scenarios, which judges each answer: did it come, whole, from a server of the right backend, for this very request?
// Keep-alive GETs, POSTs with ids of their own, slow answers, chunked ones, and tunnels. No retries: what fails, counts.
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface LoadOptions {
  readonly port: number;
  /** Host header → what the name of the answering server must begin with. */
  readonly targets: readonly { readonly host: string; readonly serverPrefix: string }[];
  /** Keep-alive clients, each with one request at a time. */
  readonly clients: number;
  /** Pause between two requests of a client, milliseconds. */
  readonly thinkMs?: number;
  /** Shares of requests; the rest are plain GETs. */
  readonly posts?: number;
  readonly slow?: number;
  readonly slowMs?: number;
  /** Tunnels open at once, each living so long. */
  readonly tunnels?: number;
  readonly tunnelMs?: number;
  /** Where each client comes from; without it all come from one address. */
  readonly addressOf?: (client: number) => string;
  /** Share of requests after which a client comes with a connection of its own. */
  readonly reconnects?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly tunnels: number;
  readonly failed: readonly string[];
  /** Of them, with `addressOf`: whose they were, in the same order. */
  readonly failedOf: readonly string[];
  readonly misrouted: readonly string[];
  /** Requests answered by each server. */
  readonly byServer: ReadonlyMap<string, number>;
}

export interface RunningLoad {
  readonly result: LoadResult;
  /** Lets what is under way finish. */
  stop(): Promise<LoadResult>;
}

export function startLoad(options: LoadOptions): RunningLoad {
  const failed: string[] = [];
  const failedOf: string[] = [];
  const misrouted: string[] = [];
  const byServer = new Map<string, number>();
  const result = { requests: 0, tunnels: 0, failed, failedOf, misrouted, byServer };
  const { port, targets, thinkMs = 10, posts = 0.2, slow = 0.05, slowMs = 500, tunnelMs = 2_000 } = options;
  const { addressOf, reconnects = 0 } = options;
  const from = (client: number) => (addressOf === undefined ? {} : { localAddress: addressOf(client) });
  let going = true;

  const target = () => targets[Math.floor(Math.random() * targets.length)]!;

  async function client(index: number): Promise<void> {
    const fresh = () => new Agent({ keepAlive: true, maxSockets: 1, ...from(index) });
    let agent = fresh();
    while (going) {
      if (Math.random() < reconnects) {
        agent.destroy();
        agent = fresh();
      }
      const dice = Math.random();
      const kind = dice < posts ? 'post' : dice < posts + slow ? 'slow' : dice > 0.9 ? 'chunked' : 'get';
      await one(agent, kind, index);
      await pause(Math.random() * 2 * thinkMs);
    }
    agent.destroy();
  }

  function one(agent: Agent, kind: 'post' | 'slow' | 'chunked' | 'get', client: number): Promise<void> {
    const { host, serverPrefix } = target();
    const id = randomUUID();
    const size = Math.floor(Math.random() * 20_000);
    const path = `/${kind}?size=${size}${kind === 'slow' ? `&ms=${slowMs}` : ''}${kind === 'chunked' ? '&chunked=1' : ''}`;
    const body = kind === 'post' ? 'x'.repeat(Math.floor(Math.random() * 5_000)) : undefined;
    return new Promise((resolve) => {
      let settled = false;
      const done = (problem?: string) => {
        if (settled) return;
        settled = true;
        result.requests += 1;
        if (problem !== undefined) {
          failed.push(`${kind} ${path}: ${problem}`);
          failedOf.push(addressOf?.(client) ?? '');
        }
        resolve();
      };
      const outgoing = request(
        {
          agent,
          host: '127.0.0.1',
          port,
          path,
          method: kind === 'post' ? 'POST' : 'GET',
          headers: {
            host,
            'x-request-id': id,
            ...(body === undefined ? {} : { 'content-length': body.length }),
          },
          timeout: 30_000,
        },
        (response) => {
          let length = 0;
          response.on('data', (chunk: Buffer) => {
            length += chunk.length;
          });
          response.on('error', (error) => done(`answer cut: ${error.message}`));
          response.on('close', () => done('answer closed early'));
          response.on('end', () => {
            const server = String(response.headers['x-server']);
            byServer.set(server, (byServer.get(server) ?? 0) + 1);
            if (response.statusCode !== 200) return done(`status ${response.statusCode}`);
            if (!server.startsWith(serverPrefix)) misrouted.push(`${host} answered by ${server}`);
            if (response.headers['x-request-id'] !== id)
              misrouted.push(`${host}: the answer to another request`);
            if (length !== size) return done(`${length} of ${size} bytes`);
            if (body !== undefined && Number(response.headers['x-received']) !== body.length)
              return done('body cut');
            done();
          });
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in 30 s')));
      outgoing.on('error', (error) => done(error.message));
      outgoing.end(body);
    });
  }

  async function tunnels(_: unknown, index: number): Promise<void> {
    while (going) await tunnel(index);
  }

  /** Upgrades, sends lines and expects each back until its time is over, then says goodbye in order. */
  function tunnel(index: number): Promise<void> {
    const { host, serverPrefix } = target();
    return new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ...from(index) });
      const until = performance.now() + tunnelMs;
      let head: string | undefined = '';
      let sent = 0;
      let rest = '';
      let over = false;
      const end = (problem?: string) => {
        if (over) return;
        over = true;
        result.tunnels += 1;
        if (problem !== undefined) {
          failed.push(`tunnel: ${problem}`);
          failedOf.push(addressOf?.(index) ?? '');
        }
        socket.destroy();
        resolve();
      };
      const next = () => {
        if (performance.now() > until) {
          socket.end();
          return;
        }
        sent += 1;
        socket.write(`line ${sent}\n`);
      };
      socket.setEncoding('latin1');
      socket.write(`GET /tunnel HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
      socket.on('data', (text: string) => {
        if (head !== undefined) {
          head += text;
          const place = head.indexOf('\r\n\r\n');
          if (place < 0) return;
          if (!head.startsWith('HTTP/1.1 101 ')) return end(head.split('\r\n')[0]);
          const server = /^x-server: (.*)$/im.exec(head)?.[1] ?? '';
          if (!server.startsWith(serverPrefix)) misrouted.push(`tunnel to ${host} answered by ${server}`);
          rest = head.slice(place + 4);
          head = undefined;
          return next();
        }
        rest += text;
        if (!rest.endsWith('\n')) return;
        if (rest !== `line ${sent}\n`) return end(`wrong echo ${JSON.stringify(rest)}`);
        rest = '';
        setTimeout(next, 50);
      });
      socket.on('error', (error) => end(error.message));
      socket.on('close', () => end(performance.now() < until ? 'closed early' : undefined));
    });
  }

  const running = [
    ...Array.from({ length: options.clients }, (_, index) => client(index)),
    ...Array.from({ length: options.tunnels ?? 0 }, tunnels),
  ];
  return {
    result,
    async stop() {
      going = false;
      await Promise.all(running);
      return result;
    },
  };
}
