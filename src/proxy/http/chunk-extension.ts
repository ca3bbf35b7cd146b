// chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), RFC 9112 7.1.1.

import { HTAB, SP, tokenOctet, valueOctet } from './octets.ts';

/** Judges what stands between a chunk's size and the end of its line. */
export function isChunkExtension(text: string): boolean {
  let i = 0;
  while (i < text.length) {
    i = skipBlanks(text, i);
    if (text.charCodeAt(i) !== 59) return false;
    const name = skipBlanks(text, i + 1);
    const nameEnd = skipToken(text, name);
    if (nameEnd === name) return false;
    i = nameEnd;
    const equals = skipBlanks(text, i);
    if (text.charCodeAt(equals) !== 61) continue;
    const value = skipBlanks(text, equals + 1);
    i = text.charCodeAt(value) === 34 ? skipQuoted(text, value) : skipToken(text, value);
    if (i <= value) return false;
  }
  return true;
}

function skipBlanks(text: string, at: number): number {
  let i = at;
  while (text.charCodeAt(i) === SP || text.charCodeAt(i) === HTAB) i += 1;
  return i;
}

function skipToken(text: string, at: number): number {
  let i = at;
  while (i < text.length && tokenOctet[text.charCodeAt(i)] === 1) i += 1;
  return i;
}

/** Offset after the closing quote, or -1. */
function skipQuoted(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i += 1) {
    const octet = text.charCodeAt(i);
    if (octet === 34) return i + 1;
    if (octet === 92) i += 1;
    if (i < text.length && valueOctet[text.charCodeAt(i)] !== 1) return -1;
  }
  return -1;
}
