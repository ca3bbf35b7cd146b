import { expect, it } from 'vitest';
import { tailLine } from '../../src/cli/tail-line.ts';
import type { StreamRecord } from '../../src/domain/connection.ts';

const record: StreamRecord = {
  connection: 'a-1',
  mode: 'http',
  at: 0,
  client: '10.0.0.1:4000',
  instance: 'default/1',
  bind: 'secure',
  server: 'web/app1',
  timers: { TR: 0, Tw: 0, Tc: 0, Tr: 1, Ta: 2 },
  status: 200,
  bytesIn: 1,
  bytesOut: 2,
  termination: '--NN',
  connections: [1, 1, 1, 1],
  retries: 0,
  redispatched: false,
  queue: [0, 0],
  method: 'GET',
  host: 'shop.example.com',
  path: '/a',
};
const { method: _m, host: _h, path: _p, status: _s, server: _v, ...tcp } = record;

it.each<[string, StreamRecord, string]>([
  ['plain HTTP', record, '--NN  GET shop.example.com/a'],
  [
    'HTTP over TLS',
    { ...record, tls: 'edge', sni: 'shop.example.com' },
    '--NN  GET shop.example.com/a  edge',
  ],
  [
    'passed through',
    { ...tcp, mode: 'tcp', termination: '--', tls: 'passthrough', sni: 'pay.example.com' },
    '--  tcp  passthrough pay.example.com',
  ],
  [
    'a handshake that failed',
    {
      ...tcp,
      mode: 'tcp',
      termination: 'PR',
      sni: 'no\u001b.example.com',
      cause: 'no certificate for no\u001b.example.com',
    },
    'PR  tcp  no\\x1b.example.com  no certificate for no\\x1b.example.com',
  ],
])('%s', (_, given, ending) => {
  expect(tailLine(given, false).endsWith(`  ${ending}`)).toBe(true);
});

it('colours the cause, and only where colours are wanted', () => {
  expect(tailLine({ ...record, cause: 'gone' }, true)).toContain('\x1b[31mgone\x1b[0m');
});
