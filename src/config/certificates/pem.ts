// PEM text → its blocks (RFC 7468, and the headers of RFC 1421 that old keys have). Text around the blocks is passed
// over, as OpenSSL does.

import { FileFault } from './fault.ts';

export interface PemBlock {
  /** "CERTIFICATE", "PRIVATE KEY", … */
  readonly label: string;
  readonly der: Buffer;
  /** Its lines as they stand, with a newline at the end. */
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
  /** `Proc-Type: 4,ENCRYPTED`. */
  readonly encrypted: boolean;
}

/** @throws FileFault */
export function pemBlocks(content: Buffer): PemBlock[] {
  if (content.length === 0) throw new FileFault('the file is empty');
  if (content[0] === 0x30 && content.includes(0))
    throw new FileFault('this is DER, and PEM is needed', 'convert it: openssl x509 -inform der -in FILE');
  if (content.includes(0)) throw new FileFault('this is a binary file, and PEM is text');
  const blocks: PemBlock[] = [];
  let begun: { label: string; line: number; from: number } | undefined;
  const lines = content.toString('latin1').split(/\r\n|\r|\n/);
  for (const [index, text] of lines.entries()) {
    const [, edge, label = ''] = /^-----(BEGIN|END) ([A-Z0-9 ]{1,60})-----\s*$/.exec(text) ?? [];
    if (edge === undefined) continue;
    const line = index + 1;
    if (edge === 'BEGIN') {
      if (begun) throw unended(begun);
      begun = { label, line, from: index };
      continue;
    }
    if (!begun) throw new FileFault(`line ${line} ends a ${label} that was not begun`);
    if (begun.label !== label)
      throw new FileFault(`line ${line} ends a ${label}, and line ${begun.line} begins a ${begun.label}`);
    blocks.push(blockOf(lines.slice(begun.from + 1, index), begun));
    begun = undefined;
  }
  if (begun) throw unended(begun);
  return blocks;
}

function unended({ label, line }: { label: string; line: number }): FileFault {
  return new FileFault(
    `the ${label} that begins in line ${line} has no end`,
    'is the file written to the end?',
  );
}

function blockOf(
  lines: readonly string[],
  { label, line }: { readonly label: string; readonly line: number },
): PemBlock {
  const blank = lines.findIndex((text) => text.trim() === '');
  const headers = /^[\w-]+:/.test(lines[0] ?? '') ? lines.slice(0, blank < 0 ? lines.length : blank) : [];
  const base64 = lines.slice(headers.length).join('').replace(/\s/g, '');
  if (base64 === '' || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    throw new FileFault(`the ${label} in line ${line} is damaged: it is not base64`);
  return {
    label,
    der: Buffer.from(base64, 'base64'),
    text: `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`,
    line,
    encrypted: headers.some((text) => /^Proc-Type:.*ENCRYPTED/.test(text)),
  };
}
