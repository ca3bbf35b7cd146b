// What a server's first bytes say, as they pass through to the client: a ServerHello (RFC 8446 4.1.3), an alert, or that
// it does not speak TLS at all.

import { alertName } from './alerts.ts';
import { cipherName } from './cipher-names.ts';
import { versionName } from './client-hello.ts';

export type ServerGreeting =
  | { readonly is: 'more' }
  | { readonly is: 'hello'; readonly version: string; readonly cipher: string }
  | { readonly is: 'alert'; readonly name: string }
  | { readonly is: 'strange' };

const more: ServerGreeting = { is: 'more' };
const strange: ServerGreeting = { is: 'strange' };
const supportedVersions = 43;

/** `bytes` from the first one on. Every server puts its ServerHello into one record; what it holds is read as far as it goes. */
export function readServerGreeting(bytes: Buffer): ServerGreeting {
  const { length } = bytes;
  if (length === 0) return more;
  const type = bytes[0]!;
  if (type !== 22 && type !== 21) return strange;
  if (length > 1 && bytes[1] !== 3) return strange;
  if (type === 21) return length < 7 ? more : { is: 'alert', name: alertName(bytes[6]!) };
  if (length < 9) return more;
  if (bytes[5] !== 2) return strange;
  const end = 9 + bytes.readUIntBE(6, 3);
  if (length < 44) return more;
  const afterId = 44 + bytes[43]!;
  if (length < afterId + 3) return more;
  const cipher = cipherName(bytes.readUInt16BE(afterId));
  let version = bytes.readUInt16BE(9);
  let at = afterId + 5;
  while (at + 4 <= end) {
    if (length < at + 4) return more;
    const size = bytes.readUInt16BE(at + 2);
    if (bytes.readUInt16BE(at) === supportedVersions && size === 2) {
      if (length < at + 6) return more;
      version = bytes.readUInt16BE(at + 4);
    }
    at += 4 + size;
  }
  return { is: 'hello', version: versionName(version), cipher };
}
