// All that is known of one certificate: whose it is, how long it holds, and what of it is on disk.

import type { CertificateEntity } from '../../domain/model.ts';
import { certificateName, expirySentence, ocspSpan, validityOf, validityTone } from '../certificate-look.ts';
import { fact, longFact } from '../facts.ts';
import { ago, duration, plural } from '../format.ts';
import type { Line } from '../frame.ts';
import { blank, line, muted, span } from '../spans.ts';
import type { View } from '../view.ts';

export function certificateDetail(view: View, key: string, width: number): Line[] {
  const certificate = view.model.certificate.get(key);
  if (certificate === undefined)
    return [blank, line(muted(` ${key} is not in the configuration any more. Esc goes back.`))];
  const { now } = view;
  const validity = validityOf(certificate, now);
  const { subject, issuer, selfSigned, notBefore, notAfter, keyType, chain, names, servedSince } =
    certificate;
  return [
    line(
      span(` ${certificateName(certificate)}`, 'title', true),
      span('  '),
      span(
        expirySentence(certificate, now),
        validityTone(validity),
        validity === 'expired' || validity === 'not-yet' || validity === 'soon',
      ),
    ),
    blank,
    ...longFact('names', names.length === 0 ? '–' : names.join(', '), width),
    ...longFact('subject', subject, width),
    ...longFact('issuer', selfSigned ? 'itself: nobody vouches for it' : issuer, width),
    fact('from', span(dateText(notBefore)), muted(`  ${when(notBefore, now)}`)),
    fact('until', span(dateText(notAfter), validityTone(validity)), muted(`  ${when(notAfter, now)}`)),
    fact('key', span(keyType)),
    fact(
      'chain',
      span(plural(chain, 'certificate')),
      muted(chain === 1 ? ': the leaf alone' : ', leaf first'),
    ),
    ...fingerprint(certificate),
    blank,
    ...longFact('file', certificate.key, width),
    ...diskLines(certificate, width),
    fact('served', muted(`since ${dateText(servedSince)}, ${when(servedSince, now)}`)),
    ...ocsp(certificate, now, width),
    ...longFact('routes', routesText(certificate), width),
  ];
}

function routesText({ routes, isDefault }: CertificateEntity): string {
  const others = isDefault ? 'every name that no other certificate has' : '';
  return [...routes, others].filter((text) => text !== '').join(', ') || 'none: it is chosen for no route';
}

/** "2026-03-03 16:04 UTC": the same for whoever looks, wherever. */
function dateText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function when(at: number, now: number): string {
  return at > now ? `in ${duration(at - now)}` : ago(now - at);
}

function fingerprint(certificate: CertificateEntity): Line[] {
  const groups = certificate.fingerprint.match(/.{1,8}/g) ?? [];
  // Halves of four: what is compared by eye stands alike at every width.
  return [groups.slice(0, 4), groups.slice(4)].map((half, index) =>
    fact(index === 0 ? 'SHA-256' : '', muted(half.join(' '))),
  );
}

/** What is refused, and why: the old one is served on. */
function diskLines({ disk }: CertificateEntity, width: number): Line[] {
  if (disk.state === 'same')
    return [fact('on disk', span('● the same', 'good'), muted(' as what is served'))];
  const what =
    disk.state === 'refused' ? 'refused: the one before is served on' : 'missing: what was read is served on';
  return [fact('on disk', span(`▲ ${what}`, 'warning', true)), ...longFact('', disk.text, width, 'warning')];
}

function ocsp(certificate: CertificateEntity, now: number, width: number): Line[] {
  const { ocsp: response } = certificate;
  if (response === undefined) return [fact('ocsp', muted('no response is configured: none is stapled'))];
  const { nextUpdate, text } = response;
  return [
    fact(
      'ocsp',
      ocspSpan(certificate),
      muted(nextUpdate === undefined ? '' : `  next update ${when(nextUpdate, now)}`),
    ),
    ...(text === undefined ? [] : longFact('', text, width, response.state === 'good' ? 'muted' : 'warning')),
  ];
}
