// Process: the lab's clients, in a network namespace of their own: shoppers and callers with keep-alive, database sessions
// through the kernel and through a relay, and one scanner that somebody should block.
import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { ask } from '../asking.ts';
import { leaveWithParent, tellParent } from '../child.ts';
import { removeWhenAlone } from '../janitor.ts';
import { lineSession } from '../line-session.ts';
import { insideClients, ip } from './lab-network.ts';
import { clientAddress, proxyAddress, scannerAddress } from './lab-plan.ts';

let going = true;
const web = { host: proxyAddress, port: 80 };

async function visitor(index: number, host: string, pauseMs: number): Promise<void> {
  const localAddress = clientAddress(index);
  while (going) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress });
    const visits = 20 + Math.floor(Math.random() * 40);
    for (let visit = 0; visit < visits && going; visit += 1) {
      const path = visit % 7 === 0 ? '/catalogue' : `/item/${visit}`;
      await ask({ to: { agent, ...web }, host, path });
      await pause(Math.random() * pauseMs);
    }
    agent.destroy();
  }
}

async function session(index: number, port: number): Promise<void> {
  const localAddress = clientAddress(index);
  while (going) {
    await lineSession({ host: proxyAddress, port, localAddress }, 20 + index, 300);
    await pause(500);
  }
}

async function scanner(): Promise<void> {
  while (going) {
    const agent = new Agent({ localAddress: scannerAddress });
    // One that is blocked hears nothing: it tries anew soon, as scanners do.
    await Promise.race([
      ask({ to: { agent, ...web }, host: 'shop.example.com', path: '/missing/admin.php' }),
      pause(1_000),
    ]);
    agent.destroy();
    await pause(100);
  }
}

process.once('message', async () => {
  await ip(insideClients());
  tellParent({ linked: true });
  process.once('message', () => {
    for (let index = 0; index < 30; index += 1) void visitor(index, 'shop.example.com', 400);
    for (let index = 30; index < 40; index += 1) void visitor(index, 'api.example.com', 300);
    for (let index = 40; index < 52; index += 1) void session(index, 5432);
    for (let index = 52; index < 56; index += 1) void session(index, 5433);
    void scanner();
    tellParent({ going: true });
  });
});
leaveWithParent(() => {
  going = false;
  // The janitor, too, should the demo have been killed.
  void removeWhenAlone(process.argv[2]).finally(() => process.exit(0));
});
tellParent({ born: true });
