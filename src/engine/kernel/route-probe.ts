// Has this machine a route to an address? The kernel looks for one before nftables translates the address, so a service that
// is on no network of this machine's cannot be connected to, whatever the rules say. Nothing is sent.

import { createSocket } from 'node:dgram';

export type RouteProbe = (host: string) => Promise<boolean>;

export const routeProbe: RouteProbe = (host) =>
  new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const end = (found: boolean): void => {
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(found);
    };
    // Whatever else went wrong says nothing about routes.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(!noRoute.has(code ?? '')));
    socket.once('connect', () => end(true));
    // The discard port: a datagram socket that is connected has only looked for its route.
    socket.connect(9, host);
  });

const noRoute = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL']);
