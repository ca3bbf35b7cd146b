// Connections that tests show, and a runtime's answer to a query over them.

import type { ConnectionTableQuery } from '../../src/client/runtime-client.ts';
import type { ConnectionDetail, ConnectionPhase, ConnectionRow } from '../../src/domain/connection.ts';
import { noon } from './worlds.ts';

const phases: readonly ConnectionPhase[] = ['data', 'wait', 'tunnel', 'idle', 'queue', 'ended'];

export const manyConnections: readonly ConnectionRow[] = Array.from({ length: 300 }, (_, index) => {
  const phase = phases[index % phases.length]!;
  return {
    id: `default/1-${index.toString(36)}`,
    client:
      index % 5 === 2 ? `[2001:db8::${index.toString(16)}]:61002` : `10.2.0.${index % 256}:5181${index % 10}`,
    bind: ':80',
    instance: `default/${(index % 2) + 1}`,
    mode: 'http',
    ...(index % 3 ? { route: 'shop' } : {}),
    backend: 'web',
    ...(phase === 'queue' ? {} : { server: 'web/app1' as const }),
    phase,
    ageMs: 251_000 - index * 700,
    idleMs: 10 * index,
    bytesIn: 900 * index,
    bytesOut: 1_200_000 * index,
    rate: 1_000 * index,
    requests: index + 1,
    method: 'GET',
    host: 'shop.apps.example.com',
    path: index === 1 ? '/cart/\u001b[31mred' : '/cart',
    ...(phase === 'queue' ? {} : { status: index % 7 === 0 ? 503 : 200 }),
    ...(phase === 'ended' ? { termination: 'sH--' as const } : {}),
  };
});

export function answerTo(query: ConnectionTableQuery, at = noon, rows = manyConnections) {
  return {
    query,
    at,
    total: 3_120,
    matched: rows.length,
    rows: rows.slice(query.offset, query.offset + query.limit),
  };
}

export const oneInFull: ConnectionDetail = {
  ...manyConnections[0]!,
  bytesIn: 812,
  bytesOut: 1_258_291,
  status: 200,
  acceptedAt: noon - 251_000,
  serverAddress: '10.1.0.5:8080',
  steps: [
    { what: 'accept', atMs: 0, text: 'accepted' },
    { what: 'request', atMs: 1.4, text: 'GET /cart' },
    { what: 'queue', atMs: 1.4, text: '0.0 ms, cookie app1' },
    { what: 'pooled', atMs: 1.5, text: 'pooled connection' },
    { what: 'response', atMs: 19.8, text: '200, head' },
  ],
  timers: { TR: 0, Tw: 0, Tc: 0, Tr: 18, Ta: -1 },
};
