// A Secret that holds a certificate with its key (kubernetes.io/tls). Its values go into files and nowhere else.

import type { Objects } from './objects.ts';

export interface SecretPair {
  readonly cert: string;
  readonly key: string;
}

/** The pair, or why there is none. */
export function secretPair(objects: Objects, namespace: string, name: string): SecretPair | string {
  const secret = objects.find('Secret', namespace, name);
  if (!secret) return 'is not in the input';
  const value = (key: string): string | undefined => {
    const plain = secret.fields.at('stringData', key).text;
    const encoded = secret.fields.at('data', key).text;
    if (plain !== undefined || encoded === undefined) return plain;
    return Buffer.from(encoded, 'base64').toString('utf8');
  };
  const [cert, key] = [value('tls.crt'), value('tls.key')];
  return cert === undefined || key === undefined ? 'has no tls.crt and tls.key' : { cert, key };
}
