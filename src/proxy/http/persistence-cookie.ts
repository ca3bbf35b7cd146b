// The cookie that keeps a client on its server, as HAProxy's `cookie NAME insert indirect nocache`: its value is the
// server's name, it never reaches a server, and an answer that sets it may not be stored by a shared cache.

import type { Edit } from './edits.ts';

export interface FoundCookie {
  /** Undefined where the request has no such cookie. */
  readonly value: string | undefined;
  /** What takes every cookie of that name out of the request. */
  readonly edits: Edit[];
}

/** `lines`: RequestHead.cookies. Of several cookies of that name the first counts; all are taken out. */
export function findCookie(text: string, lines: readonly number[], name: string): FoundCookie {
  let value: string | undefined;
  const edits: Edit[] = [];
  for (let i = 0; i < lines.length; i += 4) {
    const line = lines[i]!;
    const start = lines[i + 1]!;
    const end = lines[i + 2]!;
    const next = lines[i + 3]!;
    const pairs = text.slice(start, end).split(';');
    const kept = pairs.filter((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0 || pair.slice(0, equals).trim() !== name) return true;
      value ??= pair.slice(equals + 1).trim();
      return false;
    });
    if (kept.length === pairs.length) continue;
    const rest = kept.join(';').trim();
    edits.push(rest === '' ? { from: line, to: next, text: '' } : { from: start, to: end, text: rest });
  }
  return { value, edits };
}

/** The header lines that an answer gets when its client is to come back to `server`. `secure`: over TLS alone. */
export function setCookieLines(name: string, server: string, secure: boolean): string {
  return `Set-Cookie: ${name}=${server}; path=/${secure ? '; Secure' : ''}\r\nCache-Control: private\r\n`;
}
