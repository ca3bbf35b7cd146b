// What a stream leaves on its connection for rows and log: begun afresh with each request, closed with its letters.

import type { ServerKey } from '../../domain/plan.ts';
import type { Phase, TerminationState, Who } from '../../domain/termination.ts';
import type { LiveConnection } from '../live-connection.ts';
import type { RequestHead } from './request-head.ts';
import type { Stickiness } from './stickiness.ts';

export interface StreamCauses {
  readonly who: Who;
  readonly phase: Phase;
}

export const regularEnd: StreamCauses = { who: '-', phase: '-' };

/** `headMono`: when the head was complete; -1 where it never was, and then what was read of it stays unsaid. */
export function beginStream(live: LiveConnection, head: RequestHead, headMono: number): void {
  const known = headMono !== -1;
  live.requests += 1;
  live.method = known ? head.method : undefined;
  live.host = known ? head.hostName : undefined;
  live.path = known ? head.target : undefined;
  live.version = known ? versions[head.minor] : undefined;
  live.route = undefined;
  live.backend = undefined;
  live.server = undefined;
  live.serverAddress = undefined;
  live.serverSocket = undefined;
  live.status = 0;
  live.headMono = headMono;
  live.queuedMono = -1;
  live.assignedMono = -1;
  live.connectedMono = -1;
  live.responseMono = -1;
  live.endMono = -1;
  live.reusedServerConnection = false;
  live.serverTls = undefined;
  live.serverHandshakeMono = -1;
  live.serverFinMono = -1;
  live.cause = undefined;
  live.streamBytesIn = 0;
  live.streamBytesOut = 0;
  live.retries = 0;
  live.redispatched = false;
  live.serverQueuePlace = 0;
  live.backendQueuePlace = 0;
  live.termination = undefined;
  live.steps = undefined;
}

/** Raw text: whoever shows it makes it safe. */
export function noteRetry(live: LiveConnection, mono: number, server: ServerKey, reason: string): void {
  live.steps ??= [];
  live.steps.push({ what: 'retry', atMs: mono - live.acceptedMono, text: `${server}: ${reason}` });
}

export function noteUpgrade(live: LiveConnection, mono: number, protocol: string): void {
  live.phase = 'tunnel';
  live.steps ??= [];
  live.steps.push({ what: 'upgrade', atMs: mono - live.acceptedMono, text: `to ${protocol}` });
}

const versions = ['HTTP/1.0', 'HTTP/1.1'] as const;

const regular: TerminationState = '----';

/** `answered`: the answer with its Set-Cookie went out. */
export function terminationOf(
  { who, phase }: StreamCauses,
  stickiness: Stickiness | undefined,
  answered: boolean,
): TerminationState {
  if (stickiness !== undefined)
    return `${who}${phase}${stickiness.cookieIn}${answered ? stickiness.cookieOut : 'N'}`;
  return who === '-' ? regular : `${who}${phase}--`;
}
