// What a client is sent of a server's answer: the head as it came, without what ends at this hop, in HTTP/1.1, with
// what our own connection to the client needs. Pure: text and offsets in, text out.

import { applyEdits, cutEdits, type Edit, linesNamed } from './edits.ts';
import type { ResponseHead } from './response-head.ts';

export interface Answering {
  /** The connection ends after this answer. */
  readonly close: boolean;
  /** A 1.0 client that asked for it must be told that the connection stays. */
  readonly sayKeepAlive: boolean;
  /** Content-Length and Transfer-Encoding go: the body is sent another way, or there can be none. */
  readonly dropFraming: boolean;
  /** Set-Cookie and its company, or "". */
  readonly added: string;
  /** Protocol switched to (101), or "". */
  readonly upgrade: string;
}

/** The whole head, empty line included; `text` starts with the answer. */
export function forwardResponse(text: string, head: ResponseHead, answering: Answering): string {
  let tail = answering.added;
  if (answering.upgrade !== '') tail += `Connection: upgrade\r\nUpgrade: ${answering.upgrade}\r\n`;
  else if (answering.close) tail += 'Connection: close\r\n';
  else if (answering.sayKeepAlive) tail += 'Connection: keep-alive\r\n';
  const rewrite = text.charCodeAt(7) !== 49;
  if (head.cuts.length === 0 && !answering.dropFraming && !rewrite)
    return tail === '' ? text.slice(0, head.end) : `${text.slice(0, head.end - 2)}${tail}\r\n`;
  // One line taken out is the usual case (Connection: keep-alive), and worth its own way.
  if (head.cuts.length === 2 && head.listed === undefined && !answering.dropFraming && !rewrite)
    return `${text.slice(0, head.cuts[0])}${text.slice(head.cuts[1], head.end - 2)}${tail}\r\n`;
  const line = rewrite ? `HTTP/1.1${text.slice(8, head.lineEnd)}` : text.slice(0, head.lineEnd);
  return `${line}${applyEdits(text, head.lineEnd, head.end - 2, editsOf(text, head, answering.dropFraming))}${tail}\r\n`;
}

/** Names that a server cannot have removed by listing them: the message is delimited by them. */
const kept: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

function editsOf(text: string, head: ResponseHead, dropFraming: boolean): Edit[] {
  const edits = cutEdits(head.cuts);
  const drop = (cuts: readonly number[]) => {
    for (const edit of cutEdits(cuts)) if (!edits.some(({ from }) => from === edit.from)) edits.push(edit);
  };
  if (dropFraming) drop(head.framing);
  const names = head.listed?.filter((name) => !kept.has(name));
  if (names !== undefined && names.length > 0) drop(linesNamed(text, head.lineEnd, head.end, names));
  return edits;
}
