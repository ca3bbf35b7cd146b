import type { StreamRecord } from '../../src/domain/connection.ts';

/** One HTTP stream, all fields filled in. */
export const sampleRecord: StreamRecord = {
  connection: '1a2b-3c',
  mode: 'http',
  at: new Date(2009, 1, 6, 12, 14, 14, 655).getTime(),
  client: '10.0.1.2:33317',
  bind: 'http-in',
  instance: 'default/1',
  route: 'shop',
  backend: 'static',
  server: 'static/srv1',
  timers: { TR: 10, Tw: 0, Tc: 30, Tr: 69, Ta: 109 },
  status: 200,
  bytesIn: 120,
  bytesOut: 2_750,
  termination: '----',
  connections: [1, 2, 3, 4],
  retries: 0,
  redispatched: false,
  queue: [0, 0],
  method: 'GET',
  host: 'shop.example.com',
  path: '/index.html',
  version: 'HTTP/1.1',
};
