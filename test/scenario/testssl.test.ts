// testssl.sh examines a bind of mode tls, with an RSA and an ECDSA certificate for the same host, and finds nothing.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { makeAuthority, makeCertificate } from '../../src/cli/demo/make-certificate.ts';
import { startOrigin } from '../support/origin.ts';
import { hasPeer } from '../support/peers.ts';
import { run } from '../support/processes.ts';
import { scratch } from '../support/scratch.ts';
import { startSluice } from '../support/sluice.ts';
import { bindOf } from './two-backends.ts';

/**
 * What says nothing about us: our authority has no CRL, headers beyond HSTS are the application's to send, and its check
 * of tickets hangs up before a TLS 1.3 ticket can come (resumption has tests of its own).
 */
const notOurs = /^(cert_revocation|security_headers|sessionresumption_ticket)\b/;

it.skipIf(!hasPeer('testssl'))('has no finding of testssl.sh', { timeout: 240_000 }, async () => {
  const place = scratch();
  const authority = await makeAuthority('testssl');
  writeFileSync(place.path('ca.pem'), authority.cert);
  for (const keyType of ['ecdsa', 'rsa'] as const) {
    const { cert, key } = await makeCertificate({ names: ['shop.example.com'], keyType }, authority);
    writeFileSync(place.path(`${keyType}.pem`), cert + key, { mode: 0o600 });
  }
  const origin = await startOrigin('web1', place.path('posts'));
  const sluice = await startSluice({
    yaml: `runtime:
  name: testssl
certificates: [{ cert: ${place.path('ecdsa.pem')} }, { cert: ${place.path('rsa.pem')} }]
shards:
  - name: default
    binds: [{ name: tls, listen: "127.0.0.1:0", mode: tls }]
routes:
  - { name: shop, host: shop.example.com, tls: { termination: edge, hsts: { maxAge: 365d, includeSubDomains: true } }, to: [{ backend: web }] }
backends:
  - name: web
    servers: [{ name: web1, address: "127.0.0.1:${origin.port}" }]
`,
  });
  try {
    const { port } = await bindOf(sluice, 'tls');
    const report = place.path('report.json');
    const { output } = await run('testssl', [
      ...['--quiet', '--color', '0', '--warnings', 'off', '--nodns', 'none', '--ip', '127.0.0.1', '--sneaky'],
      ...['--add-ca', place.path('ca.pem'), '--jsonfile', report],
      ...['-p', '-s', '-f', '-S', '-P', '-U', '-h', `https://shop.example.com:${port}`],
    ]);
    const findings = JSON.parse(readFileSync(report, 'utf8')) as {
      id: string;
      severity: string;
      finding: string;
    }[];
    expect(findings.length, output).toBeGreaterThan(50);
    const bad = findings.filter(
      ({ id, severity }) => !['OK', 'INFO'].includes(severity) && !notOurs.test(id),
    );
    expect(bad).toEqual([]);
    const said = Object.fromEntries(findings.map(({ id, finding }) => [id, finding]));
    expect(said.TLS1_3).toMatch(/^offered/);
    expect(said.TLS1_1).toBe('not offered');
    expect(findings.filter(({ id }) => id.startsWith('cert_keySize')).length).toBe(2);
  } finally {
    await sluice.stop();
    await origin.process.stop();
    place.remove();
  }
});
