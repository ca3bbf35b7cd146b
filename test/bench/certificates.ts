// The bench's certificate, the same for every proxy and for the origin: ECDSA P-256 for "localhost".
import { writeFileSync } from 'node:fs';
import { makeAuthority, makeCertificate } from '../../src/cli/demo/make-certificate.ts';
import { scratch } from '../support/scratch.ts';

/** Paths of PEM files. */
export interface BenchCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Certificate and key in one, as HAProxy wants it. */
  readonly both: string;
  remove(): void;
}

export async function makeBenchCertificates(): Promise<BenchCertificates> {
  const place = scratch();
  const authority = await makeAuthority('bench');
  const { cert, key } = await makeCertificate({ names: ['localhost', '127.0.0.1'] }, authority);
  const write = (name: string, text: string) => {
    writeFileSync(place.path(name), text, { mode: 0o600 });
    return place.path(name);
  };
  return {
    ca: write('ca.pem', authority.cert),
    cert: write('cert.pem', cert),
    key: write('key.pem', key),
    both: write('both.pem', cert + key),
    remove: place.remove,
  };
}
