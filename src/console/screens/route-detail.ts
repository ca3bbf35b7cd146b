// All that is known of one route: where it goes, how it carries HTTPS, its newest switch, its certificate, its servers.

import type { RouteEntity, RouteTlsEntity } from '../../domain/model.ts';
import type { InsecurePolicy } from '../../domain/tls.ts';
import { terminations } from '../../domain/tls.ts';
import type { TlsSwitch } from '../../domain/tls-switch.ts';
import { certificateName, expirySentence, validityOf, validityTone } from '../certificate-look.ts';
import { fact, heading, longFact } from '../facts.ts';
import { ago, bytesPerSecond, count, duration, percent, rate } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { entryLine, newestEntries } from '../journal-line.ts';
import { placeSpans } from '../route-look.ts';
import { operationalLook } from '../server-look.ts';
import { labelsText, troubleOfRoute } from '../shard-look.ts';
import { blank, line, muted, span } from '../spans.ts';
import { modePictures } from '../tls-words.ts';
import { serversOf, type View } from '../view.ts';
import { certificateOf, endsWithUs, warningsBesides } from './route-rows.ts';
import { comparison } from './switch-line.ts';

const historyShown = 12;
const serversShown = 6;

export function routeDetail(view: View, name: string, width: number): Line[] {
  const route = view.model.route.get(name);
  if (route === undefined)
    return [blank, line(muted(` ${name} is not in the configuration any more. Esc goes back.`))];
  const change = view.model.switch.get(name);
  return [
    line(span(` ${name}`, 'title', true), span('  '), ...placeSpans(route)),
    blank,
    ...placement(view, route, width),
    ...mode(view, route, width),
    ...(change === undefined ? [] : switchFacts(change, view, width)),
    ...warnings(view, route, width),
    ...certificate(view, route, width),
    blank,
    ...targets(view, route, width),
    ...traffic(view, route),
    blank,
    ...history(view, name),
  ];
}

function driftOf(view: View, name: string, field: 'termination' | 'labels') {
  return [...view.model.drift.values()].find(
    (entry) => 'route' in entry && entry.route === name && entry.field === field,
  );
}

/** Who serves it, and why not others; the labels that decide it. */
function placement(view: View, route: RouteEntity, width: number): Line[] {
  const { name, namespace, labels, configuredLabels, shards } = route;
  if (view.model.shard.size === 0) return [];
  const drift = driftOf(view, name, 'labels');
  const statuses = shards.flatMap((status) =>
    status.admitted
      ? [fact('', span('● ', 'good'), span(status.shard), muted(' serves it'))]
      : longFact('', `▼ ${status.shard} refuses it: ${status.reason}: ${status.message}`, width, 'bad'),
  );
  const none =
    shards.length > 0 ? [] : [fact('', span('▼ served by no shard: no selector takes it', 'bad', true))];
  const several =
    troubleOfRoute(route) === 'doubly' ? [fact('', span('▲ served twice', 'warning', true))] : [];
  const [first, ...rest] = [...none, ...statuses, ...several];
  return [
    ...(first === undefined ? [] : [renamed(first, 'shard'), ...rest]),
    ...longFact('labels', `${labelsText({ labels })}  namespace ${namespace}`, width),
    ...(drift === undefined
      ? []
      : longFact(
          'drift',
          `≠ labels, configured ${labelsText({ labels: configuredLabels })}; by ${drift.by} ${ago(view.now - drift.at)}`,
          width,
          'warning',
        )),
  ];
}

/** The same line with this word before it. */
function renamed(item: Line, word: string): Line {
  return { ...item, spans: [...fact(word).spans, ...item.spans.slice(1)] };
}

function mode(view: View, { name, tls }: RouteEntity, width: number): Line[] {
  if (tls === undefined)
    return [fact('tls', muted('none: served on http binds only, and never switched here'))];
  const { termination, configuredTermination, verify, hsts } = tls;
  const { way, meaning } = modePictures[termination];
  const drift = driftOf(view, name, 'termination');
  return [
    fact('tls', span(termination, 'text', true), muted(`  ${meaning}`)),
    fact('', span(way, 'muted')),
    ...(drift === undefined
      ? termination === configuredTermination
        ? []
        : [fact('drift', span(`≠ ${termination}`, 'warning'), muted(`, configured ${configuredTermination}`))]
      : [
          fact(
            'drift',
            span(`≠ ${drift.running}`, 'warning'),
            muted(`, configured ${drift.configured}; by ${drift.by} ${ago(view.now - drift.at)}`),
          ),
        ]),
    fact('plain HTTP', ...policySpans(tls)),
    fact('verify', verify === 'none' ? span('none', 'warning') : span('required'), muted(verifyWords(tls))),
    ...(hsts === undefined ? [] : longFact('hsts', hsts, width)),
  ];
}

const policyWords: Readonly<Record<InsecurePolicy, string>> = {
  None: 'is not served for its host',
  Allow: 'is served as well, unencrypted',
  Redirect: 'is sent to https',
};

function policySpans({ insecureEdgeTerminationPolicy: policy }: RouteTlsEntity): Span[] {
  return [span(policy), muted(`: plain HTTP ${policyWords[policy]}`)];
}

function verifyWords({ verify, termination }: RouteTlsEntity): string {
  const when = termination === 'reencrypt' ? '' : ' in reencrypt';
  return verify === 'none'
    ? `: anybody could be its servers${when}`
    : `: its servers must show a certificate that we trust${when}`;
}

/** Newest first, with what clients met before and since. */
function switchFacts(change: TlsSwitch, view: View, width: number): Line[] {
  const { from, to, by, startedAt, phase, watchUntil, endedAt, threshold, left, closeAt, text } = change;
  const { now } = view;
  const outcome = ((): Span[] => {
    switch (phase) {
      case 'watching':
        return [
          span(`watching ${duration(watchUntil - now)}`, 'accent'),
          muted(`, reverts beyond ${Math.round(threshold * 100)} % more; r reverts now`),
        ];
      case 'settled':
        return [span('● settled', 'good'), muted(` ${ago(now - (endedAt ?? now))}`)];
      case 'reverted':
        return [
          span('▲ reverted by itself', 'bad', true),
          muted(` ${ago(now - (endedAt ?? now))}, beyond ${Math.round(threshold * 100)} % more`),
        ];
    }
  })();
  const ending = closeAt > now ? `, ended within ${duration(closeAt - now)}` : ', they end when they like';
  return [
    fact('switch', span(`${from} → ${to}`), muted(` by ${by} ${ago(now - startedAt)}`)),
    fact('', ...outcome),
    fact('', ...comparison(change), ...handshakes(change)),
    ...(left === 0 || phase === 'reverted'
      ? []
      : [fact('', span(count(left)), muted(` open in ${from}${ending}`))]),
    ...(text === undefined ? [] : longFact('', text, width, phase === 'reverted' ? 'bad' : 'muted')),
  ];
}

function handshakes({ after }: TlsSwitch): Span[] {
  return after === null
    ? [muted('  nothing came by since')]
    : [
        muted(`  of ${count(after.attempts)}`),
        ...(after.handshakeFailures === 0
          ? []
          : [span(`, ${count(after.handshakeFailures)} of them handshakes`, 'warning')]),
      ];
}

function warnings(view: View, route: RouteEntity, width: number): Line[] {
  const said = warningsBesides(route).map((text, index) => ({ text, first: index === 0 }));
  const unserved =
    endsWithUs(route) && certificateOf(view, route) === undefined && said.length === 0
      ? [{ text: 'no certificate for its host', first: true }]
      : [];
  return [...said, ...unserved].flatMap(({ text, first }) =>
    longFact(first ? '▲ warning' : '', text, width, 'warning'),
  );
}

function certificate(view: View, route: RouteEntity, width: number): Line[] {
  const shown = certificateOf(view, route);
  if (shown === undefined) return [];
  const validity = validityOf(shown, view.now);
  const others = shown.names.length > 1 ? ` and ${shown.names.length - 1} more` : '';
  const unused = endsWithUs(route) ? '' : '  (passed through: not shown to clients now)';
  return [
    fact(
      'cert',
      span(certificateName(shown)),
      muted(`${others}, `),
      span(
        expirySentence(shown, view.now),
        validityTone(validity),
        validity === 'expired' || validity === 'soon',
      ),
      muted(unused || `, by ${shown.issuer}`),
    ),
    ...(shown.disk.state === 'same'
      ? []
      : longFact('', `on disk ${shown.disk.state}: ${shown.disk.text}`, width, 'warning')),
  ];
}

function targets(view: View, { to }: RouteEntity, width: number): Line[] {
  const whole = to.reduce((sum, { weight }) => sum + weight, 0);
  return to.flatMap(({ backend, weight }, index) => {
    const servers = serversOf(view, backend);
    const share = to.length > 1 ? `  weight ${weight}, ${percent(whole === 0 ? null : weight / whole)}` : '';
    const rest = servers.length - serversShown;
    const shown = servers.slice(0, serversShown).flatMap(({ name, operational, admin }) => {
      const { sign, tone } = operationalLook(operational);
      return [
        span(` ${sign}`, tone),
        span(` ${name}`),
        admin === 'ready' ? span('') : span(` ${admin}`, admin === 'drain' ? 'drain' : 'maint'),
      ];
    });
    const inOne = [
      span(backend, 'text', true),
      muted(share),
      span('  '),
      ...shown,
      muted(rest > 0 ? ` and ${rest} more` : ''),
    ];
    return view.model.backend.has(backend)
      ? [fact(index === 0 ? 'to' : '', ...inOne)]
      : longFact(index === 0 ? 'to' : '', `${backend}, which is not there`, width, 'warning');
  });
}

function traffic(view: View, { name, tls }: RouteEntity): Line[] {
  const rates = view.traffic.routes.get(name);
  const open = terminations.flatMap((each, index) => [
    muted(index === 0 ? '' : ' · '),
    span(count(rates?.open[each])),
    muted(` ${each}`),
  ]);
  return [
    fact(
      'rates',
      span(`${rate(rates?.requests)} req/s`),
      span(`  ${rate(rates?.errors)} err/s`, (rates?.errors ?? 0) > 0 ? 'warning' : 'text'),
      muted(`  ↓ ${bytesPerSecond(rates?.bytesIn)}  ↑ ${bytesPerSecond(rates?.bytesOut)}`),
    ),
    ...(tls === undefined
      ? []
      : [
          fact('open', ...open),
          fact(
            'handshakes',
            span(`${rate(rates?.handshakes)}/s`),
            span(
              `  ${rate(rates?.handshakeFailures)}/s failed`,
              (rates?.handshakeFailures ?? 0) > 0 ? 'warning' : 'muted',
            ),
          ),
        ]),
  ];
}

function history(view: View, name: string): Line[] {
  const entries = newestEntries(view, name).slice(0, historyShown);
  return [
    heading('journal'),
    ...(entries.length === 0
      ? [line(muted(' nothing yet'))]
      : entries.map((entry) => entryLine(entry, view, false))),
  ];
}
