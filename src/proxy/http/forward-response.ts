// What a client is sent of a server's answer: the head as it came, without what ends at this hop, in HTTP/1.1, with
// what our own connection to the client needs. Pure: text and offsets in, text out.

import { applyEdits, cutEdits, type Edit, linesNamed } from './edits.ts';
import { type ResponseHead, strictTransportSecurity } from './response-head.ts';

export interface Answering {
  /** The connection ends after this answer. */
  readonly close: boolean;
  /** A 1.0 client that asked for it must be told that the connection stays. */
  readonly sayKeepAlive: boolean;
  /** Content-Length and Transfer-Encoding go: the body is sent another way, or there can be none. */
  readonly dropFraming: boolean;
  /** Set-Cookie and its company, or "". */
  readonly added: string;
  /** Strict-Transport-Security of the route, instead of the server's own; or "". */
  readonly hsts: string;
  /** Protocol switched to (101), or "". */
  readonly upgrade: string;
}

/** The whole head, empty line included; `text` starts with the answer. */
export function forwardResponse(text: string, head: ResponseHead, answering: Answering): string {
  const { close, upgrade, dropFraming } = answering;
  let tail = answering.added + answering.hsts;
  if (upgrade !== '') tail += `Connection: upgrade\r\nUpgrade: ${upgrade}\r\n`;
  else if (close) tail += 'Connection: close\r\n';
  else if (answering.sayKeepAlive && head.keepAliveLine === -1) tail += 'Connection: keep-alive\r\n';
  const keepsLine = head.keepAliveLine === -1 || (!close && upgrade === '');
  const sameVersion = text.charCodeAt(7) === 49;
  const dropHsts = head.hsts && answering.hsts !== '';
  if (head.cuts.length === 0 && keepsLine && sameVersion && !dropFraming && !dropHsts)
    return tail === '' ? text.slice(0, head.end) : `${text.slice(0, head.end - 2)}${tail}\r\n`;
  const edits = editsOf(text, head, dropFraming, dropHsts);
  if (!keepsLine) edits.push({ from: head.keepAliveLine, to: head.keepAliveNext, text: '' });
  const line = sameVersion ? text.slice(0, head.lineEnd) : `HTTP/1.1${text.slice(8, head.lineEnd)}`;
  return `${line}${applyEdits(text, head.lineEnd, head.end - 2, edits)}${tail}\r\n`;
}

/** What announces a body: goes where the body is sent another way, stays whatever a server lists in Connection. */
const framing: readonly string[] = ['content-length', 'transfer-encoding'];

function editsOf(text: string, head: ResponseHead, dropFraming: boolean, dropHsts: boolean): Edit[] {
  const edits = cutEdits(head.cuts);
  const names = head.listed?.filter((name) => !framing.includes(name) && name !== 'connection') ?? [];
  if (dropFraming) names.push(...framing);
  if (dropHsts) names.push(strictTransportSecurity);
  if (names.length === 0) return edits;
  for (const edit of cutEdits(linesNamed(text, head.lineEnd, head.end, names)))
    if (!edits.some(({ from }) => from === edit.from)) edits.push(edit);
  return edits;
}
