// How a certificate looks: how long it still holds, and whether what is served is what is on disk. Sign and colour together.

import type { CertificateEntity } from '../domain/model.ts';
import { duration } from './format.ts';
import type { Span, Tone } from './frame.ts';
import { muted, span } from './spans.ts';

const day = 24 * 60 * 60_000;
export const expiresSoonMs = 7 * day;
/** Whoever renews does it about a month ahead: one that comes this near was not renewed. */
const renewalDueMs = 30 * day;

type Dates = Pick<CertificateEntity, 'notBefore' | 'notAfter'>;

export type Validity = 'good' | 'due' | 'soon' | 'expired' | 'not-yet';

export function validityOf({ notBefore, notAfter }: Dates, now: number): Validity {
  if (now >= notAfter) return 'expired';
  if (now < notBefore) return 'not-yet';
  if (notAfter - now < expiresSoonMs) return 'soon';
  return notAfter - now < renewalDueMs ? 'due' : 'good';
}

export function validityTone(validity: Validity): Tone {
  switch (validity) {
    case 'good':
      return 'text';
    case 'due':
      return 'warning';
    case 'soon':
    case 'expired':
    case 'not-yet':
      return 'bad';
  }
}

/** "61 d", "3 d", "expired", "not yet": for a narrow column. */
export function expirySpan(certificate: Dates, now: number): Span {
  const validity = validityOf(certificate, now);
  const tone = validityTone(validity);
  switch (validity) {
    case 'expired':
      return span('expired', tone, true);
    case 'not-yet':
      return span('not yet', tone, true);
    case 'good':
    case 'due':
    case 'soon':
      return span(duration(certificate.notAfter - now), tone, validity === 'soon');
  }
}

/** "expires in 61 d", "expired 2 d ago", "holds only in 3 h". */
export function expirySentence(certificate: Dates, now: number): string {
  switch (validityOf(certificate, now)) {
    case 'expired':
      return `expired ${duration(now - certificate.notAfter)} ago`;
    case 'not-yet':
      return `is not valid before ${duration(certificate.notBefore - now)} from now`;
    case 'good':
    case 'due':
    case 'soon':
      return `expires in ${duration(certificate.notAfter - now)}`;
  }
}

export function diskSpan({ disk }: Pick<CertificateEntity, 'disk'>): Span {
  switch (disk.state) {
    case 'same':
      return muted('same');
    case 'refused':
      return span('▲ refused', 'warning');
    case 'missing':
      return span('▲ missing', 'warning');
  }
}

export function ocspSpan({ ocsp }: Pick<CertificateEntity, 'ocsp'>): Span {
  switch (ocsp?.state) {
    case undefined:
      return muted('–');
    case 'good':
      return span('good', 'good');
    case 'revoked':
      return span('▼ revoked', 'bad', true);
    case 'unknown':
      return span('? unknown', 'unknown');
    case 'refused':
      return span('▲ refused', 'warning');
  }
}

/** "*.apps.example.com +2": the first name says which it is. */
export function certificateName({ names, subject, key }: CertificateEntity): string {
  return names[0] ?? (subject || key);
}
