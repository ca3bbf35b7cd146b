// What a server is sent for a request: the client's head as it came, without what ends at this hop, with the
// forwarded headers, in HTTP/1.1. Pure: text and offsets in, text out.

import type { Bind } from '../../domain/plan.ts';
import { applyEdits, cutEdits, type Edit, linesNamed } from './edits.ts';
import type { RequestHead } from './request-head.ts';

/** Who came, and how: what X-Forwarded-* tell. */
export interface Arrival {
  /** The client's address without port; undefined on a unix socket. */
  readonly address: string | undefined;
  readonly proto: 'http' | 'https';
  readonly port: number | undefined;
}

export type ForwardedHeaders = Bind['forwardedHeaders'];

/** In the order of RequestHead.forwarded's kinds. */
const names = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port'] as const;
/** The kind after those: Forwarded (RFC 7239), which says it all in one line. We add none. */
const standardForwarded = 4;

/** The lines added where a request brings none of them, without the empty line that ends the head. */
export function forwardedLines(arrival: Arrival, host: string | undefined): string {
  let lines = '';
  if (arrival.address !== undefined) lines += `X-Forwarded-For: ${arrival.address}\r\n`;
  lines += `X-Forwarded-Proto: ${arrival.proto}\r\n`;
  if (host !== undefined) lines += `X-Forwarded-Host: ${host}\r\n`;
  if (arrival.port !== undefined) lines += `X-Forwarded-Port: ${arrival.port}\r\n`;
  return lines;
}

export interface Forwarding {
  readonly forwarded: ForwardedHeaders;
  readonly arrival: Arrival;
  /** forwardedLines() of this client and host, where they are wanted, and `identity`. */
  readonly added: string;
  /** What is told of the client's certificate: lines, or "". */
  readonly identity: string;
  /** Edits that take the persistence cookie out. */
  readonly cookieEdits: Edit[] | undefined;
  /** Whom to name where a 1.0 request has no Host: 1.1 requires one. */
  readonly defaultHost: string;
  /** The client's Upgrade goes on. */
  readonly upgrade: boolean;
}

/** The whole head, empty line included. `text` starts with the request. */
export function forwardRequest(text: string, head: RequestHead, forwarding: Forwarding): string {
  const end = head.end - 2;
  if (
    !head.rewriteLine &&
    head.cuts.length === 0 &&
    (head.forwarded.length === 0 || forwarding.forwarded === 'never') &&
    forwarding.cookieEdits === undefined
  )
    return forwarding.added === '' ? text.slice(0, head.end) : `${text.slice(0, end)}${forwarding.added}\r\n`;

  const edits = cutEdits(head.cuts);
  if (head.listed !== undefined) edits.push(...listedEdits(text, head));
  let tail = '';
  if (head.authority !== '' && head.hostLine >= 0)
    edits.push({ from: head.hostLine, to: head.hostNext, text: `Host: ${head.authority}\r\n` });
  else if (head.host === undefined)
    tail += `Host: ${head.authority === '' ? forwarding.defaultHost : head.authority}\r\n`;
  if (forwarding.upgrade) tail += `Connection: upgrade\r\nUpgrade: ${head.upgrade}\r\n`;
  tail += forwardedTail(text, head, forwarding, edits);
  if (forwarding.cookieEdits !== undefined) edits.push(...forwarding.cookieEdits);
  const line = head.rewriteLine
    ? `${head.method} ${head.originTarget === '' ? head.target : head.originTarget} HTTP/1.1\r\n`
    : text.slice(0, head.lineEnd);
  return `${line}${applyEdits(text, head.lineEnd, end, withoutOverlaps(edits))}${tail}\r\n`;
}

function listedEdits(text: string, head: RequestHead): Edit[] {
  return cutEdits(linesNamed(text, head.lineEnd, head.end, head.listed!));
}

/** A line may be taken out for two reasons; the edit that begins first, and of those the one that takes more, counts. */
function withoutOverlaps(edits: Edit[]): Edit[] {
  edits.sort((a, b) => a.from - b.from || b.to - a.to);
  let reached = 0;
  return edits.filter(({ from, to }) => {
    if (from < reached) return false;
    reached = to;
    return true;
  });
}

/**
 * `append` trusts what the client says of the way before us and adds ourselves to it; `replace` knows only what it
 * saw itself. Both leave exactly one line of each name, and `replace` no Forwarded, which servers believe as much.
 */
function forwardedTail(text: string, head: RequestHead, forwarding: Forwarding, edits: Edit[]): string {
  if (forwarding.forwarded === 'never' || head.forwarded.length === 0) return forwarding.added;
  const said: (string | undefined)[] = [undefined, undefined, undefined, undefined];
  for (let i = 0; i < head.forwarded.length; i += 5) {
    const kind = head.forwarded[i]!;
    if (kind === standardForwarded && forwarding.forwarded === 'append') continue;
    const value = text.slice(head.forwarded[i + 2]!, head.forwarded[i + 3]!);
    edits.push({ from: head.forwarded[i + 1]!, to: head.forwarded[i + 4]!, text: '' });
    if (value === '' || forwarding.forwarded === 'replace') continue;
    said[kind] = said[kind] === undefined ? value : `${said[kind]}, ${value}`;
  }
  const { address, proto, port } = forwarding.arrival;
  const host = head.authority === '' ? head.host : head.authority;
  const way = [said[0], address].filter((part) => part !== undefined).join(', ');
  const values = [way === '' ? undefined : way, said[1] ?? proto, said[2] ?? host, said[3] ?? port];
  const lines = values.map((value, i) => (value === undefined ? '' : `${names[i]}: ${value}\r\n`)).join('');
  return lines + forwarding.identity;
}
