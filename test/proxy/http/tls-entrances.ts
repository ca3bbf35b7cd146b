// TLS ended in front of HTTP sessions, for tests of what they do over it: one certificate, no SNI routes, and modes as
// the test says. And clients that speak TLS, also through a wire that is listened to.

import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Socket,
} from 'node:net';
import { type ConnectionOptions, connect, createServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import { makeAuthority, makeCertificate } from '../../../src/cli/demo/make-certificate.ts';
import type { Termination } from '../../../src/domain/tls.ts';
import type { ClientCertificate, Serve, ServeHttp, TlsEntrance } from '../../../src/proxy/plane.ts';
import { carryOver } from '../../../src/proxy/reset-socket.ts';
import { type Client, clientOn } from './http-plane.ts';

export const authority = await makeAuthority('Test');
const leaf = await makeCertificate({ names: ['shop.example', 'other.example', 'pay.example'] }, authority);

export interface Entrances {
  /** The modes of each handshake; default: those in force then. */
  readonly terminations?: ReadonlyMap<string, Termination>;
  readonly clientCertificate?: ClientCertificate;
}

export function tlsEntrances(options: Entrances = {}): (serveHttp: ServeHttp) => Serve {
  return (serveHttp) => (socket, bind, plane) => {
    const end = () => socket.destroy();
    const live = plane.begin(socket, bind, end, end);
    const entrance: TlsEntrance = {
      live,
      terminations: options.terminations ?? plane.terminations,
      ...(options.clientCertificate === undefined ? {} : { clientCertificate: options.clientCertificate }),
    };
    const server = createServer({ cert: leaf.cert, key: leaf.key });
    const failed = () => plane.end(live, bind);
    socket.once('close', failed);
    server.once('secureConnection', (secure) => {
      socket.off('close', failed);
      carryOver(secure, socket);
      serveHttp(secure, bind, plane, entrance);
    });
    server.emit('connection', socket);
  };
}

/** Gone with the test. */
export function openTlsClient(port: number, options: ConnectionOptions = {}): Promise<Client> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'shop.example',
    ca: authority.cert,
    allowHalfOpen: true,
    ...options,
  } as ConnectionOptions);
  return clientOn(socket, 'secureConnect');
}

export async function askTls(port: number, text: string): Promise<Client> {
  const client = await openTlsClient(port);
  client.write(text);
  return client.untilEnded();
}

export interface Tap {
  readonly port: number;
  /** Content types of the TLS records that were sent to the client: 21 is an alert. */
  readonly records: number[];
  /** Towards the server: to put something of one's own on the wire. */
  readonly far: Socket;
  /** How the server's side of the wire ended. */
  readonly ended: 'end' | 'reset' | undefined;
}

/** A wire to `port` that notes what goes by. For one connection. Gone with the test. */
export async function tap(port: number): Promise<Tap> {
  const records: number[] = [];
  const far = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
  let ended: 'end' | 'reset' | undefined;
  let waiting = Buffer.alloc(0);
  far.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 5 && waiting.length >= 5 + waiting.readUInt16BE(3)) {
      records.push(waiting[0]!);
      waiting = waiting.subarray(5 + waiting.readUInt16BE(3));
    }
  });
  far.on('end', () => {
    ended ??= 'end';
  });
  far.on('error', () => {
    ended ??= 'reset';
  });
  const server = createTcpServer({ allowHalfOpen: true }, (near) => {
    near.on('error', () => {});
    near.pipe(far);
    far.pipe(near);
    far.on('error', () => near.resetAndDestroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    far.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    records,
    far,
    get ended() {
      return ended;
    },
  };
}
