// Who may come in over HTTP at all, before a WebSocket exists: exact Origin and Host lists against web pages
// of other sites and rebound DNS names.

import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

export interface DoorRules {
  readonly unix: boolean;
  /** As listened on; a wildcard takes any address literal. */
  readonly host: string;
  readonly origins: readonly string[];
  readonly certificate?: X509Certificate;
}

export const controlPath = '/control';

/** Undefined where the upgrade may go on; else the status to answer with, and why. */
export function doorFault(
  request: Pick<IncomingMessage, 'headers' | 'url' | 'method'>,
  rules: DoorRules,
): { readonly status: number; readonly text: string } | undefined {
  const { origin, host } = request.headers;
  if (request.url !== controlPath && request.url !== '/') return { status: 404, text: 'no such path' };
  if (origin !== undefined && !rules.origins.includes(origin))
    return { status: 403, text: 'this Origin is not allowed' };
  if (!rules.unix && !hostAllowed(host, rules)) return { status: 421, text: 'this Host is not served here' };
  return undefined;
}

function hostAllowed(header: string | undefined, { host, origins, certificate }: DoorRules): boolean {
  if (header === undefined) return false;
  const name = header
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  const loopback = isLoopback(host);
  if (name === host) return true;
  if (loopback && (name === 'localhost' || isLoopback(name))) return true;
  // A rebound name is a name: an address literal in Host cannot come from one.
  if ((host === '0.0.0.0' || host === '::') && (isIP(name) !== 0 || name === 'localhost')) return true;
  if (certificate?.checkHost(name) !== undefined) return true;
  return origins.some((origin) => URL.canParse(origin) && new URL(origin).hostname === name);
}

export function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
