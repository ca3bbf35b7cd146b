// What draining an endpoint, or giving it new connections again, would do to whom. Nothing is changed here.

import type { Preview, PreviewLine } from '../../domain/command.ts';
import { parseIp } from '../../domain/ip.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { EndpointEntity, ServiceEntity } from '../../domain/kernel.ts';
import type { Model } from '../../domain/model.ts';
import type { ServerKey } from '../../domain/plan.ts';
import { takesNewClients } from '../../domain/server-state.ts';
import type { Conntrack, Flow } from '../../nft/conntrack/conntrack.ts';
import type { EndpointUndo } from '../journal.ts';
import { countText } from '../wording.ts';
import { type EndpointCommand, type EndpointContext, endpointFault } from './endpoint-commands.ts';

export interface EndpointPreviewContext {
  readonly model: Model;
  readonly context: Pick<EndpointContext, 'states' | 'endpoints'>;
  readonly conntrack: Conntrack | undefined;
}

export async function endpointPreview(
  command: EndpointCommand,
  { model, context, conntrack }: EndpointPreviewContext,
): Promise<Preview> {
  const { server, endpoint, admin } = command;
  const title = `${admin === 'drain' ? 'drain' : 'new connections again for'} endpoint ${endpoint} of ${server}`;
  const fault = endpointFault(command, context);
  if (fault) return { title, lines: [{ tone: 'warning', text: fault.text }] };
  const service = context.endpoints.entity(server);
  const own = service?.endpoints.find(({ address }) => address === endpoint);
  if (!service || !own)
    return {
      title,
      lines: [
        { tone: 'then', text: 'the configuration has no such endpoint: only what was remembered of it goes' },
      ],
    };
  const others = service.endpoints.filter((each) => each.admin === 'ready' && each !== own);
  const address = model.server.get(server)?.address;
  const tracked = address === undefined ? undefined : await trackedOn(conntrack, address, endpoint);
  return {
    title,
    lines: [
      { tone: 'now', text: `${nowText(own, others)}${tracked === undefined ? '' : `; ${tracked}`}` },
      ...(admin === 'drain' ? drainLines(server, own, others, model) : readyLines(own, others)),
      ...inForceLines(service),
    ],
  };
}

export function endpointUndoPreview(
  entry: JournalEntry,
  { service, endpoint, before }: EndpointUndo,
): Preview {
  return {
    title: `undo "${entry.text}" of ${service}`,
    entry: entry.id,
    lines: [
      { tone: 'now', text: `that was done by ${entry.actor.name}` },
      {
        tone: 'then',
        text:
          before === null
            ? `endpoint ${endpoint} gets new connections again`
            : `endpoint ${endpoint} gets no new connections; those it has finish`,
      },
    ],
  };
}

function nowText(own: EndpointEntity, others: readonly EndpointEntity[]): string {
  return own.admin === 'drain'
    ? `it drains${own.adminBy === undefined ? '' : `, by ${own.adminBy}`}`
    : `it is ready, and gets ${shareOf(own, others)} of the new connections`;
}

function shareOf({ weight }: EndpointEntity, others: readonly EndpointEntity[]): string {
  const total = others.reduce((sum, other) => sum + other.weight, weight);
  return `${Math.round((weight * 100) / total)} %`;
}

function drainLines(
  server: ServerKey,
  own: EndpointEntity,
  others: readonly EndpointEntity[],
  model: Model,
): PreviewLine[] {
  if (own.admin === 'drain') return [{ tone: 'then', text: 'nothing changes' }];
  const kept: PreviewLine = {
    tone: 'then',
    text: 'requests and streams under way finish; kept connections of the server take no further request',
  };
  if (others.length > 0) {
    const names = others.slice(0, 3).map(({ address }) => address);
    const more = others.length > names.length ? ` and ${others.length - names.length} more` : '';
    return [{ tone: 'then', text: `new connections go to ${names.join(', ')}${more}` }, kept];
  }
  const { backend = '' } = model.server.get(server) ?? {};
  const takers = (model.backend.get(backend)?.servers ?? []).filter((key) => {
    const other = model.server.get(key);
    return key !== server && other !== undefined && takesNewClients(other);
  });
  return [
    kept,
    { tone: 'warning', text: `no endpoint of ${server} is left: connecting to it is refused at once` },
    takers.length > 0
      ? {
          tone: 'then',
          text: `its clients are sent to ${countText(takers.length, 'other server')} of ${backend}`,
        }
      : { tone: 'warning', text: `and no other server of ${backend} takes clients` },
  ];
}

function readyLines(own: EndpointEntity, others: readonly EndpointEntity[]): PreviewLine[] {
  return own.admin === 'ready'
    ? [{ tone: 'then', text: 'nothing changes' }]
    : [{ tone: 'then', text: `it gets ${shareOf(own, others)} of the new connections` }];
}

function inForceLines({ inForce }: ServiceEntity): PreviewLine[] {
  if (inForce === true) return [];
  const remedy = inForce.remedy === undefined ? '' : `; ${inForce.remedy}`;
  return [{ tone: 'warning', text: `its address is not translated now: ${inForce.no}${remedy}` }];
}

const mostFlows = 10_000;

/** Of connections to the service's address, those that this endpoint answers; undefined where nobody can tell. */
async function trackedOn(
  conntrack: Conntrack | undefined,
  service: string,
  endpoint: string,
): Promise<string | undefined> {
  const [to, at] = [placeOf(service), placeOf(endpoint)];
  try {
    const answer = await conntrack?.list({
      originalAddress: to.host,
      originalPort: to.port,
      limit: mostFlows,
    });
    if (answer === undefined) return undefined;
    const here = answer.flows.filter((flow) => isOpen(flow) && isFrom(flow, at)).length;
    return `${answer.more ? 'at least ' : ''}${countText(here, 'connection')} on it`;
  } catch {
    return undefined;
  }
}

/** Not one that has ended, and is only remembered. */
const isOpen = ({ state }: Flow): boolean => state !== 'TIME_WAIT' && state !== 'CLOSE';

function isFrom({ reply }: Flow, { host, port }: { host: string; port: number }): boolean {
  return reply.sourcePort === port && String(parseIp(reply.source)) === String(parseIp(host));
}

function placeOf(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}
