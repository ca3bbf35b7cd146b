// A data plane with a bind of mode tls on loopback, certificates made for it, and HTTP behind them.

import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import {
  type Authority,
  type LeafOptions,
  makeAuthority,
  makeCertificate,
} from '../../../src/cli/demo/make-certificate.ts';
import type { Backend, Bind, Plan, Route } from '../../../src/domain/plan.ts';
import type {
  CertificateFiles,
  RouteTls,
  Termination,
  TlsFile,
  TlsMaterial,
} from '../../../src/domain/tls.ts';
import { serveHttp } from '../../../src/proxy/http/client-session.ts';
import { bindOf, planOf } from '../plan-parts.ts';
import { testPlane } from '../test-plane.ts';

let authority: Promise<Authority> | undefined;

/** One authority for all tests of a file. */
export function testAuthority(): Promise<Authority> {
  authority ??= makeAuthority('test authority');
  return authority;
}

/** Files of a plan, as the runtime would have read them. */
export class TestFiles {
  readonly #files = new Map<string, string>();

  put(path: string, content: string | Buffer): string {
    this.#files.set(path, Buffer.from(content).toString('base64'));
    return path;
  }

  async certificate(name: string, leaf: LeafOptions): Promise<CertificateFiles> {
    const { cert, key } = await makeCertificate(leaf, await testAuthority());
    return { cert: this.put(`/${name}.pem`, cert), key: this.put(`/${name}.key`, key) };
  }

  material(secret: string | Buffer = Buffer.alloc(32, 7)): TlsMaterial {
    const files: TlsFile[] = [...this.#files].map(([path, content]) => ({ path, content }));
    return { files, tickets: { secret: Buffer.from(secret).toString('base64'), epoch: 0 } };
  }
}

export function tlsRoute(
  name: string,
  host: string | undefined,
  termination: Termination,
  backend: string,
  tls: Partial<RouteTls> = {},
): Route {
  return {
    name,
    namespace: 'default',
    labels: {},
    ...(host === undefined ? {} : { host }),
    path: '/',
    tls: { termination, insecureEdgeTerminationPolicy: 'None', ...tls },
    to: [{ backend, weight: 1 }],
  };
}

export const tlsBind = (fields: Partial<Bind> = {}): Bind =>
  bindOf('front', { mode: 'tls', tls: { minVersion: 'TLSv1.2' }, ...fields });

export interface TlsPlanParts {
  readonly routes?: readonly Route[];
  readonly backends?: readonly Backend[];
  readonly certificates?: readonly CertificateFiles[];
  readonly binds?: readonly Bind[];
}

export function tlsPlan({
  routes = [],
  backends = [],
  certificates = [],
  binds = [tlsBind()],
}: TlsPlanParts): Plan {
  return { ...planOf('tls', binds, backends, routes), certificates };
}

/** Served over `material`, with real HTTP sessions. */
export async function tlsPlane(parts: TlsPlanParts, material: TlsMaterial) {
  const set = await testPlane(tlsPlan(parts), [], { serveHttp });
  set.plane.setTlsMaterial(material);
  return { ...set, bind: set.plane.bind('front')!, frontPort: set.port('front') };
}

export interface TlsPeer {
  readonly socket: TLSSocket;
  received(): string;
  readonly closed: boolean;
  readonly error: string | undefined;
}

/** A client; what becomes of it is watched. */
export function tlsDial(port: number, options: ConnectionOptions = {}): TlsPeer {
  const state = { text: '', closed: false, error: undefined as string | undefined };
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  onTestFinished(() => void socket.destroy());
  socket.on('data', (bytes) => {
    state.text += bytes.toString('latin1');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    state.error ??= error.code ?? error.message;
  });
  socket.on('close', () => {
    state.closed = true;
  });
  return {
    socket,
    received: () => state.text,
    get closed() {
      return state.closed;
    },
    get error() {
      return state.error;
    },
  };
}
