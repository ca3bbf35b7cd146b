// What servers are told of a client's certificate, in the names of OpenShift's template: only of one that we verified
// ourselves, so what a client says under these names never goes on.

import type { ClientCertificate } from '../plane.ts';

const prefix = 'x-ssl-client-';
const issuer = 'x-ssl-issuer';

/** "_" counts as "-": a server that makes variables of names (RFC 3875 4.1.18) reads both as one. */
export function tellsOfCertificate(text: string, line: number, nameEnd: number): boolean {
  const second = text.charCodeAt(line + 1);
  if (second !== 45 && second !== 95) return false;
  const length = nameEnd - line;
  return (
    startsWith(text, line, length, prefix) ||
    (length === issuer.length && startsWith(text, line, length, issuer))
  );
}

function startsWith(text: string, at: number, length: number, lower: string): boolean {
  if (length < lower.length) return false;
  for (let i = 0; i < lower.length; i += 1) {
    let octet = text.charCodeAt(at + i);
    if (octet === 95) octet = 45;
    else if (octet >= 65 && octet <= 90) octet += 32;
    if (octet !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** Verify is OpenSSL's result of the verification: 0 is "ok". */
export function certificateLines({ subject, commonName }: ClientCertificate): string {
  return (
    `X-SSL-Client-Verify: 0\r\nX-SSL-Client-DN: ${plainAscii(subject)}\r\n` +
    `X-SSL-Client-CN: ${plainAscii(commonName.replaceAll('\\', '\\5C'))}\r\n`
  );
}

/** What is not visible ASCII as RFC 4514 2.4 writes octets in a name: "é" is "\C3\A9". No control can end the line. */
function plainAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, (part) =>
    Array.from(Buffer.from(part), (octet) => `\\${octet.toString(16).toUpperCase().padStart(2, '0')}`).join(
      '',
    ),
  );
}
