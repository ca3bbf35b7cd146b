// Everything at once: clients and servers that end in every way, while plans, wishes and kills come in between.

import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Plan } from '../../src/domain/plan.ts';
import { seededRandom } from '../domain/balance/candidates.ts';
import { backendOf, bindOf, loopback, planOf, serverOf } from './plan-parts.ts';
import { listening, until } from './sockets.ts';
import { testPlane } from './test-plane.ts';

describe('a TCP bind in a storm', () => {
  it.each([1, 2, 3])('loses no count, no place and no byte of an honest client (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const chance = (share: number) => random() < share;
    const between = (low: number, high: number) => low + Math.floor(random() * (high - low));

    /** Echoes; some connections reset, end early, or do not read for a while. */
    const origin = () =>
      listening((socket) => {
        const fate = random();
        if (fate < 0.1) socket.resetAndDestroy();
        else if (fate < 0.2) socket.end('short');
        else socket.pipe(socket);
      });
    const ports = [(await origin()).port, (await origin()).port, (await origin()).port];
    const plan = (hash: string, count: number): Plan => {
      const servers = ports
        .slice(0, count)
        .map((port, index) =>
          serverOf(`s${index}`, { address: loopback(port), maxConnections: 5, weight: 1 + index }),
        );
      const algorithm = (['roundrobin', 'leastconn', 'random'] as const)[count - 1]!;
      const db = backendOf('db', servers, {
        algorithm,
        timeouts: { connect: 500, server: 500, queue: 2_000, tunnel: 2_000 },
      });
      return planOf(hash, [bindOf('front', { backend: 'db' })], [db]);
    };
    const set = await testPlane(plan('0', 3));
    const { plane } = set;
    const port = set.port('front');

    const total = 150;
    let over = 0;
    let begun = 0;
    let wrong = 0;
    const sockets = new Set<Socket>();
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    const client = () => {
      const sent = Buffer.alloc(between(1, 60_000), String(begun));
      begun += 1;
      let received = 0;
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      sockets.add(socket);
      socket.on('data', (bytes: Buffer) => {
        if (bytes[0] !== sent[received] && bytes[0] !== 's'.charCodeAt(0)) wrong += 1;
        received += bytes.length;
        if (chance(0.05)) socket.resetAndDestroy();
      });
      socket.on('end', () => {
        // A regular end is the whole echo, or what the server itself ended with.
        if (received !== sent.length && received !== 'short'.length) wrong += 1;
        socket.end();
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        over += 1;
        sockets.delete(socket);
      });
      if (chance(0.1)) socket.once('connect', () => socket.resetAndDestroy());
      else socket.end(sent);
    };
    let turn = 0;
    await until(() => {
      turn += 1;
      while (begun < total && sockets.size < 30) client();
      if (turn % 20 === 0) void plane.apply(plan(String(turn), between(1, 4)), []);
      if (turn % 7 === 0) {
        const admin = (['ready', 'drain', 'maint'] as const)[between(0, 3)]!;
        plane.setServers([
          { server: `db/s${between(0, 3)}`, admin, operational: 'up', weight: between(0, 3) },
        ]);
        plane.setServers([{ server: 'db/s0', admin: 'ready', operational: 'up', weight: 1 }]);
      }
      if (turn % 11 === 0) plane.killOnServer('db/s0', 1);
      plane.sample(turn % 2 === 0);
      return over === total;
    });
    await until(() => plane.openConnections === 0);
    const backend = plane.backend('db')!;
    expect(wrong).toBe(0);
    expect([backend.streams, backend.queue.length, backend.leaving.size]).toEqual([0, 0, 0]);
    for (const { streams, tunnels, queue } of backend.servers)
      expect([streams, tunnels, queue.length]).toEqual([0, 0, 0]);
    expect([plane.connections.size, set.log.length]).toEqual([0, plane.sample(true).binds[0]!.total]);
  });
});
