// The demo's certificates: an authority made for this one run, what the proxy shows to clients, what the servers show.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoHosts } from './demo-hosts.ts';
import { type Authority, type LeafOptions, makeAuthority, makeCertificate } from './make-certificate.ts';

const day = 24 * 3_600_000;

/** Writes ca.pem, and NAME.pem with NAME.key for apps, shard-apps, shop and servers. */
export async function writeDemoCertificates(folder: string): Promise<void> {
  const authority = await makeAuthority('Sluice demo authority');
  await Promise.all([
    writeFile(join(folder, 'ca.pem'), authority.cert),
    write(folder, 'apps', authority, { names: ['*.apps.example.com'], notAfter: Date.now() + 61 * day }),
    write(folder, 'shard-apps', authority, {
      names: ['*.shard-apps.example.com'],
      notAfter: Date.now() + 75 * day,
    }),
    // Soon to end, so that screens have something to warn of.
    write(folder, 'shop', authority, { names: [demoHosts.shop], notAfter: Date.now() + 12 * day }),
    write(folder, 'servers', authority, { names: Object.values(demoHosts) }),
  ]);
}

async function write(folder: string, name: string, authority: Authority, leaf: LeafOptions): Promise<void> {
  const { cert, key } = await makeCertificate(leaf, authority);
  await Promise.all([
    writeFile(join(folder, `${name}.pem`), cert),
    writeFile(join(folder, `${name}.key`), key, { mode: 0o600 }),
  ]);
}
