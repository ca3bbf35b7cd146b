// Process: clients that make a TLS connection for each request, all full handshakes or all resumed ones. Prints its
// result as one JSON document.
import { connect, type TLSSocket } from 'node:tls';
import type { HandshakeLoad, LoadResult } from './load.ts';

const { port, path, seconds, connections, version, resumed } = JSON.parse(process.argv[2] ?? '{}') as Omit<
  HandshakeLoad,
  'under'
>;
const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
const times: number[] = [];
let failed = 0;

/** Resolves with the newest session of the connection, for the next one. */
function one(session: Buffer | undefined): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const begun = performance.now();
    let given = session;
    let answered = false;
    const socket: TLSSocket = connect({
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      // It is the proxy that is measured, not what a client does to trust it.
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
      ALPNProtocols: ['http/1.1'],
      ...(resumed && session !== undefined ? { session } : {}),
    });
    const end = () => {
      // The first one of a resumed series cannot be resumed itself.
      if (!answered || (session !== undefined && socket.isSessionReused() !== resumed)) failed += 1;
      else times.push((performance.now() - begun) * 1_000);
      socket.destroy();
      resolve(resumed ? given : undefined);
    };
    socket.setNoDelay(true);
    socket.on('session', (next) => {
      given = next;
    });
    socket.on('secureConnect', () => socket.write(request, 'latin1'));
    socket.on('data', (chunk: Buffer) => {
      if (!answered) answered = chunk.toString('latin1', 0, 12) === 'HTTP/1.1 200';
    });
    socket.once('end', end);
    socket.once('error', end);
  });
}

async function series(until: number): Promise<void> {
  let session: Buffer | undefined;
  while (performance.now() < until) session = await one(session);
}

const begun = performance.now();
await Promise.all(Array.from({ length: connections }, () => series(begun + seconds * 1_000)));
const took = (performance.now() - begun) / 1_000;
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
console.log(
  JSON.stringify({
    requests: times.length,
    perSecond: times.length / took,
    p50Us: at(0.5),
    p99Us: at(0.99),
    failed,
  } satisfies LoadResult),
);
