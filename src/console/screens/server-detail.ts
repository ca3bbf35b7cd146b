// All that is known of one server: what somebody wants, what checks see and why, its traffic, and its own history.

import type { DrainJob } from '../../domain/drain.ts';
import type { ServerEntity } from '../../domain/model.ts';
import type { ServerKey } from '../../domain/plan.ts';
import type { ServerRates } from '../../domain/sample.ts';
import { fact, heading, longFact } from '../facts.ts';
import { ago, bytesPerSecond, chosenTime, count, duration, latencyOf, plural, rate } from '../format.ts';
import type { Line } from '../frame.ts';
import { entryLine, newestEntries } from '../journal-line.ts';
import { adminTone, checkSentence, operationalSpan } from '../server-look.ts';
import { blank, line, muted, span } from '../spans.ts';
import { padEnd, padStart } from '../text.ts';
import { endpointKey } from '../traffic.ts';
import { drainOf, type View } from '../view.ts';
import { drainLine, whatIsLeft } from './drain-line.ts';

const historyShown = 20;

export function serverDetail(view: View, key: ServerKey, width: number): Line[] {
  const server = view.model.server.get(key);
  if (server === undefined)
    return [blank, line(muted(` ${key} is not in the configuration any more. Esc goes back.`))];
  const drain = drainOf(view, key);
  return [
    line(
      span(` ${server.key}`, 'title', true),
      span(`  ${server.address}`),
      muted(server.backup ? '  backup' : ''),
    ),
    blank,
    ...states(view, server, width),
    ...(drain === undefined ? [] : drainFacts(drain, view, width)),
    ...serviceFacts(view, server, width),
    blank,
    ...traffic(view.traffic.servers.get(key), server),
    blank,
    ...history(view, key),
  ];
}

function states(view: View, server: ServerEntity, width: number): Line[] {
  const { now } = view;
  const backend = view.model.backend.get(server.backend);
  const before = server.previousOperational;
  const { check, checkProgress } = server;
  return [
    fact(
      'admin',
      span(server.admin, adminTone(server.admin)),
      muted(server.adminBy === undefined ? '  by the configuration' : `  by ${server.adminBy}`),
      muted(server.adminSince > 0 ? `, since ${duration(now - server.adminSince)}` : ''),
    ),
    fact(
      'state',
      operationalSpan(server, now),
      muted(before === undefined ? '' : `  was ${before.state} ${duration(before.lastedMs)}`),
    ),
    ...(checkProgress === undefined
      ? []
      : [
          fact(
            '',
            span(
              `${checkProgress.done} of ${checkProgress.of} checks towards ${checkProgress.towards}`,
              checkProgress.towards === 'down' ? 'warning' : 'text',
            ),
          ),
        ]),
    ...(check === undefined
      ? [fact('check', muted(backend?.check === undefined ? 'none configured' : 'no result yet'))]
      : [
          fact(
            'check',
            span(checkSentence(check), check.ok ? 'good' : 'bad'),
            muted(`  ${ago(now - check.at)}`),
          ),
          // Of a good check the reason says no more than the sentence.
          ...(check.ok ? [] : longFact('', check.reason, width)),
        ]),
    ...(backend?.check === undefined ? [] : longFact('', backend.check, width, 'muted')),
    fact(
      'weight',
      span(String(server.weight), server.weight === server.configuredWeight ? 'text' : 'warning'),
      muted(server.weight === server.configuredWeight ? '' : `  configured ${server.configuredWeight}`),
      muted(
        server.maxConnections === 0
          ? ', no connection limit'
          : `, at most ${count(server.maxConnections)} connections`,
      ),
    ),
    ...[...view.model.drift.values()]
      .filter((entry) => 'server' in entry && entry.server === server.key)
      .map((entry) =>
        fact(
          'drift',
          span(`≠ ${'endpoint' in entry ? entry.endpoint : entry.field} ${entry.running}`, 'warning'),
          muted(`, configured ${entry.configured}; by ${entry.by} ${ago(now - entry.at)}`),
        ),
      ),
  ];
}

/** Of a service: where its address is translated to, and how the kernel shares its connections out. */
function serviceFacts({ traffic: seen }: View, { key, service }: ServerEntity, width: number): Line[] {
  if (service === undefined) return [];
  const { pick, endpoints, inForce } = service;
  const taking = endpoints.filter(({ admin }) => admin === 'ready').length;
  const how = pick === 'hash' ? 'by the hash of the client' : 'at random';
  return [
    fact(
      'service',
      span(`${plural(endpoints.length, 'endpoint')}, ${taking} ready`),
      muted(`, picked ${how} by nftables`),
    ),
    ...(inForce === true
      ? []
      : longFact(
          '',
          `▲ not translated: ${inForce.no}${inForce.remedy === undefined ? '' : `; ${inForce.remedy}`}`,
          width,
          'warning',
        )),
    ...endpoints.map(({ address, admin, weight, adminBy }) => {
      const rates = seen.endpoints.get(endpointKey(key, address));
      return fact(
        '',
        span(`⇢ ${padEnd(address, 22)}`),
        span(padEnd(admin, 6), adminTone(admin)),
        span(
          `${padStart(count(rates?.connections), 6)} conns ${padStart(rate(rates?.newConnections), 6)} new/s`,
        ),
        muted(`  wt ${weight}${adminBy === undefined ? '' : `, by ${adminBy}`}`),
      );
    }),
  ];
}

function drainFacts(job: DrainJob, view: View, width: number): Line[] {
  const deadline =
    job.deadlineAt === 0
      ? 'no deadline'
      : `deadline ${chosenTime(job.deadlineAt - job.startedAt)}, then ${deadlineWord(job)}`;
  return [
    line(span('  '), ...drainLine(job, view.now, width - 3)),
    ...longFact('left', whatIsLeft(job), width),
    fact('drain job', span(`by ${job.by} ${ago(view.now - job.startedAt)}; ${deadline}`)),
    fact('roll back', muted(`to ${job.before.admin}, weight ${job.before.weight}`)),
  ];
}

function deadlineWord({ then, killRate }: DrainJob): string {
  switch (then) {
    case 'wait':
      return 'wait on';
    case 'kill':
      return `end ${killRate} connections/s`;
    case 'maint':
      return 'maint';
    case 'ready':
      return 'back as it was';
  }
}

function traffic(rates: ServerRates | undefined, server: ServerEntity): Line[] {
  const latency = rates?.latency;
  return [
    fact(
      'now',
      span(`${count(rates?.streams)} streams`),
      muted(
        `, ${count(rates?.tunnels)} tunnels · ${count(rates?.queued)} queued · ${count(rates?.sticky)} idle cookie clients · ${count(rates?.idle)} pooled`,
      ),
    ),
    fact(
      'rates',
      span(`${rate(rates?.requests)} req/s`),
      span(`  ${rate(rates?.errors)} err/s`, (rates?.errors ?? 0) > 0 ? 'warning' : 'text'),
      muted(`  to it ${bytesPerSecond(rates?.bytesIn)}, from it ${bytesPerSecond(rates?.bytesOut)}`),
    ),
    fact(
      'latency',
      span(
        `p50 ${latencyOf(latency?.p50)}  p90 ${latencyOf(latency?.p90)}  p99 ${latencyOf(latency?.p99)}  max ${latencyOf(latency?.max)}`,
      ),
      muted(server.operational === 'down' ? '  (of those that still ended)' : ''),
    ),
  ];
}

function history(view: View, key: ServerKey): Line[] {
  const entries = newestEntries(view, key).slice(0, historyShown);
  return [
    heading('journal'),
    ...(entries.length === 0
      ? [line(muted(' nothing yet'))]
      : entries.map((entry) => entryLine(entry, view, false))),
  ];
}
