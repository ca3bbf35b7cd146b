// The ladder of a connection's newest stream: a step for each time that the hot path noted, and those it wrote down itself,
// in the order in which they happened. Made only when somebody looks. Every text is raw.

import type { ConnectionStep } from '../domain/connection.ts';
import type { ServerTlsFacts } from '../domain/tls.ts';
import type { LiveConnection } from './live-connection.ts';
import { handshakeFailed } from './stream-record.ts';

type What = ConnectionStep['what'];

export function stepsOf(connection: LiveConnection): ConnectionStep[] {
  const steps: ConnectionStep[] = [];
  const add = (what: What, mono: number, text: string, by?: ConnectionStep['by']) => {
    if (mono < 0) return;
    const atMs = Math.max(0, Math.round(mono - connection.acceptedMono));
    steps.push(by === undefined ? { what, atMs, text } : { what, by, atMs, text });
  };
  add('accept', connection.acceptedMono, `${connection.client} on ${connection.bind}`);
  addHandshake(connection, add);
  addStream(connection, add);
  add('fin', connection.clientFinMono, 'FIN', 'client');
  add('fin', connection.serverFinMono, 'FIN', 'server');
  add('fin', connection.ownFinMono, 'FIN', 'sluice');
  add('reset', connection.resetMono, 'RST', connection.resetBy);
  add('end', connection.endMono, connection.termination ?? (connection.mode === 'tcp' ? '--' : '----'));
  for (const step of connection.steps ?? [])
    steps.push({ ...step, atMs: Math.max(0, Math.round(step.atMs)) });
  // Sorting is stable: steps of the same millisecond keep the order in which they must have happened.
  return steps.sort((a, b) => a.atMs - b.atMs || rank[a.what] - rank[b.what]);
}

type Add = (what: What, mono: number, text: string) => void;

/** With the client. */
function addHandshake(connection: LiveConnection, add: Add): void {
  const { tls, helloMono, handshakeMono, cause } = connection;
  if (tls !== undefined) {
    const name = tls.sni === undefined ? 'no SNI' : `SNI ${tls.sni}`;
    const alpn = tls.alpnOffered.length === 0 ? 'no ALPN' : `ALPN ${tls.alpnOffered.join(' ')}`;
    add('client-hello', helloMono, [name, alpn, tls.versionsOffered.join(' ')].filter(isSaid).join(', '));
  }
  if (handshakeFailed(connection)) add('handshake-failed', handshakeMono, cause ?? 'failed');
  else if (tls?.version !== undefined) {
    const { version, cipher = '', alpn, resumed, clientSubject } = tls;
    const text = [
      `${version} ${lasting(resumed === true, handshakeMono - helloMono)}`,
      cipher,
      alpn === undefined ? '' : `ALPN ${alpn}`,
      clientSubject === undefined ? '' : `client certificate ${clientSubject}`,
    ];
    add('handshake', handshakeMono, text.filter(isSaid).join(', '));
  }
}

/** From the request to the answer; bytes passed through know neither. */
function addStream(connection: LiveConnection, add: Add): void {
  const { server = 'a server', serverAddress, serverTls, tls, method, host, path } = connection;
  const requestLine = [method, path].filter((part) => part !== undefined).join(' ');
  add('request', connection.headMono, `${requestLine}${host ? ` for ${host}` : ''}`);
  add('queue', connection.queuedMono, queueText(connection));
  const where = serverAddress === undefined ? server : `${server} at ${serverAddress}`;
  if (connection.reusedServerConnection) {
    const over = serverTls === undefined ? '' : ` over ${serverTls.version}`;
    add('pooled', connection.connectedMono, `kept connection to ${where}${over}`);
  } else {
    add('connect', connection.connectedMono, `connected to ${where}`);
    if (serverTls !== undefined)
      add('server-handshake', connection.serverHandshakeMono, serverHandshakeText(serverTls));
  }
  if (connection.serverHelloMono >= 0) {
    const hello = [tls?.version ?? 'ServerHello', tls?.cipher ?? ''];
    add('server-hello', connection.serverHelloMono, hello.filter(isSaid).join(', '));
    // It is the server's first byte as well.
    if (connection.mode === 'tcp') return;
  }
  add('response', connection.responseMono, connection.status === 0 ? 'first byte' : `${connection.status}`);
}

function serverHandshakeText(tls: ServerTlsFacts): string {
  const name = tls.serverName === undefined ? '' : ` ${tls.serverName}`;
  const trust = tls.verified ? `verified${name}` : `not verified${name}`;
  return `${tls.version} ${lasting(tls.resumed, tls.handshakeMs)}, ${trust}, ${tls.cipher}`;
}

function lasting(resumed: boolean, ms: number): string {
  return `${resumed ? 'resumed' : 'full'} in ${Math.max(0, Math.round(ms))} ms`;
}

function queueText({ serverQueuePlace, backendQueuePlace, backend, server }: LiveConnection): string {
  if (serverQueuePlace > 0) return `place ${serverQueuePlace} in the queue of ${server ?? 'its server'}`;
  if (backendQueuePlace > 0) return `place ${backendQueuePlace} in the queue of ${backend ?? 'its backend'}`;
  return 'waited for a free place';
}

const isSaid = (text: string) => text !== '';

const order: readonly (readonly What[])[] = [
  ['accept'],
  ['client-hello'],
  ['handshake', 'handshake-failed'],
  ['request'],
  ['queue'],
  ['retry'],
  ['connect', 'pooled'],
  ['server-handshake', 'server-handshake-failed'],
  ['server-hello'],
  ['response'],
  ['upgrade'],
  ['fin'],
  ['reset'],
  ['end'],
];
const rank = Object.fromEntries(order.flatMap((each, place) => each.map((what) => [what, place]))) as Record<
  What,
  number
>;
