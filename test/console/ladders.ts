// One connection of each kind, as the runtime tells of them: what the ladder is drawn from.

import type { ConnectionDetail, ConnectionStep } from '../../src/domain/connection.ts';
import type { ClientTlsFacts, ServerTlsFacts } from '../../src/domain/tls.ts';
import { oneInFull } from './connection-rows.ts';

const clientTls: ClientTlsFacts = {
  termination: 'edge',
  sni: 'shop.apps.example.com',
  alpnOffered: ['h2', 'http/1.1'],
  versionsOffered: ['TLSv1.3', 'TLSv1.2'],
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  alpn: 'http/1.1',
  resumed: true,
};
const serverTls: ServerTlsFacts = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  resumed: false,
  serverName: 'web.internal',
  verified: true,
  handshakeMs: 3.1,
};

const { steps: plainSteps, ...plain } = oneInFull;
const { method: _m, host: _h, path: _p, status: _s, route: _r, server: _v, backend: _b, ...bare } = plain;
const { serverAddress: _a, ...alone } = bare;
const accept: ConnectionStep = { what: 'accept', atMs: 0, text: 'accepted' };
const hello: ConnectionStep = { what: 'client-hello', atMs: 0.3, text: '' };
const shaken: ConnectionStep = { what: 'handshake', atMs: 1.1, text: '' };
const asked: ConnectionStep = { what: 'request', atMs: 1.4, text: 'GET /cart' };
const queued: ConnectionStep = { what: 'queue', atMs: 1.4, text: 'waited for a free place' };
const answered: ConnectionStep = { what: 'response', atMs: 19.8, text: '200, head' };

export const plainHttp: ConnectionDetail = { ...plain, steps: plainSteps };

export const edge: ConnectionDetail = {
  ...plain,
  bind: ':443',
  route: 'shop',
  tls: 'edge',
  sni: 'shop.apps.example.com',
  clientTls,
  steps: [
    accept,
    hello,
    shaken,
    asked,
    queued,
    { what: 'pooled', atMs: 1.5, text: 'kept connection to web/app1 at 10.1.0.5:8080' },
    answered,
  ],
};

export const reencrypt: ConnectionDetail = {
  ...edge,
  tls: 'reencrypt',
  serverAddress: '10.1.0.5:8443',
  clientTls: { ...clientTls, termination: 'reencrypt', resumed: false, clientSubject: 'CN=anna, O=Example' },
  serverTls,
  steps: [
    accept,
    hello,
    shaken,
    asked,
    queued,
    { what: 'connect', atMs: 1.9, text: 'connected to web/app1 at 10.1.0.5:8443' },
    { what: 'server-handshake', atMs: 5, text: '' },
    answered,
  ],
};

export const unverified: ConnectionDetail = {
  ...reencrypt,
  serverTls: { ...serverTls, verified: false, resumed: true, handshakeMs: 0 },
  steps: [
    accept,
    hello,
    shaken,
    asked,
    queued,
    { what: 'pooled', atMs: 1.5, text: 'kept connection to web/app1 at 10.1.0.5:8080' },
    answered,
  ],
};

export const passthrough: ConnectionDetail = {
  ...bare,
  mode: 'tcp',
  bind: ':443',
  route: 'pay',
  backend: 'pay',
  server: 'pay/p2',
  serverAddress: '10.1.0.6:8443',
  tls: 'passthrough',
  phase: 'tunnel',
  bytesIn: 9_216,
  bytesOut: 215_040,
  clientTls: {
    termination: 'passthrough',
    sni: 'pay.apps.example.com',
    alpnOffered: ['h2', 'http/1.1'],
    versionsOffered: ['TLSv1.3', 'TLSv1.2'],
    version: 'TLSv1.3',
  },
  steps: [
    accept,
    hello,
    { what: 'queue', atMs: 0.4, text: 'place 3 in the queue of pay/p2' },
    { what: 'connect', atMs: 0.9, text: 'connected to web/app1 at 10.1.0.5:8443' },
    { what: 'server-hello', atMs: 2.2, text: '' },
  ],
};

export const tcp: ConnectionDetail = {
  ...bare,
  mode: 'tcp',
  bind: ':5432',
  backend: 'db',
  server: 'db/pg1',
  phase: 'tunnel',
  steps: [
    accept,
    { what: 'queue', atMs: 0.1, text: 'place 3 in the queue of pay/p2' },
    { what: 'connect', atMs: 0.6, text: 'connected to web/app1 at 10.1.0.5:8443' },
  ],
};

export const upgraded: ConnectionDetail = {
  ...edge,
  phase: 'tunnel',
  status: 101,
  steps: [
    ...edge.steps.slice(0, 6),
    { what: 'response', atMs: 19.8, text: '101, head' },
    { what: 'upgrade', atMs: 19.9, text: 'websocket' },
  ],
};

export const refusedHello: ConnectionDetail = {
  ...alone,
  mode: 'tcp',
  bind: ':443',
  phase: 'ended',
  termination: 'PR',
  clientTls: { sni: 'nobody.example', alpnOffered: [], versionsOffered: ['TLSv1.2'] },
  steps: [
    accept,
    hello,
    {
      what: 'handshake-failed',
      atMs: 0.4,
      text: 'no route and no certificate for nobody.example: alert unrecognized_name',
    },
    { what: 'fin', atMs: 0.5, text: 'FIN', by: 'sluice' },
    { what: 'end', atMs: 0.5, text: 'PR' },
  ],
};

export const wrongAuthority: ConnectionDetail = {
  ...reencrypt,
  phase: 'ended',
  termination: 'SC--',
  status: 503,
  steps: [
    accept,
    hello,
    shaken,
    asked,
    queued,
    { what: 'connect', atMs: 1.9, text: 'connected to web/app1 at 10.1.0.5:8443' },
    {
      what: 'server-handshake-failed',
      atMs: 4.2,
      text: 'unable to get local issuer certificate: CN=web.internal by CN=Other CA',
    },
    { what: 'retry', atMs: 4.3, text: 'web/app2 instead of web/app1' },
    { what: 'connect', atMs: 4.9, text: 'connected to web/app1 at 10.1.0.5:8443' },
    { what: 'reset', atMs: 5.2, text: 'RST', by: 'server' },
    { what: 'fin', atMs: 6, text: '', by: 'client' },
    { what: 'end', atMs: 6, text: 'SC--' },
  ],
};

/** The newest of many requests on one connection. */
export const keptAlive: ConnectionDetail = {
  ...reencrypt,
  phase: 'idle',
  requests: 40,
  steps: [
    accept,
    { ...hello, atMs: 2 },
    { ...shaken, atMs: 28 },
    { what: 'request', atMs: 27_730, text: 'GET /cart for shop.apps.example.com' },
    { what: 'pooled', atMs: 27_730, text: 'kept connection to web/app1 at 10.1.0.5:8443 over TLSv1.3' },
    { what: 'response', atMs: 27_739, text: '200' },
    { what: 'end', atMs: 27_741, text: '----' },
  ],
};
