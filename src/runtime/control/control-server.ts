// Listens for consoles: unix socket, ws on loopback, wss elsewhere; hands each accepted WebSocket to an attachment.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../domain/clock.ts';
import type { ControlListen } from '../../domain/plan.ts';
import { channelOf } from '../../protocol/channel.ts';
import type { Limits } from '../../protocol/limits.ts';
import { RuntimeError } from '../runtime-error.ts';
import { createAttachments } from './attachments.ts';
import { type DoorRules, doorFault, isLoopback } from './door.ts';
import { createDoorShares } from './door-shares.ts';
import { certificateName, createIdentifier, type Peer } from './identify.ts';
import { listenFailure } from './listen-failure.ts';
import type { ControlServices } from './services.ts';
import { readTokens } from './tokens.ts';
import { listenAlone } from './unix-socket.ts';

export interface ControlServer {
  /** Where consoles attach, ephemeral ports resolved: "unix:/run/x.sock", "ws://127.0.0.1:7443". */
  readonly urls: readonly string[];
  /** Consoles may come in from now on; until then they are told that the runtime is starting. */
  admit(): void;
  close(): Promise<void>;
}

/** For a request's head, and for the handshake of TLS before it. */
const headMs = 5_000;
/** From a refusal until the socket is gone, whatever its peer does. */
const refusedMs = 1_000;

/**
 * Listens before the engine is touched: whoever loses the race for the control socket must not reach the data plane.
 * @throws RuntimeError; then nothing listens
 */
export async function startControlServer(options: {
  readonly listens: readonly ControlListen[];
  readonly services: ControlServices;
  readonly limits: Limits;
  readonly clock: Clock;
}): Promise<ControlServer> {
  const { services, limits, clock } = options;
  const attachments = createAttachments(services, limits, clock);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.payloadBytes,
    // Each fragment costs far more memory than its bytes; no console of ours sends any.
    maxFragments: 256,
    perMessageDeflate: false,
    clientTracking: false,
  });
  const servers: Server[] = [];
  const urls: string[] = [];
  let admitting = false;
  let strangers = 0;
  let identifiedOnUnix = 0;

  /** Places that consoles from elsewhere cannot have are kept free for those on the machine, or taken by them. */
  function noPlaceFor(unix: boolean): boolean {
    const { attachments: all, localAttachments } = limits;
    const kept = Math.min(localAttachments, all - 1);
    const identified = attachments.size - strangers;
    return unix
      ? identified >= all && identifiedOnUnix >= kept
      : identified - Math.min(identifiedOnUnix, kept) >= all - kept;
  }

  function refuse(socket: Socket, { status, text }: { status: number; text: string }): void {
    // Whoever never closes its own half would keep the socket.
    clock.after(refusedMs, () => socket.destroy());
    socket.end(
      `HTTP/1.1 ${status} refused\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
  }

  async function open(listen: ControlListen): Promise<void> {
    const { address } = listen;
    if (listen.tokens) await readTokens(listen.tokens);
    const identify = createIdentifier(listen, clock);
    let strangersHere = 0;
    const unix = address.kind === 'unix';
    const socketShares = createDoorShares(limits.sockets);
    const strangerShares = createDoorShares(limits.unidentified);
    const tls = listen.tls && {
      cert: await readFile(listen.tls.cert),
      key: await readFile(listen.tls.key),
      minVersion: 'TLSv1.2' as const,
      ...(listen.tls.clientCa && {
        ca: await readFile(listen.tls.clientCa),
        requestCert: true,
        // Not rejected in the handshake: a token may do as well, and the refusal can say why.
        rejectUnauthorized: false,
      }),
    };
    const host = address.kind === 'ip' ? address.host : '';
    if (address.kind === 'ip' && !isLoopback(host) && !(tls && (listen.tokens || listen.tls?.clientCa)))
      throw new RuntimeError(
        'control-unsafe',
        `control ${host}:${address.port}: off loopback it needs tls, and tokens or a clientCa`,
      );
    const rules: DoorRules = {
      unix,
      host,
      origins: listen.origins,
      ...(tls && { certificate: new X509Certificate(tls.cert) }),
    };
    const patience = {
      headersTimeout: headMs,
      requestTimeout: headMs,
      connectionsCheckingInterval: 1_000,
    };
    const server: Server = tls
      ? createHttpsServer({ ...tls, ...patience, handshakeTimeout: headMs })
      : createHttpServer(patience);
    // Who says nothing at all is in none of those. A WebSocket lifts this from its socket.
    server.setTimeout(limits.helloMs);
    server.maxConnections = limits.sockets;
    if (!unix)
      server.on('connection', (socket: Socket) => {
        const leave = socketShares.take(socket.remoteAddress);
        if (leave) socket.once('close', leave);
        else socket.destroy();
      });
    server.on('request', (_, response) => {
      response.writeHead(426, { 'content-type': 'text/plain', connection: 'close' });
      response.end('this is the control port of a Sluice runtime: attach with `sluice console`\n');
    });
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      const fault =
        doorFault(request, rules) ??
        (admitting ? undefined : { status: 503, text: 'the runtime is starting' }) ??
        (noPlaceFor(unix)
          ? { status: 503, text: `${attachments.size - strangers} consoles are attached already` }
          : undefined) ??
        (strangersHere >= limits.unidentified
          ? { status: 503, text: `${limits.unidentified} are waiting to be identified here` }
          : undefined);
      if (fault) return refuse(socket, fault);
      const leave = unix ? () => {} : strangerShares.take(socket.remoteAddress);
      if (!leave)
        return refuse(socket, {
          status: 503,
          text: `${strangerShares.each} from this address are waiting to be identified here`,
        });
      // Also where the handshake fails.
      if (socket.closed) leave();
      else socket.once('close', leave);
      const peer = peerOf(request, socket, rules.unix);
      sockets.handleUpgrade(request, socket, head, (websocket) => {
        const channel = channelOf(websocket);
        strangers += 1;
        strangersHere += 1;
        let stranger = true;
        const known = (): void => {
          if (!stranger) return;
          stranger = false;
          strangers -= 1;
          strangersHere -= 1;
          leave();
        };
        channel.ended(known);
        attachments.accept(channel, async (hello) => {
          const identified = await identify(peer, hello);
          if ('identity' in identified && stranger) {
            known();
            if (unix) {
              identifiedOnUnix += 1;
              channel.ended(() => {
                identifiedOnUnix -= 1;
              });
            }
          }
          return identified;
        });
      });
    });
    servers.push(server);
    if (address.kind === 'unix') {
      await listenAlone(server, address.path, clock);
      urls.push(`unix:${address.path}`);
    } else {
      await listenOn(server, host, address.port);
      const bound = server.address();
      const port = bound && typeof bound === 'object' ? bound.port : address.port;
      urls.push(`${tls ? 'wss' : 'ws'}://${host.includes(':') ? `[${host}]` : host}:${port}`);
    }
    // Once it listens only a single accept can fail (no descriptor left): the console tries again.
    server.on('error', () => undefined);
  }

  async function close(): Promise<void> {
    attachments.close();
    await Promise.all(
      servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeIdleConnections();
            // Upgraded sockets end with their attachments; one that does not is ended here.
            clock.after(500, () => server.closeAllConnections());
          }),
      ),
    );
  }

  for (const listen of options.listens) {
    try {
      await open(listen);
    } catch (error) {
      await close();
      throw listenFailure(error, listen.address);
    }
  }
  return {
    urls,
    admit() {
      admitting = true;
    },
    close,
  };
}

function peerOf(request: IncomingMessage, socket: Socket, unix: boolean): Peer {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const certificate =
    'getPeerCertificate' in socket ? certificateName(socket as unknown as TLSSocket) : undefined;
  return {
    unix,
    from: unix ? 'local' : (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, ''),
    ...(bearer !== undefined && { bearer }),
    ...(certificate !== undefined && { certificate }),
  };
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
