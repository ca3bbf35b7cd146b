// ClientHellos built part by part, right and wrong.

export const u8 = (value: number) => Buffer.from([value]);
export const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
export const u24 = (value: number) => Buffer.from([value >> 16, (value >> 8) & 255, value & 255]);
export const vector8 = (bytes: Buffer) => Buffer.concat([u8(bytes.length), bytes]);
export const vector16 = (bytes: Buffer) => Buffer.concat([u16(bytes.length), bytes]);

export const extension = (type: number, body: Buffer) => Buffer.concat([u16(type), vector16(body)]);

const hostName = (name: string, type = 0) => Buffer.concat([u8(type), vector16(Buffer.from(name, 'latin1'))]);

/** Several names make a list that RFC 6066 forbids. */
export const serverNames = (...names: readonly string[]) =>
  extension(0, vector16(Buffer.concat(names.map((name) => hostName(name)))));
export const oddServerName = (name: string, type: number) => extension(0, vector16(hostName(name, type)));
export const protocols = (...names: readonly string[]) =>
  extension(16, vector16(Buffer.concat(names.map((name) => vector8(Buffer.from(name, 'latin1'))))));
export const versions = (...list: readonly number[]) => extension(43, vector8(Buffer.concat(list.map(u16))));
export const signatures = (...list: readonly number[]) =>
  extension(13, vector16(Buffer.concat(list.map(u16))));

export interface HelloParts {
  readonly legacyVersion?: number;
  readonly sessionId?: Buffer;
  readonly ciphers?: Buffer;
  readonly compression?: Buffer;
  /** Undefined: not even a length of none. */
  readonly extensions?: readonly Buffer[] | undefined;
}

/** The message's body. */
export function helloBody(parts: HelloParts = {}): Buffer {
  const {
    legacyVersion = 0x0303,
    sessionId = Buffer.alloc(32, 9),
    ciphers = u16(0x1301),
    compression = u8(0),
  } = parts;
  const extensions = 'extensions' in parts ? parts.extensions : [serverNames('a.test')];
  return Buffer.concat([
    u16(legacyVersion),
    Buffer.alloc(32, 1),
    vector8(sessionId),
    vector16(ciphers),
    vector8(compression),
    ...(extensions === undefined ? [] : [vector16(Buffer.concat(extensions))]),
  ]);
}

export const message = (body: Buffer, type = 1) => Buffer.concat([u8(type), u24(body.length), body]);
export const record = (bytes: Buffer, type = 22, version = 0x0301) =>
  Buffer.concat([u8(type), u16(version), vector16(bytes)]);

/** In records of at most `size` bytes. */
export function records(bytes: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(record(bytes.subarray(at, at + size)));
  return Buffer.concat(parts);
}

export const hello = (parts?: HelloParts) => record(message(helloBody(parts)));
