// Addresses as screens, logs and errors write them: "10.0.0.1:80", "[2001:db8::7]:80", "unix:/run/x.sock".

import type { Address } from './plan.ts';

export function addressText(address: Address): string {
  return address.kind === 'unix' ? `unix:${address.path}` : hostPort(address.host, address.port);
}

export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** IPv4 that came in on an IPv6 socket is shown, hashed and logged as the IPv4 it is. */
export function plainHost(host: string): string {
  return host.startsWith('::ffff:') && host.includes('.') ? host.slice(7) : host;
}
