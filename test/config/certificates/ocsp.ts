// OCSP responses for tests, written octet by octet. Nothing here signs them: nobody but clients looks at signatures.

function der(tag: number, ...parts: (Buffer | number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const { length } = content;
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

const oid = (...numbers: number[]) => der(0x06, numbers);
const time = (at: number) =>
  der(0x18, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')}`));
const sha1 = der(0x30, oid(0x2b, 0x0e, 0x03, 0x02, 0x1a), der(0x05));

export interface OcspOptions {
  readonly serialNumber: string;
  readonly status?: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate: number;
  readonly nextUpdate?: number;
}

export function ocspResponse(...singles: OcspOptions[]): Buffer {
  const responses = singles.map(({ serialNumber, status = 'good', thisUpdate, nextUpdate }) =>
    der(
      0x30,
      der(
        0x30,
        sha1,
        der(0x04, Buffer.alloc(20)),
        der(0x04, Buffer.alloc(20)),
        der(
          0x02,
          Buffer.from(serialNumber.padStart(serialNumber.length + (serialNumber.length % 2), '0'), 'hex'),
        ),
      ),
      status === 'revoked' ? der(0xa1, time(thisUpdate)) : der(status === 'good' ? 0x80 : 0x82),
      time(thisUpdate),
      nextUpdate === undefined ? [] : der(0xa0, time(nextUpdate)),
    ),
  );
  const signed = der(0x30, der(0xa2, der(0x04, Buffer.alloc(20))), time(0), der(0x30, ...responses));
  const basic = der(0x30, signed, sha1, der(0x03, [0, 1, 2, 3]));
  const type = oid(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01);
  return der(0x30, der(0x0a, [0]), der(0xa0, der(0x30, type, der(0x04, basic))));
}

export function ocspRefusal(status: number): Buffer {
  return der(0x30, der(0x0a, [status]));
}
