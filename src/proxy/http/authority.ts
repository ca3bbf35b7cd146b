// "host", "host:port", "[2001:db8::1]:port": what Host and an absolute target may hold (RFC 9110 7.2, RFC 3986 3.2.2).

import { COLON, hexValue, hostOctet } from './octets.ts';

/** End of the host part (without port), or -1 where [start, end) names no host that a server could be asked for. */
export function hostEnd(text: string, start: number, end: number): number {
  if (start === end) return -1;
  const stop = text.charCodeAt(start) === 91 ? literalEnd(text, start, end) : nameEnd(text, start, end);
  if (stop <= start) return -1;
  if (stop === end) return stop;
  return text.charCodeAt(stop) === COLON && isPort(text, stop + 1, end) ? stop : -1;
}

/** How routes know a host: lower case, and the root's dot, which changes nothing, left off. */
export function routeHost(hostName: string): string {
  const lower = hostName.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

function nameEnd(text: string, start: number, end: number): number {
  let i = start;
  while (i < end && hostOctet[text.charCodeAt(i)] === 1) {
    if (text.charCodeAt(i) === 37) {
      if (i + 2 >= end || hexValue[text.charCodeAt(i + 1)]! < 0 || hexValue[text.charCodeAt(i + 2)]! < 0)
        return -1;
      i += 2;
    }
    i += 1;
  }
  return i;
}

/** Hexadecimal digits, colons and dots between brackets: what it means is the server's to say, that it ends is ours. */
function literalEnd(text: string, start: number, end: number): number {
  let colons = 0;
  for (let i = start + 1; i < end; i += 1) {
    const octet = text.charCodeAt(i);
    if (octet === 93) return colons >= 2 ? i + 1 : -1;
    if (octet === COLON) colons += 1;
    else if (octet !== 46 && hexValue[octet]! < 0) return -1;
  }
  return -1;
}

/** Empty is legal ("example.com:"), and means the scheme's own. */
function isPort(text: string, start: number, end: number): boolean {
  if (end - start > 5) return false;
  let port = 0;
  for (let i = start; i < end; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= 65_535;
}
