// What a command would do to whom: from the model and the last samples, in sentences. Nothing is changed here.

import type { Command, Preview, PreviewLine } from '../domain/command.ts';
import type { ServerSample } from '../domain/counters.ts';
import type { BackendEntity, Model, ServerEntity } from '../domain/model.ts';
import type { ServerKey } from '../domain/plan.ts';
import type { Sample } from '../domain/sample.ts';
import { takesNewClients } from '../domain/server-state.ts';
import type { ServerCommand } from './server-commands.ts';
import { countText, deadlineText, stateText } from './wording.ts';

export interface PreviewFacts {
  readonly model: Model;
  server(key: ServerKey): ServerSample | undefined;
  /** Rates of the last second; undefined before there are any. */
  readonly sample: Sample | undefined;
}

type Lines = PreviewLine[];

export function previewServer(command: ServerCommand, facts: PreviewFacts): Preview {
  const server = facts.model.server.get(command.server);
  if (!server)
    return {
      title: `drop the override of ${command.server}`,
      lines: [
        { tone: 'then', text: 'the configuration has no such server: only what was remembered of it goes' },
      ],
    };
  const backend = facts.model.backend.get(server.backend)!;
  const lines: Lines = [{ tone: 'now', text: nowText(server, facts.server(server.key)) }];
  const from = { admin: server.admin, weight: server.weight };
  const configured = { admin: server.configuredAdmin, weight: server.configuredWeight };
  const job = facts.model.drain.get(server.key);
  const say = (tone: PreviewLine['tone'], text: string): void => void lines.push({ tone, text });

  switch (command.kind) {
    case 'drain':
      leaving(server, backend, facts, lines);
      if (job) say('then', `it drains already, begun by ${job.by}: only deadline and action change`);
      say('then', deadlineThen(command));
      if (backend.algorithm === 'source' && !backend.cookie)
        say('then', 'on ready its clients move back to it');
      return { title: `drain ${server.key}`, lines, from };
    case 'maint': {
      leaving(server, backend, facts, lines);
      const { streams = 0, sticky = 0 } = facts.server(server.key) ?? {};
      if (streams > 0)
        say('then', `maint does not cut what is in flight: ${countText(streams, 'stream')} may finish`);
      if (backend.cookie && sticky > 0)
        say(
          'then',
          `${countText(sticky, 'client')} with a cookie for ${server.name} are sent elsewhere, with a new cookie`,
        );
      if (backend.check) say('then', 'its checks rest until it is ready again');
      return { title: `maint for ${server.key}`, lines, from };
    }
    case 'ready':
      arriving(server, backend, { ...from, admin: 'ready' }, facts, lines);
      if (job) say('then', `the drain job of ${job.by} ends`);
      return { title: `${server.key} back to ready`, lines, from };
    case 'weight':
      weight(server, backend, command.weight, facts, lines);
      return { title: `weight ${server.weight} → ${command.weight} for ${server.key}`, lines, from };
    case 'rollback':
      if (job) {
        const target = job.before.overridden ? job.before : configured;
        say('then', `the drain job of ${job.by} ends; ${server.name} is ${stateText(target)} again`);
        arriving(server, backend, target, facts, lines);
      } else say('warning', 'it has no drain job');
      return { title: `roll back the drain of ${server.key}`, lines, from };
    case 'reset': {
      say('then', `the configuration's values hold again: ${stateText(configured)}`);
      if (job) say('then', `the drain job of ${job.by} ends`);
      arriving(server, backend, configured, facts, lines);
      return { title: `drop the override of ${server.key}`, lines, from };
    }
  }
}

function nowText(server: ServerEntity, sample: ServerSample | undefined): string {
  const state = `${server.name} is ${stateText(server)}, ${server.operational}`;
  if (!sample) return `${state}; its traffic is not known yet`;
  const streams = sample.streams - sample.tunnels;
  const parts = [
    countText(streams, 'request in flight', 'requests in flight'),
    sample.tunnels > 0 && countText(sample.tunnels, 'tunnel'),
    sample.sticky > 0 && countText(sample.sticky, 'idle cookie client'),
    sample.queued > 0 && `${sample.queued} queued`,
  ].filter(Boolean);
  return `${state}: ${parts.join(', ')}`;
}

/** Active servers take clients; backups only while no active one does. */
function takers(backend: BackendEntity, facts: PreviewFacts, without: ServerKey): ServerEntity[] {
  const others = backend.servers
    .filter((key) => key !== without)
    .map((key) => facts.model.server.get(key))
    .filter((server) => server !== undefined && takesNewClients(server)) as ServerEntity[];
  const active = others.filter(({ backup }) => !backup);
  return active.length > 0 ? active : others;
}

function leaving(server: ServerEntity, backend: BackendEntity, facts: PreviewFacts, lines: Lines): void {
  const others = takers(backend, facts, server.key);
  if (takesNewClients(server))
    lines.push({ tone: 'then', text: takeoverText(server, backend, others, facts) });
  else lines.push({ tone: 'then', text: 'it takes no new clients now: nothing moves' });
  const { tunnels = 0, sticky = 0 } = facts.server(server.key) ?? {};
  if (tunnels > 0)
    lines.push({
      tone: 'then',
      text: `${countText(tunnels, 'tunnel ends', 'tunnels end')} only when a client or the server ends ${tunnels === 1 ? 'it' : 'them'}`,
    });
  if (backend.cookie && server.operational !== 'down' && server.admin !== 'maint')
    lines.push({
      tone: 'then',
      text:
        sticky > 0
          ? `~${countText(sticky, 'client')} with a cookie for ${server.name} still arrive in drain until they leave`
          : `clients with a cookie for ${server.name} still arrive in drain until they leave`,
    });
  warnings(server, backend, others, lines);
}

function takeoverText(
  server: ServerEntity,
  backend: BackendEntity,
  others: readonly ServerEntity[],
  facts: PreviewFacts,
): string {
  if (others.length === 0) return 'nobody takes over';
  const names = listOf(others.map(({ name }) => name));
  if (backend.algorithm === 'source') return `its clients move to ${names}; the others keep theirs`;
  const rateOf = (key: ServerKey): number | null =>
    facts.sample?.servers?.find((entry) => entry.key === key)?.requests ?? null;
  const own = rateOf(server.key);
  const theirs = others.reduce<number | null>((sum, { key }) => {
    const rate = rateOf(key);
    return sum === null || rate === null ? null : sum + rate;
  }, 0);
  const who = `new clients go to ${names}`;
  if (own === null || theirs === null || own < 0.5) return who;
  const unit = backend.mode === 'http' ? 'req/s' : 'connections/s';
  const change = `${who}: ${rateText(theirs)} → ${rateText(theirs + own)} ${unit}`;
  return theirs < 0.5 ? change : `${change}, ${((theirs + own) / theirs).toFixed(1)} × their load now`;
}

function warnings(
  server: ServerEntity,
  backend: BackendEntity,
  others: readonly ServerEntity[],
  lines: Lines,
): void {
  const all = backend.servers.length;
  if (others.length === 0) {
    lines.push({
      tone: 'warning',
      text: `no server left in ${backend.name}: ${backend.mode === 'http' ? 'new requests get 503' : 'new connections are closed'}`,
    });
    return;
  }
  if (takesNewClients(server) && others.length < all - 1)
    lines.push({ tone: 'warning', text: `leaves ${others.length} of ${all} servers in ${backend.name}` });
  if (!server.backup && others.every(({ backup }) => backup))
    lines.push({
      tone: 'warning',
      text: `only backup servers are left: ${listOf(others.map(({ name }) => name))}`,
    });
}

function arriving(
  server: ServerEntity,
  backend: BackendEntity,
  target: { readonly admin: ServerEntity['admin']; readonly weight: number },
  facts: PreviewFacts,
  lines: Lines,
): void {
  const say = (tone: PreviewLine['tone'], text: string): void => void lines.push({ tone, text });
  if (target.admin !== 'ready') return;
  if (server.admin === 'maint' && backend.check)
    say('then', 'it counts as up at once, before a check has passed; the first failure takes it down');
  if (server.operational === 'down')
    say(
      'warning',
      `it is down (${server.check?.reason ?? 'no check result'}): it takes clients only once checks pass`,
    );
  else if (target.weight === 0) say('warning', 'its weight is 0: no new clients, only those with a cookie');
  else if (!takesNewClients(server))
    say(
      'then',
      backend.algorithm === 'source'
        ? `its clients move back to it from ${listOf(takers(backend, facts, server.key).map(({ name }) => name))}`
        : `it takes new clients again, about ${shareText(server.key, target.weight, backend, facts)} of ${backend.name}`,
    );
}

function weight(
  server: ServerEntity,
  backend: BackendEntity,
  wanted: number,
  facts: PreviewFacts,
  lines: Lines,
): void {
  const others = takers(backend, facts, server.key);
  const say = (tone: PreviewLine['tone'], text: string): void => void lines.push({ tone, text });
  if (wanted === 0) {
    if (takesNewClients(server)) say('then', takeoverText(server, backend, others, facts));
    say(
      'warning',
      'weight 0 is not drain: it takes no new clients, clients with a cookie stay, and no job watches it empty',
    );
    warnings(server, backend, others, lines);
    return;
  }
  if (server.admin !== 'ready') say('then', `it is in ${server.admin}: the weight counts once it is ready`);
  else
    say(
      'then',
      `its share of new clients in ${backend.name}: ${shareText(server.key, server.weight, backend, facts)} → ${shareText(server.key, wanted, backend, facts)}`,
    );
  if (backend.algorithm === 'source')
    say('then', 'some clients move to another server, since the hash follows the weights');
}

function shareText(key: ServerKey, own: number, backend: BackendEntity, facts: PreviewFacts): string {
  const rest = takers(backend, facts, key).reduce((sum, server) => sum + server.weight, 0);
  return own + rest === 0 ? '0 %' : `${Math.round((own * 100) / (own + rest))} %`;
}

function deadlineThen({ deadlineMs, then, killRate }: Extract<Command, { kind: 'drain' }>): string {
  if (deadlineMs === 0) return 'no deadline: it drains until nothing is left, or until somebody ends it';
  return deadlineText(deadlineMs, then, killRate);
}

function listOf(names: readonly string[]): string {
  return names.length <= 4
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

const rateText = (rate: number): string =>
  rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en-US');
