// Certificates for the tests of this folder: made once, for making keys is slow.

// Before what needs it: @peculiar/x509 looks for its decorators when it is loaded.
import 'reflect-metadata';

import * as x509 from '@peculiar/x509';
import {
  type Authority,
  type LeafOptions,
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
} from '../../../src/cli/demo/make-certificate.ts';
import { FileFault } from '../../../src/config/certificates/fault.ts';

const day = 86_400_000;

export interface Made {
  readonly root: Authority;
  readonly intermediate: Authority;
  readonly leaf: MadeCertificate;
  readonly rsa: MadeCertificate;
  readonly expired: MadeCertificate;
  readonly future: MadeCertificate;
  readonly selfSigned: MadeCertificate;
  readonly client: MadeCertificate;
}

export const made: Promise<Made> = (async () => {
  const root = await makeAuthority('Root');
  const intermediate = await makeAuthority('Intermediate', root);
  const now = Date.now();
  const leaf = (options: Partial<LeafOptions> = {}) =>
    makeCertificate({ names: ['shop.example.com', '*.shop.example.com'], ...options }, intermediate);
  return {
    root,
    intermediate,
    leaf: await leaf(),
    rsa: await leaf({ keyType: 'rsa' }),
    expired: await leaf({ notBefore: now - 20 * day, notAfter: now - 3 * day }),
    future: await leaf({ notBefore: now + 3 * day }),
    selfSigned: await makeCertificate({ names: ['self.example'] }),
    client: await leaf({ client: true, names: ['anna'] }),
  };
})();

/** Reads what a test has, by path. */
export function filesOf(contents: Readonly<Record<string, string | Buffer>>, mode = 0o600) {
  return async (path: string) => {
    const content = contents[path];
    if (content === undefined) throw new FileFault('there is no such file');
    return { content: Buffer.from(content), mode };
  };
}

/** RSA keys as short as nobody makes them any more. */
export async function weakCertificate(): Promise<MadeCertificate> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 1024,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=weak.example',
    keys,
    signingAlgorithm: algorithm,
  });
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`,
  };
}
