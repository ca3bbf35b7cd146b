// The private key in a PEM file: one, not encrypted. No message tells more of it than its kind.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { FileFault } from './fault.ts';
import type { PemBlock } from './pem.ts';

const formats: Readonly<Record<string, 'pkcs8' | 'pkcs1' | 'sec1'>> = {
  'PRIVATE KEY': 'pkcs8',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
};

/** What clients know how to verify. */
const kinds = ['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448'];

export function isKey({ label }: Pick<PemBlock, 'label'>): boolean {
  return label.endsWith('PRIVATE KEY');
}

/** @throws FileFault */
export function readPrivateKey(blocks: readonly PemBlock[]): KeyObject {
  const keys = blocks.filter(isKey);
  const [block] = keys;
  if (block === undefined)
    throw new FileFault(
      `it holds no private key${holdsInstead(blocks)}`,
      'name the file of its key: key: FILE',
    );
  if (keys.length > 1)
    throw new FileFault(`it holds ${keys.length} private keys, and one is needed`, 'keep the right one');
  if (block.encrypted || block.label === 'ENCRYPTED PRIVATE KEY')
    throw new FileFault(
      'the key is encrypted, and nobody could type its passphrase at a restart',
      'decrypt it (openssl pkey -in FILE -out FILE) and let only this user read it',
    );
  const type = formats[block.label];
  if (type === undefined)
    throw new FileFault(`a ${block.label} cannot be used`, 'convert it: openssl pkey -in FILE');
  const key = attempt(() => createPrivateKey({ key: block.der, format: 'der', type }));
  if (key === undefined) throw new FileFault(`the ${block.label} in line ${block.line} is damaged`);
  if (!kinds.includes(key.asymmetricKeyType ?? ''))
    throw new FileFault(`a key of type ${key.asymmetricKeyType} cannot be used`, 'use ECDSA or RSA');
  return key;
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** ": it holds a CERTIFICATE", which is what is mixed up most. */
export function holdsInstead(blocks: readonly PemBlock[]): string {
  const labels = [...new Set(blocks.map(({ label }) => label))];
  return labels.length === 0 ? ', nor any PEM' : `; it holds ${labels.slice(0, 3).join(', ')}`;
}
