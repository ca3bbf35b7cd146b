// Process: the demo's clients. Real connections through the real proxy, each from a loopback address of its own:
// shoppers with keep-alive and cookies, API callers, slow readers, WebSocket tunnels, database sessions; most of them over
// TLS, each verifying whom it talks to.
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Asked, ask as askOnce } from './asking.ts';
import { leaveWithParent, tellParent } from './child.ts';
import { demoHosts } from './demo-hosts.ts';
import { lineSession } from './line-session.ts';
import { clientFrame } from './web-socket.ts';

const [folder = '.', ...ports] = process.argv.slice(2);
const [web = 0, secure = 0, dbPort = 0, shardedWeb = 0, shardedSecure = 0] = ports.map(Number);
/** A shard has doors of its own: which one a host lives behind is what its label decides. */
const main = { web, secure };
const sharded = { web: shardedWeb, secure: shardedSecure };
const ca = readFileSync(join(folder, 'ca.pem'));
let going = true;

/** Linux lets a client take any address of 127/8; elsewhere all come from one. */
function clientAddress(index: number): { localAddress: string } | undefined {
  return process.platform === 'linux'
    ? { localAddress: `127.7.${index >> 8}.${(index & 0xff) + 1}` }
    : undefined;
}

type Agent = HttpAgent | HttpsAgent;

type Doors = typeof main;

interface Visit extends Omit<Asked, 'to'> {
  readonly agent: Agent;
  readonly doors?: Doors;
}

function ask({ agent, doors, ...asked }: Visit): Promise<string | undefined> {
  return askOnce({ to: through(agent, doors), ...asked });
}

/** Over TLS where it names a host: that is the SNI, and what the certificate must say. */
function agentFor(index: number, servername?: string): Agent {
  const options = { keepAlive: true, maxSockets: 1, ...clientAddress(index) };
  return servername === undefined ? new HttpAgent(options) : new HttpsAgent({ ...options, servername, ca });
}

function through(
  agent: Agent,
  doors: Doors = main,
): { agent: Agent; host: string; port: number; protocol: string } {
  const overTls = agent instanceof HttpsAgent;
  return {
    agent,
    host: '127.0.0.1',
    port: overTls ? doors.secure : doors.web,
    protocol: overTls ? 'https:' : 'http:',
  };
}

async function shopper(index: number): Promise<void> {
  const host = demoHosts.shop;
  const agent = agentFor(index, host);
  let cookie: string | undefined;
  while (going) {
    const dice = Math.random();
    if (dice < 0.1)
      await ask({ agent, host, path: '/cart', method: 'POST', body: `item=${index}&n=1`, ...kept(cookie) });
    else if (dice < 0.14) await ask({ agent, host, path: '/missing', ...kept(cookie) });
    else if (dice < 0.3) await ask({ agent, host, path: '/catalogue', ...kept(cookie) });
    else
      cookie =
        (await ask({ agent, host, path: `/item/${Math.floor(dice * 500)}`, ...kept(cookie) })) ?? cookie;
    await pause(Math.random() * 400);
    if (Math.random() < 0.02) {
      // A new visit begins with the host typed without https://, and is redirected; the TLS session is resumed.
      agent.destroy();
      const plain = agentFor(index);
      await ask({ agent: plain, host, path: '/' });
      plain.destroy();
      cookie = undefined;
    }
  }
}

function kept(cookie: string | undefined): { cookie: string } | undefined {
  return cookie === undefined ? undefined : { cookie };
}

async function caller(index: number): Promise<void> {
  const host = demoHosts.api;
  // The oldest callers still come over plain HTTP, which this route allows.
  const agent = agentFor(index, index % 5 === 0 ? undefined : host);
  while (going) {
    await ask({ agent, host, path: `/v2/orders/${Math.floor(Math.random() * 90)}` });
    await pause(Math.random() * 250);
  }
}

async function payer(index: number): Promise<void> {
  const host = demoHosts.pay;
  const agent = agentFor(index, host);
  while (going) {
    // Each payment comes over a connection of its own.
    for (let step = 0; step < 6; step += 1) {
      await ask({ agent, host, path: `/pay/${index}/${step}`, method: step === 5 ? 'POST' : 'GET' });
      await pause(200 + Math.random() * 800);
    }
    agent.destroy();
    await pause(Math.random() * 1_000);
  }
}

async function fan(index: number): Promise<void> {
  const host = demoHosts.tickets;
  const agent = agentFor(index, host);
  while (going) {
    const buys = Math.random() < 0.1;
    const method = buys ? 'POST' : 'GET';
    await ask({
      agent,
      doors: sharded,
      host,
      path: `/event/${index % 12}`,
      method,
      ...(buys && { body: 'seats=2' }),
    });
    await pause(Math.random() * 300);
  }
}

async function listener(index: number): Promise<void> {
  const host = demoHosts.media;
  const agent = agentFor(index);
  while (going) {
    const path = index % 3 === 0 ? '/stream/song' : '/catalogue';
    await ask({ agent, doors: sharded, host, path, slowly: index % 3 === 0 });
    await pause(300 + Math.random() * 700);
  }
}

async function oldTimer(index: number): Promise<void> {
  const host = demoHosts.legacy;
  const agent = agentFor(index, host);
  while (going) {
    await ask({ agent, doors: sharded, host, path: '/index.htm' });
    await pause(1_000 + Math.random() * 2_000);
  }
}

async function slowReader(index: number): Promise<void> {
  const agent = agentFor(index, demoHosts.shop);
  while (going) {
    const path = index % 2 === 0 ? '/stream/news' : '/catalogue';
    await ask({ agent, host: demoHosts.shop, path, slowly: true });
    await pause(1_000);
  }
}

async function tunnel(index: number): Promise<void> {
  const agent = agentFor(index, demoHosts.shop);
  while (going) {
    await new Promise<void>((resolve) => {
      const outgoing = request({
        ...through(agent),
        path: '/live',
        headers: {
          host: demoHosts.shop,
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': Buffer.alloc(16, index).toString('base64'),
        },
      });
      outgoing.on('error', () => resolve());
      outgoing.on('response', (response) => void response.resume().on('close', resolve));
      outgoing.on('upgrade', (_, socket) => {
        let ticks = 20 + index * 4;
        const timer = setInterval(() => {
          ticks -= 1;
          socket.write(ticks > 0 ? clientFrame(`tick ${ticks}`) : clientFrame('', 8));
        }, 1_000);
        socket.on('error', () => socket.destroy());
        socket.on('data', () => {});
        socket.on('end', () => socket.end());
        socket.on('close', () => {
          clearInterval(timer);
          resolve();
        });
      });
      outgoing.end();
    });
    await pause(1_000);
  }
}

async function session(index: number): Promise<void> {
  while (going) {
    await lineSession({ host: '127.0.0.1', port: dbPort, ...clientAddress(index) }, 30 + index * 5, 500);
    await pause(500);
  }
}

let next = 0;
for (const [count, life] of [
  [40, shopper],
  [10, caller],
  [8, payer],
  [24, fan],
  [9, listener],
  [2, oldTimer],
  [4, slowReader],
  [6, tunnel],
  [6, session],
] as const) {
  for (let one = 0; one < count; one += 1) {
    next += 1;
    void life(next);
  }
}
tellParent({ clients: next });

leaveWithParent(() => {
  going = false;
  process.exit(0);
});
