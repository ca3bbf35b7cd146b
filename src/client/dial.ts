// From a URL to an open channel: unix:PATH, ws://, wss://.

import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { type Channel, channelOf } from '../protocol/channel.ts';
import { AttachError } from './runtime-client.ts';

export interface DialTarget {
  readonly url: string;
  readonly token?: string;
  /** PEM: whom to trust besides the system's authorities, for wss. */
  readonly ca?: string;
  /** PEM: a client certificate, for wss. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

export type Dial = (target: DialTarget) => Promise<Channel>;

const handshakeMs = 5_000;
/** A snapshot of the largest configuration stays far below. */
const maxPayload = 256 * 1024 * 1024;

/** @throws AttachError */
export function dial(target: DialTarget): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const socket = socketTo(target);
    socket.once('open', () => {
      socket.off('error', fail);
      resolve(channelOf(socket));
    });
    socket.once('error', fail);
    socket.once('unexpected-response', (request, response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length <= 500) chunks.push(chunk);
      });
      response.on('close', () => {
        const text = Buffer.concat(chunks)
          .toString('utf8')
          .replace(/[^\x20-\x7e]/g, ' ')
          .trim();
        const code =
          response.statusCode === 403 || response.statusCode === 421 ? 'not-permitted' : 'no-runtime';
        reject(new AttachError(code, `${target.url}: answered ${response.statusCode}${text && `: ${text}`}`));
        request.destroy();
      });
    });
    function fail(error: NodeJS.ErrnoException): void {
      reject(attachError(target.url, error));
    }
  });
}

function socketTo({ url, token, ca, certificate }: DialTarget): WebSocket {
  const options = {
    perMessageDeflate: false,
    handshakeTimeout: handshakeMs,
    maxPayload,
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    ...(ca !== undefined && { ca }),
    ...certificate,
  };
  if (url.startsWith('unix:')) {
    const path = url.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (path === '') throw new AttachError('incompatible', `${url}: a path is missing after "unix:"`);
    return new WebSocket('ws://localhost/control', { ...options, createConnection: () => connect(path) });
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && (parsed.protocol === 'ws:' || parsed.protocol === 'wss:')) {
    if (parsed.username || parsed.password || parsed.search)
      throw new AttachError(
        'incompatible',
        'a control URL holds neither a user nor a token: give the token in a file',
      );
    return new WebSocket(new URL('/control', parsed), options);
  }
  throw new AttachError(
    'incompatible',
    /^haproxy:/.test(url)
      ? `${url}: this version cannot attach by haproxy yet; use unix:PATH, ws:// or wss://`
      : `${url}: not a control URL; use unix:PATH, ws://HOST:PORT or wss://HOST:PORT`,
  );
}

function attachError(url: string, error: NodeJS.ErrnoException): AttachError {
  switch (error.code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return new AttachError('no-runtime', `no runtime listens on ${url}`, { cause: error });
    case 'EACCES':
    case 'EPERM':
      return new AttachError('not-permitted', `${url}: this user may not open the control socket`, {
        cause: error,
      });
    case 'EPROTO':
      return new AttachError('no-runtime', `${url}: what listens there speaks no TLS`, { cause: error });
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return new AttachError('no-runtime', `${url}: its certificate is not trusted: it signed itself`, {
        cause: error,
      });
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return new AttachError('no-runtime', `${url}: nobody trusted here signed its certificate`, {
        cause: error,
      });
    default:
      return new AttachError('no-runtime', `${url}: ${error.message}`, { cause: error });
  }
}
