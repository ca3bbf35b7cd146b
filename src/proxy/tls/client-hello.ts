// What a ClientHello says (RFC 8446 4.1.2, RFC 6066 3, RFC 7301 3.1): the message is read, nothing is decided.
// Whatever two readers could understand in two ways is refused, so that the server behind us finds the same name in it.

import type { Alert } from './alerts.ts';

export interface ClientHello {
  /** Lower case, without a dot at its end. Host name characters alone; an IP address where a client sends one all the same. */
  readonly sni: string | undefined;
  /** In the client's order; latin1, raw. */
  readonly alpn: readonly string[];
  /** "TLSv1.3", "TLSv1.2", …, newest first; GREASE (RFC 8701) left out. */
  readonly versions: readonly string[];
  /** It would go on with an earlier session: a ticket, or a pre-shared key. */
  readonly resuming: boolean;
  /** It can verify an ECDSA signature, so that it is shown such a certificate before one with an RSA key. */
  readonly ecdsa: boolean;
}

export interface HelloRefusal {
  /** Undefined where nobody on the other side would understand one. */
  readonly alert: Alert | undefined;
  /** One line. */
  readonly cause: string;
  /** It speaks plain HTTP, and can be told in plain HTTP. */
  readonly plainHttp?: true;
}

const decodeError = (what: string): HelloRefusal => ({
  alert: 'decode_error',
  cause: `the ClientHello is malformed: ${what}`,
});

const extension = {
  serverName: 0,
  signatureAlgorithms: 13,
  alpn: 16,
  ticket: 35,
  preSharedKey: 41,
  versions: 43,
};

/** `message` is the body of the handshake message, without its type and length. */
export function parseClientHello(message: Buffer): ClientHello | HelloRefusal {
  const { length } = message;
  // legacy_version, random, the session id's length
  if (length < 35) return decodeError('it is too short');
  const legacyVersion = message.readUInt16BE(0);
  const sessionId = message[34]!;
  if (sessionId > 32) return decodeError('its session id is longer than 32 bytes');
  let at = 35 + sessionId;
  if (at + 2 > length) return decodeError('it ends in its session id');
  const ciphers = message.readUInt16BE(at);
  at += 2 + ciphers;
  if (ciphers < 2 || ciphers % 2 !== 0 || at + 1 > length)
    return decodeError('its list of ciphers has no whole number of them');
  const compressions = message[at]!;
  at += 1 + compressions;
  if (compressions < 1 || at > length) return decodeError('its list of compression methods is cut off');

  let sni: string | undefined;
  let alpn: readonly string[] = [];
  let versions: readonly string[] | undefined;
  let resuming = false;
  let ecdsa = false;
  if (at < length) {
    if (at + 2 > length || at + 2 + message.readUInt16BE(at) !== length)
      return decodeError('its extensions do not fill it');
    at += 2;
    const seen = new Set<number>();
    while (at < length) {
      if (at + 4 > length) return decodeError('an extension is cut off');
      const type = message.readUInt16BE(at);
      const start = at + 4;
      const end = start + message.readUInt16BE(at + 2);
      if (end > length) return decodeError('an extension is cut off');
      if (seen.has(type))
        return { alert: 'illegal_parameter', cause: `the ClientHello has extension ${type} twice` };
      seen.add(type);
      at = end;
      if (type === extension.serverName) {
        const found = serverName(message, start, end);
        if (typeof found !== 'string') return found;
        sni = found;
      } else if (type === extension.alpn) {
        const found = protocols(message, start, end);
        if (found === undefined) return decodeError('its list of protocols (ALPN)');
        alpn = found;
      } else if (type === extension.versions) {
        versions = versionList(message, start, end);
        if (versions === undefined) return decodeError('its list of versions');
      } else if (type === extension.ticket) resuming ||= end > start;
      else if (type === extension.preSharedKey) resuming = true;
      else if (type === extension.signatureAlgorithms) ecdsa = signsEcdsa(message, start, end);
    }
  }
  return { sni, alpn, versions: versions ?? [versionName(legacyVersion)], resuming, ecdsa };
}

/**
 * RFC 6066 allows one name of each type and knows one type, so exactly one name is taken: with several, the server that
 * we choose by one of them might answer for another.
 */
function serverName(message: Buffer, start: number, end: number): string | HelloRefusal {
  if (end - start < 5) return decodeError('its list of server names is empty or cut off');
  const list = message.readUInt16BE(start);
  const type = message[start + 2]!;
  const size = message.readUInt16BE(start + 3);
  if (start + 2 + list !== end) return decodeError('its list of server names does not fill its extension');
  if (type !== 0) return decodeError(`a server name of the unknown type ${type}`);
  if (3 + size > list) return decodeError('its server name is cut off');
  if (3 + size < list) {
    return { alert: 'illegal_parameter', cause: 'the ClientHello has several server names' };
  }
  const name = message.toString('latin1', start + 5, end);
  // A host name, or an address: forbidden by RFC 6066, but sent, and harmless, since no other host has it for a name.
  if (size === 0 || size > 255 || !/^[\w.:-]+$/.test(name))
    return { alert: 'unrecognized_name', cause: 'the server name in the ClientHello is no host name' };
  const lower = name.toLowerCase();
  return lower.endsWith('.') && lower.length > 1 ? lower.slice(0, -1) : lower;
}

function protocols(message: Buffer, start: number, end: number): string[] | undefined {
  if (end - start < 4 || start + 2 + message.readUInt16BE(start) !== end) return undefined;
  const found: string[] = [];
  for (let at = start + 2; at < end; ) {
    const next = at + 1 + message[at]!;
    if (next > end || next === at + 1) return undefined;
    const name = message.toString('latin1', at + 1, next);
    if (!(name.length === 2 && isGrease(message.readUInt16BE(at + 1)))) found.push(name);
    at = next;
  }
  return found;
}

function versionList(message: Buffer, start: number, end: number): string[] | undefined {
  const size = message[start];
  if (size === undefined || size < 2 || size % 2 !== 0 || start + 1 + size !== end) return undefined;
  const found = new Set<number>();
  for (let at = start + 1; at < end; at += 2) {
    const version = message.readUInt16BE(at);
    if (!isGrease(version)) found.add(version);
  }
  return [...found].sort((a, b) => b - a).map(versionName);
}

/** A malformed list is OpenSSL's, or the server's, to refuse: nothing is decided by it but which of our certificates is shown. */
function signsEcdsa(message: Buffer, start: number, end: number): boolean {
  for (let at = start + 2; at + 2 <= end; at += 2) {
    // ecdsa_secp256r1_sha256 and its like: the signature's algorithm stands in the second byte, RFC 5246 7.4.1.4.1.
    if (message[at + 1] === 3) return true;
  }
  return false;
}

/** Values that some clients put into lists so that servers learn to pass over what they do not know: 0x0a0a, 0x1a1a, …, 0xfafa. */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >>> 8 === (value & 0xff);
}

/** Node's names. */
export function versionName(version: number): string {
  switch (version) {
    case 0x0304:
      return 'TLSv1.3';
    case 0x0303:
      return 'TLSv1.2';
    case 0x0302:
      return 'TLSv1.1';
    case 0x0301:
      return 'TLSv1';
    case 0x0300:
      return 'SSLv3';
    default:
      return `0x${version.toString(16).padStart(4, '0')}`;
  }
}
