// One connection in full: where it goes, the ladder of its newest stream, its timers and its end, in words.

import type { ConnectionDetail, StreamTimers } from '../../domain/connection.ts';
import { explainTermination } from '../../domain/termination.ts';
import { addressOf } from '../client-address.ts';
import { fact, longFact } from '../facts.ts';
import { bytes, bytesPerSecond, count, duration, latency, plural } from '../format.ts';
import type { Line } from '../frame.ts';
import { hopText } from '../kernel-look.ts';
import { slotOf } from '../slots.ts';
import { apart, blank, line, muted, span } from '../spans.ts';
import type { OpenConnection } from '../state.ts';
import { padEnd } from '../text.ts';
import type { View } from '../view.ts';
import { ladder } from './ladder.ts';

export function connectionDetail(view: View, open: OpenConnection, width: number): Line[] {
  const { detail } = open;
  if (detail === undefined)
    return [
      blank,
      line(
        muted(
          open.gone
            ? ` Connection ${open.id} is not here any more. Esc goes back.`
            : ` asking for connection ${open.id}…`,
        ),
      ),
    ];
  return [
    way(view, detail, open.gone, width),
    ...request(detail, width),
    blank,
    ...ladder(detail, width),
    blank,
    ...(detail.kernel ? [] : timers(detail)),
    ...kernelFacts(detail, width),
    ...tlsFacts(detail, width),
    ...end(detail, open.gone, width),
    fact(
      'traffic',
      span(
        detail.uncounted
          ? 'bytes are not counted'
          : `↓ ${bytes(detail.bytesIn)}  ↑ ${bytes(detail.bytesOut)}`,
      ),
      muted(
        `  ${bytesPerSecond(detail.rate)} now${detail.mode === 'http' ? ` · ${plural(detail.requests, 'request')}` : ''} · silent for ${duration(detail.idleMs)}`,
      ),
    ),
    ...carrier(view, detail),
    fact('accepted', muted(`${view.timeOfDay(detail.acceptedAt)} as ${detail.id}`)),
  ];
}

/** "client → bind → instance → route → server". */
function way(view: View, detail: ConnectionDetail, gone: boolean, width: number): Line {
  const isSteered = view.model.instance.size > 1;
  const places = [
    detail.client,
    detail.bind,
    ...(detail.kernel ? ['kernel'] : isSteered ? [detail.instance] : []),
    detail.route,
    detail.server ?? detail.backend,
    detail.hop?.endpoint,
  ].filter((place) => place !== undefined);
  const spans = places.flatMap((place, index) => [
    muted(index === 0 ? ' ' : ' → '),
    span(place, 'text', index === 0),
  ]);
  const over = gone || detail.phase === 'ended';
  return apart(
    spans,
    [
      span(over ? '◌ ended ' : '● live ', over ? 'muted' : 'good'),
      span(`${duration(detail.ageMs)}  `),
      span(detail.phase, 'accent'),
      span(' '),
    ],
    width,
  );
}

/** "default/2 · slot 40,211 of 65,537": why it is there, or why a new one would be elsewhere. */
function carrier({ model }: View, { instance, client, kernel }: ConnectionDetail): Line[] {
  if (kernel) return [];
  const shard = model.shard.get(instance.slice(0, instance.lastIndexOf('/')));
  const address = addressOf(client);
  const slot = shard === undefined || address === undefined ? undefined : slotOf(shard, address);
  if (slot === undefined)
    return shard === undefined ? [] : [fact('instance', span(instance), muted('  not steered'))];
  return [
    fact(
      'instance',
      span(instance),
      muted(` · slot ${count(slot.slot)} of ${count(slot.of)}`),
      slot.owner === instance ? span('') : span(`, a new one goes to ${slot.owner}`, 'drain'),
    ),
  ];
}

/** What the ladder has no room for: who decided where it goes beyond the server's address, and who carries it. */
function kernelFacts({ kernel, hop }: ConnectionDetail, width: number): Line[] {
  return [
    ...(kernel
      ? longFact(
          'carried',
          '⇢ by the kernel (path: kernel): no process sees it, so its phases, timers and requests are not known',
          width,
        )
      : []),
    ...(hop === undefined ? [] : longFact('kernel', hopText(hop), width)),
    ...(hop?.rule === undefined ? [] : longFact('by rule', hop.rule, width, 'muted')),
  ];
}

function request({ method, host, path, status }: ConnectionDetail, width: number): Line[] {
  if (method === undefined && host === undefined) return [];
  const asked = [method ?? '', `${host ?? ''}${path ?? ''}`].join(' ').trim();
  return longFact('request', status === undefined ? asked : `${asked} → ${status}`, width);
}

const timerWords: readonly (readonly [name: keyof StreamTimers, word: string])[] = [
  ['TR', 'request head'],
  ['Tw', 'queue'],
  ['Tc', 'connect'],
  ['Tr', "server's head"],
  ['Ta', 'in all'],
];

/** Each timer over its meaning. */
function timers(detail: ConnectionDetail): Line[] {
  const columns = timerWords.map(([name, word]) => {
    const shown = `${detail.mode === 'tcp' && name === 'Ta' ? 'Tt' : name} ${latency(detail.timers[name])}`;
    return { shown, word, width: Math.max(shown.length, word.length) + 3 };
  });
  return [
    fact('timers', ...columns.map(({ shown, width }) => span(padEnd(shown, width)))),
    fact('', ...columns.map(({ word, width }) => muted(padEnd(word, width)))),
  ];
}

/** What the ladder has no room for: the handshakes in full. */
function tlsFacts({ tls, clientTls, serverTls }: ConnectionDetail, width: number): Line[] {
  const client =
    // Of a handshake that came to nothing the ladder tells all there is.
    clientTls?.version === undefined
      ? []
      : [
          tls ?? 'undecided',
          [clientTls.version, clientTls.cipher].filter((each) => each !== undefined).join(' '),
          clientTls.resumed === undefined ? '' : clientTls.resumed ? 'resumed' : 'new session',
          clientTls.alpn ?? '',
          clientTls.clientSubject === undefined ? '' : `client ${clientTls.clientSubject}`,
        ];
  const server =
    serverTls === undefined
      ? []
      : [
          `${serverTls.version} ${serverTls.cipher}`,
          serverTls.resumed ? 'resumed' : 'new session',
          serverTls.verified ? `verified as ${serverTls.serverName ?? 'its address'}` : '▲ not verified',
          serverTls.handshakeMs === 0 ? '' : latency(serverTls.handshakeMs),
        ];
  const said = (words: readonly string[]) => words.filter((word) => word !== '').join(', ');
  return [
    ...(client.length === 0 ? [] : longFact('tls', said(client), width)),
    ...(server.length === 0
      ? []
      : longFact('to server', said(server), width, serverTls?.verified ? 'text' : 'warning')),
  ];
}

function end({ termination, phase }: ConnectionDetail, gone: boolean, width: number): Line[] {
  // Dashes are a regular end; of a connection that goes on they are its last stream's.
  if (termination === undefined || (phase !== 'ended' && /^-+$/.test(termination)))
    return [fact('end', muted(gone ? 'not seen' : 'running'))];
  return longFact('end', `${termination}  ${explainTermination(termination)}`, width);
}
