// Addresses as operators write them → Address. Names are not resolved: what a name means may change between two
// lookups, and a plan must not; so only IP addresses and "localhost" (127.0.0.1) are taken.

import { normalize } from 'node:path';
import { isLoopback, parseIp } from '../domain/ip.ts';
import type { Address } from '../domain/plan.ts';
import { type Parsed, quote } from './values.ts';

const servers = 'write IP:PORT, [IPv6]:PORT or unix:/PATH';
const listens = 'write :PORT, IP:PORT, [IPv6]:PORT or unix:/PATH';

/** ":80" and "*:80" listen on every address, IPv6 and IPv4. Port 0 takes any free one. */
export function parseListen(text: string): Parsed<Address> {
  const everywhere = /^\*?:(\d+)$/.exec(text);
  if (everywhere) return withPort('::', everywhere[1]!, 0);
  if (/^\d+$/.test(text))
    return { ok: false, message: `${quote(text)} is a port alone`, remedy: `write ":${text}"` };
  return parseAddress(text, 0, listens);
}

export function parseServerAddress(text: string): Parsed<Address> {
  return parseAddress(text, 1, servers);
}

/** Can only this machine reach it? */
export function isLocal(address: Address): boolean {
  if (address.kind === 'unix') return true;
  const bytes = parseIp(address.host);
  return bytes !== undefined && isLoopback(bytes);
}

/** Do two listening addresses take the same connections? Then the second could not listen. */
export function overlaps(a: Address, b: Address): boolean {
  if (a.kind === 'unix' || b.kind === 'unix')
    return a.kind === 'unix' && b.kind === 'unix' && a.path === b.path;
  if (a.port !== b.port || a.port === 0) return false;
  if (a.host === '::' || b.host === '::' || a.host === b.host) return true;
  const [one, other] = [parseIp(a.host), parseIp(b.host)];
  if (one?.length !== other?.length) return false;
  return a.host === '0.0.0.0' || b.host === '0.0.0.0' || String(one) === String(other);
}

function parseAddress(text: string, leastPort: number, remedy: string): Parsed<Address> {
  if (text.startsWith('unix:')) return parseUnixPath(text.slice('unix:'.length));
  if (text.startsWith('/'))
    return { ok: false, message: `${quote(text)} is a path`, remedy: `write unix:${text}` };
  const bracketed = /^\[([^\]]*)\]:(\d+)$/.exec(text);
  if (bracketed) {
    const [, host = '', port = ''] = bracketed;
    if (!host.includes(':') || !parseIp(host))
      return { ok: false, message: `${quote(host)} is not an IPv6 address`, remedy };
    // The zone behind a % is an interface's name, whose case matters.
    return withPort(
      host.replace(/^[^%]*/, (address) => address.toLowerCase()),
      port,
      leastPort,
    );
  }
  const colons = text.split(':').length - 1;
  if (colons > 1 && parseIp(text))
    return { ok: false, message: `${quote(text)} has no port`, remedy: `write [${text}]:PORT` };
  const [, host = '', port = ''] = /^([^:[\]]+):(\d+)$/.exec(text) ?? [];
  if (port === '') {
    if (parseIp(text) || /^[\w.-]+$/.test(text))
      return { ok: false, message: `${quote(text)} has no port`, remedy: `write ${text}:PORT` };
    return { ok: false, message: `${quote(text)} is not an address`, remedy };
  }
  if (host === 'localhost') return withPort('127.0.0.1', port, leastPort);
  if (parseIp(host)) return withPort(host, port, leastPort);
  return /^[\d.]+$/.test(host)
    ? { ok: false, message: `${quote(host)} is not an IP address`, remedy }
    : {
        ok: false,
        message: `${quote(host)} is a name, and names are not resolved`,
        remedy: 'write its IP address',
      };
}

function withPort(host: string, port: string, least: number): Parsed<Address> {
  const number = Number(port);
  return number >= least && number <= 65_535
    ? { ok: true, value: { kind: 'ip', host, port: number } }
    : { ok: false, message: `${port} is not a port`, remedy: `a port is a number from ${least} to 65535` };
}

/** Linux holds 107 bytes of a socket's path. */
export function parseUnixPath(path: string): Parsed<Address> {
  if (path === '' || path.includes('\0'))
    return {
      ok: false,
      message: 'the path of the socket is missing',
      remedy: 'such as unix:/run/sluice/web.sock',
    };
  if (Buffer.byteLength(path) > 107)
    return {
      ok: false,
      message: 'the path of the socket is longer than 107 bytes',
      remedy: 'choose a shorter one',
    };
  return { ok: true, value: { kind: 'unix', path: normalize(path) } };
}
