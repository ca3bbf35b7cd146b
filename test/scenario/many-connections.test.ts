// Ten thousand client connections held at once, each of which is still served. Fewer only where the machine allows fewer
// open files, and then the test says so.
import { execFileSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../support/processes.ts';
import { type Stage, setStage } from './two-backends.ts';

const openFiles = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()) || 1_048_576;
// Each side of this test holds one file for a connection, and some dozens besides.
const wanted = Math.min(10_000, openFiles - 500);

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage?.close());

it(`holds ${wanted} connections and serves each of them${wanted < 10_000 ? ` (ulimit -n is ${openFiles})` : ''}`, async () => {
  const sockets: Socket[] = [];
  try {
    for (let done = 0; done < wanted; done += 250) {
      const batch = Array.from({ length: Math.min(250, wanted - done) }, (_, index) => open(done + index));
      sockets.push(...(await Promise.all(batch)));
    }
    for (let done = 0; done < wanted; done += 250) {
      await Promise.all(sockets.slice(done, done + 250).map(ask));
    }
    const seen = await until('all are in the table', async () => {
      const shown = (await stage.sluice.json('show', 'connections', '--limit', '5')) as {
        total: number;
        connections: unknown[];
      };
      return shown.total >= wanted ? shown : undefined;
    });
    expect(seen.connections).toHaveLength(5);
    // Held: after all of that each answers once more.
    for (let done = 0; done < wanted; done += 250) {
      await Promise.all(sockets.slice(done, done + 250).map(ask));
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

function open(index: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Several client addresses, so that ephemeral ports never run out.
    const socket = connect({
      port: stage.port,
      host: '127.0.0.1',
      ...(process.platform === 'linux' ? { localAddress: `127.9.0.${1 + (index % 20)}` } : {}),
    });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function ask(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const settle = (problem?: string) => {
      socket.off('data', heard).off('close', closed);
      if (problem === undefined) resolve();
      else reject(new Error(problem));
    };
    const heard = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      if (head < 0 || text.length < head + 4 + 8) return;
      settle(text.startsWith('HTTP/1.1 200') ? undefined : text.slice(0, 80));
    };
    const closed = () => settle('closed');
    socket.on('data', heard).once('close', closed);
    socket.write('GET /held?size=8 HTTP/1.1\r\nHost: web.example.com\r\n\r\n');
  });
}
