// What sluice.yaml says of TLS: certificates, what a bind asks of clients, how a route carries HTTPS, how servers are
// spoken to. OpenShift's names where it has one (Route spec.tls, IngressController spec.clientTLS).

import * as z from 'zod';
import { terminations } from '../domain/tls.ts';
import { defaults } from './defaults.ts';
import { choice, file, flag, parseServerName, seconds, text } from './values.ts';

const cert = file('Certificate chain, PEM, the leaf first; the key may stand in it too');
const key = file('Private key, PEM, not encrypted; in cert if missing').optional();
const ocsp = file('OCSP response of the certificate, DER, to be stapled').optional();

export const certificate = z.strictObject({ cert, key, ocsp });

const tooOld = { message: 'is broken (RFC 8996), and not spoken', remedy: 'write TLSv1.2 or TLSv1.3' };

export const tlsVersion = choice(['TLSv1.2', 'TLSv1.3'], 'mode tls: the oldest version that is spoken', {
  SSLv3: tooOld,
  'TLSv1.0': tooOld,
  'TLSv1.1': tooOld,
}).prefault(defaults.minVersion);

export const clientTls = z
  .strictObject({
    clientCertificatePolicy: choice(
      ['Optional', 'Required'],
      'Optional: who shows a certificate must show a good one. Required: who shows none is refused',
    ),
    clientCA: file('Authorities of the certificates of clients, PEM'),
  })
  .meta({ description: 'mode tls: clients are asked for a certificate' });

const hsts = z
  .strictObject({
    maxAge: seconds('How long browsers remember to come over TLS only; 0 makes them forget'),
    includeSubDomains: flag('For every name under the host as well').prefault(false),
    preload: flag("May be put into browsers' own lists").prefault(false),
  })
  .meta({ description: 'Strict-Transport-Security, added to answers over TLS (RFC 6797)' });

export const routeTls = z
  .strictObject({
    termination: choice(
      terminations,
      'edge: ended here, plain to the servers. reencrypt: ended here, TLS to the servers. passthrough: not ended here',
    ),
    insecureEdgeTerminationPolicy: choice(
      ['None', 'Allow', 'Redirect'],
      'Plain HTTP for this host: not served, served as it is, or sent to https',
    ).prefault(defaults.insecureEdgeTerminationPolicy),
    certificate: cert.optional().meta({ description: 'For its host, before those of certificates:' }),
    key,
    ocsp,
    destinationCACertificate: file(
      "Authorities of its servers' certificates, PEM, instead of the backend's ca",
    ).optional(),
    hsts: hsts.optional(),
  })
  .meta({ description: 'How it carries HTTPS; without it the route is plain HTTP' });

export const backendTls = z
  .strictObject({
    verify: choice(
      ['required', 'none'],
      "Are the servers' certificates verified? none: whoever is in between can read and change everything",
    ).prefault(defaults.verify),
    ca: file("Authorities of the servers' certificates, PEM; the system's if missing").optional(),
    serverName: text(
      parseServerName,
      "Name that is asked for, and that their certificate must have; the route's host if missing",
    ).optional(),
    certificate: file('What is shown to servers that ask for a certificate, PEM').optional(),
    key: file('Its private key, PEM; in certificate if missing').optional(),
  })
  .meta({ description: 'How its servers are spoken to over TLS' });
