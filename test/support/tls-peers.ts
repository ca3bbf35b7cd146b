// Servers that speak TLS, rightly and wrongly, for tests; and the certificates they show.

import { type AddressInfo, createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import {
  type Authority,
  type LeafOptions,
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
} from '../../src/cli/demo/make-certificate.ts';
import type { TlsFile } from '../../src/domain/tls.ts';

let made: Promise<Authority> | undefined;

/** One for a whole test file. */
export function authority(): Promise<Authority> {
  made ??= makeAuthority('Test Authority');
  return made;
}

const leaves = new Map<string, Promise<MadeCertificate>>();

/** Signed by `authority()`; made once for equal options. */
export async function leaf(options: LeafOptions): Promise<MadeCertificate> {
  const key = JSON.stringify(options);
  const known = leaves.get(key) ?? makeCertificate(options, await authority());
  leaves.set(key, known);
  return known;
}

export function fileOf(path: string, content: string): TlsFile {
  return { path, content: Buffer.from(content).toString('base64') };
}

/** Gone with the test. Answers its port. */
export async function tlsServer(
  options: TlsOptions,
  onConnection: (socket: TLSSocket) => void,
): Promise<number> {
  const server = createServer(options, (socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.on('tlsClientError', () => {});
  return listening(server);
}

export async function plainServer(onConnection: (socket: Socket) => void): Promise<number> {
  return listening(
    createPlainServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      onConnection(socket);
    }),
  );
}

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Answers every request head that comes. */
export function answering(text: string): (socket: Socket) => void {
  return (socket) => {
    let heard = '';
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1');
      for (let end = heard.indexOf('\r\n\r\n'); end >= 0; end = heard.indexOf('\r\n\r\n')) {
        heard = heard.slice(end + 4);
        socket.write(text, 'latin1');
      }
    });
  };
}

export const day = 86_400_000;
