import { connect } from 'node:tls';
import { expect, it } from 'vitest';
import { type MadeCertificate, makeCertificate } from '../../../src/cli/demo/make-certificate.ts';
import type { DataPlane } from '../../../src/proxy/data-plane.ts';
import { until } from '../sockets.ts';
import { TestFiles, testAuthority, tlsBind, tlsPlane } from './tls-plane.ts';

/** After so many turns of the event loop. */
function later(turns: number, act: () => void): void {
  if (turns === 0) act();
  else setImmediate(() => later(turns - 1, act));
}

/** A client of its own kind for each index: it leaves early, or late, or an operator ends it, in any part of the handshake. */
function client(
  index: number,
  port: number,
  plane: DataPlane,
  shown: MadeCertificate | undefined,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  const maxVersion = index % 2 === 0 ? 'TLSv1.2' : 'TLSv1.3';
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, maxVersion, ...shown }, () => {
    if (index % 5 === 0) socket.end();
    else if (index % 5 === 1) socket.destroy();
    else socket.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  });
  socket.on('error', () => {});
  socket.on('data', () => socket.end());
  socket.on('close', () => done.resolve());
  const every = (act: 'kill' | 'retire') => () => {
    for (const live of [...plane.connections]) {
      if (live.serial % 4 !== index % 4) continue;
      if (act === 'kill') plane.kill(live.serial);
      else live.retire();
    }
  };
  if (index % 7 === 0) later(index % 40, () => socket.destroy());
  if (index % 11 === 0) later(index % 30, every('kill'));
  if (index % 13 === 0) later(index % 30, every('retire'));
  return done.promise;
}

it.each(['Optional', 'Required'] as const)(
  'a storm of handshakes, certificates %s, ends each one once',
  async (clientCertificatePolicy) => {
    const files = new TestFiles();
    const certificate = await files.certificate('a', { names: ['a.test'] });
    const clientCA = files.put('/ca.pem', (await testAuthority()).cert);
    const leaf = { names: ['anna'], client: true };
    const shown = [
      await makeCertificate(leaf, await testAuthority()),
      await makeCertificate(leaf),
      undefined,
    ];
    const tls = { minVersion: 'TLSv1.2', clientTLS: { clientCertificatePolicy, clientCA } } as const;
    const { frontPort, plane, bind, ended } = await tlsPlane(
      { certificates: [certificate], binds: [tlsBind({ tls })] },
      files.material(),
    );
    let begun = 0;
    const worker = async () => {
      while (begun < 400) {
        begun += 1;
        await client(begun, frontPort, plane, shown[begun % 3]);
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    await until(() => bind.traffic.connections === 0 && bind.traffic.tlsConnections === 0);
    expect(plane.openConnections).toBe(0);
    const failed = ended.filter(({ mode }) => mode === 'tcp');
    expect(failed.length).toBe(bind.traffic.handshakeFailures);
    expect(new Set(failed.map(({ serial }) => serial)).size).toBe(failed.length);
    expect(failed.every(({ cause }) => cause !== undefined)).toBe(true);
  },
);
