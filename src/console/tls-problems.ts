// What is wrong with TLS now: switches that reverted, certificates that end, routes that somebody should look at.

import type { CertificateEntity, RouteEntity } from '../domain/model.ts';
import type { TlsSwitch } from '../domain/tls-switch.ts';
import { certificateName, expirySentence, validityOf } from './certificate-look.ts';
import { duration, percent } from './format.ts';
import { bad, type Problem, warning } from './problem.ts';
import { endsWithUs, warningsBesides } from './screens/route-rows.ts';
import { failedShare } from './tls-words.ts';
import { switchName, type View } from './view.ts';

/** A switch that reverted is told on every screen for so long, unless somebody opened its route before. */
const revertToldMs = 15 * 60_000;
/** A certificate that ends this soon is told on every screen. */
const endToldMs = 14 * 24 * 60 * 60_000;

export function tlsProblems(view: View): Problem[] {
  return [...switches(view), ...certificates(view), ...routes(view)];
}

function switches(view: View): Problem[] {
  return [...view.model.switch.values()].flatMap((change) => toldOf(change, view));
}

function toldOf(change: TlsSwitch, { now, looked }: View): Problem[] {
  switch (change.phase) {
    case 'watching':
      return [watching(change, now)];
    case 'settled':
      return [];
    case 'reverted': {
      const { endedAt = now } = change;
      return now - endedAt < revertToldMs && !looked.has(switchName(change)) ? [reverted(change)] : [];
    }
  }
}

function watching(change: TlsSwitch, now: number): Problem {
  const { route, from, to, watchUntil, startedAt } = change;
  const short = `${route}: ${from} → ${to}, watching ${duration(watchUntil - now)}`;
  const failed = failedShare(change.after);
  const text = failed === null ? short : `${short}, ${percent(failed)} failed`;
  return { severity: 1, sign: '◐', tone: 'accent', text, short, at: startedAt };
}

/** Above a server that is down: clients failed because of what somebody did, and it is that one's to know. */
function reverted(change: TlsSwitch): Problem {
  const { route, to, endedAt, startedAt } = change;
  const failed = failedShare(change.after);
  const said = `${route}: switch to ${to} reverted by itself`;
  const text = failed === null ? said : `${said}: ${percent(failed)} failed`;
  const short = `${route}: switch reverted`;
  return { severity: 3, sign: '▲', tone: 'bad', text, short, at: endedAt ?? startedAt };
}

function certificates({ model, now }: View): Problem[] {
  return [...model.certificate.values()].flatMap((certificate) => {
    const name = certificateName(certificate);
    const ends = ending(certificate, name, now);
    const { disk, ocsp } = certificate;
    return [
      ...ends,
      ...(disk.state === 'same'
        ? []
        : [
            {
              ...warning(`${name} on disk ${disk.state}: ${disk.text}`, certificate.servedSince),
              short: `${name} on disk ${disk.state}`,
            },
          ]),
      ...(ocsp?.state === 'revoked' ? [bad(2, `certificate ${name} is revoked`, now)] : []),
    ];
  });
}

function ending(certificate: CertificateEntity, name: string, now: number): Problem[] {
  const sentence = `${name} ${expirySentence(certificate, now)}`;
  switch (validityOf(certificate, now)) {
    case 'expired':
      return [bad(2, sentence, certificate.notAfter)];
    case 'not-yet':
      return [bad(2, sentence, certificate.servedSince)];
    case 'soon':
    case 'due':
      // Before that it is coloured where it is listed: a line on every screen would be noise for weeks.
      return certificate.notAfter - now < endToldMs
        ? [warning(sentence, certificate.notAfter - endToldMs)]
        : [];
    case 'good':
      return [];
  }
}

/** Together and last: they are as somebody configured them, and may stay so for years. */
function routes({ model }: View): Problem[] {
  const unserved = [...model.route.values()].filter(
    (route) => endsWithUs(route) && !model.certificate.has(route.tls?.certificate ?? ''),
  );
  const warned = [...model.route.values()].filter(
    (route) => warningsBesides(route).length > 0 && !unserved.includes(route),
  );
  const [first] = warned;
  return [
    ...(unserved.length === 0
      ? []
      : [warning(told(unserved, 'no certificate for its host', 'have no certificate'), 1)]),
    ...(first === undefined
      ? []
      : [warning(told(warned, warningsBesides(first)[0] ?? '', 'with warnings'), 0)]),
  ];
}

function told(found: readonly RouteEntity[], why: string, many: string): string {
  const [only] = found;
  return found.length === 1 && only !== undefined ? `${only.name}: ${why}` : `${found.length} routes ${many}`;
}
