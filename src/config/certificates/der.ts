// A reader of DER (X.690): as much as OCSP responses and signature algorithms need. Every length is checked against what
// there is.

import { FileFault } from './fault.ts';

export interface DerValue {
  /** The whole identifier octet: class, constructed bit and number. */
  readonly tag: number;
  readonly content: Buffer;
  /** Where the value ends in what it was read from. */
  readonly end: number;
}

/** The value that begins at `at`. @throws FileFault */
export function readDer(octets: Buffer, at = 0): DerValue {
  const tag = octets[at];
  const first = octets[at + 1];
  // Numbers of more than five bits do not occur in what we read.
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw damaged();
  let length = first;
  let from = at + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // 0 is the indefinite length of BER.
    if (count === 0 || count > 4 || from + count > octets.length) throw damaged();
    length = octets.readUIntBE(from, count);
    from += count;
  }
  if (from + length > octets.length) throw damaged();
  return { tag, content: octets.subarray(from, from + length), end: from + length };
}

/** What a constructed value holds. @throws FileFault */
export function derChildren({ content }: Pick<DerValue, 'content'>): DerValue[] {
  const children: DerValue[] = [];
  for (let at = 0; at < content.length; ) {
    const child = readDer(content, at);
    children.push(child);
    at = child.end;
  }
  return children;
}

/** @throws FileFault where it is another kind of value, or none */
export function expectTag(value: DerValue | undefined, tag: number): DerValue {
  if (value?.tag !== tag) throw damaged();
  return value;
}

/** "1.2.840.113549.1.1.11". */
export function oidText({ content }: Pick<DerValue, 'content'>): string {
  const numbers: number[] = [];
  let number = 0;
  for (const octet of content) {
    number = number * 128 + (octet & 0x7f);
    if (octet >= 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...rest] = numbers;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

/** GeneralizedTime as RFC 5280 4.1.2.5.2 has it, "20261122194000Z" → wall clock. @throws FileFault */
export function generalizedTime({ content }: Pick<DerValue, 'content'>): number {
  const text = content.toString('latin1');
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(text);
  const [year, month, day, hour, minute, second] = (parts ?? []).slice(1).map(Number);
  if (year === undefined) throw damaged();
  return Date.UTC(year, month! - 1, day, hour, minute, second);
}

export const tags = {
  integer: 0x02,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

function damaged(): FileFault {
  return new FileFault('it is damaged: this is not DER, or is cut short');
}
