// A question of a trace, read: what a client would connect to, say, and ask for.

import { parseIp } from './ip.ts';
import { safe } from './safe.ts';
import type { TraceQuestion } from './trace.ts';

export interface Asked {
  readonly scheme: 'https' | 'http' | 'tcp';
  /** As routes know it: lower case, without port and without the root's dot; IPv6 in brackets. */
  readonly host: string;
  readonly port: number;
  /** The scheme's own where none is written: then a bind elsewhere may be meant. */
  readonly portIsWritten: boolean;
  /** Path and query. */
  readonly target: string;
  /** What the ClientHello names; undefined: nothing. */
  readonly sni: string | undefined;
  readonly from: string | undefined;
  readonly cookie: string | undefined;
}

const defaultPorts: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 };
const serverName = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;

export function readQuestion(question: TraceQuestion): Asked | { readonly fault: string } {
  const { url: text, from, sni, cookie } = question;
  if (!/^(?:https?|tcp):\/\//i.test(text))
    return { fault: `a URL begins with https://, http:// or tcp://, not ${quoted(text)}` };
  if (!URL.canParse(text)) return { fault: `${quoted(text)} is not a URL` };
  const url = new URL(text);
  const port = url.port === '' ? defaultPorts[url.protocol] : Number(url.port);
  if (port === undefined || port === 0) return { fault: `${quoted(text)} names no port to connect to` };
  if (url.hostname === '') return { fault: `${quoted(text)} names no host` };
  if (from !== undefined && parseIp(from) === undefined)
    return { fault: `${quoted(from)} is not an IP address` };
  const host = hostName(url.hostname);
  const scheme = url.protocol.slice(0, -1) as Asked['scheme'];
  if (sni !== undefined && scheme !== 'https')
    return { fault: 'a server name (SNI) is sent over TLS alone: ask for an https:// URL' };
  const name = sni === undefined ? host : hostName(sni);
  if (sni !== undefined && (name.length > 253 || !serverName.test(name)))
    return { fault: `${quoted(sni)} is not a server name: such as shop.example.com` };
  if (cookie !== undefined && !/^[^=;\s]+=/.test(cookie.trim()))
    return { fault: `${quoted(cookie)} is not a cookie: write NAME=VALUE` };
  return {
    scheme,
    host,
    port,
    portIsWritten: url.port !== '',
    target: `${url.pathname || '/'}${url.search}`,
    // An address is no server name (RFC 6066 3): clients send none.
    sni: scheme === 'https' && !isAddress(name) ? name : undefined,
    from,
    cookie,
  };
}

/** Of "SRV=app1; other=2" the value of the first cookie of that name, as persistence reads it. */
export function cookieValue(cookies: string, name: string): string | undefined {
  for (const pair of cookies.split(';')) {
    const equals = pair.indexOf('=');
    if (equals >= 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

export function isAddress(host: string): boolean {
  return parseIp(bare(host)) !== undefined;
}

/** Without the brackets of an IPv6 address. */
export function bare(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

function hostName(text: string): string {
  const lower = text.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

function quoted(text: string): string {
  return `"${safe(text, 100)}"`;
}
