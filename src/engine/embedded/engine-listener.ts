// The runtime's end of the engine socket: takes what dials in, and learns from the first message who it is.

import { unlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { EngineError } from '../engine.ts';
import { type Link, LinkError, openLink } from './link.ts';
import {
  type AcceptorHello,
  type FromAcceptor,
  type FromInstance,
  type InstanceHello,
  linkVersion,
  readFromAcceptor,
  readFromInstance,
} from './messages.ts';

/** What a caller attaches to a peer once it knows who it is. */
export interface PeerEvents<M> {
  message(message: M): void;
  closed(reason: string): void;
}

export interface EngineListenerEvents {
  instance(hello: InstanceHello, link: Link): PeerEvents<FromInstance>;
  acceptor(hello: AcceptorHello, link: Link): PeerEvents<FromAcceptor>;
  /** It dialled in but cannot be worked with. */
  refused(reason: string): void;
}

export interface EngineListener {
  /** Hangs up on everybody; the data plane serves on. */
  close(): void;
}

/** @throws EngineError `instance-failed` when another runtime listens there, or nobody can. */
export async function listenForDataPlane(
  path: string,
  events: EngineListenerEvents,
): Promise<EngineListener> {
  const links = new Set<Link>();
  const server = createServer((socket) => meet(socket));
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // The directory keeps others out already; the socket itself need not depend on it.
      const before = process.umask(0o177);
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
      process.umask(before);
    });
  try {
    await listen().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      if (await answers(path)) throw new Error('another runtime is there already');
      // Left behind by a runtime that was killed.
      unlinkSync(path);
      await listen();
    });
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('instance-failed', `engine socket ${path}: ${text}`, { cause });
  }
  // What remains when a peer is reset while it is being accepted.
  server.on('error', (error) => events.refused(error.message));

  function meet(socket: Socket): void {
    let peer: ((message: unknown) => void) | undefined;
    let closed: ((reason: string) => void) | undefined;
    const link = openLink(socket, {
      message(message) {
        if (peer === undefined) [peer, closed] = introduce(message, link, events);
        else peer(message);
      },
      request: () => Promise.reject(new LinkError('protocol', 'a data plane asks nothing')),
      closed(reason) {
        links.delete(link);
        if (closed === undefined) events.refused(reason);
        else closed(reason);
      },
    });
    links.add(link);
  }

  return {
    close() {
      server.close();
      for (const link of links) link.close();
    },
  };
}

type Introduced = [message: (message: unknown) => void, closed: (reason: string) => void];

function introduce(first: unknown, link: Link, events: EngineListenerEvents): Introduced {
  const kind = (first as { kind?: unknown } | null)?.kind;
  if (kind === 'acceptor') {
    const hello = checkVersion(readFromAcceptor(first) as AcceptorHello);
    const peer = events.acceptor(hello, link);
    return [(message) => peer.message(readFromAcceptor(message)), (reason) => peer.closed(reason)];
  }
  if (kind !== 'instance') throw new LinkError('protocol', 'the first message is no hello');
  const hello = checkVersion(readFromInstance(first) as InstanceHello);
  const peer = events.instance(hello, link);
  return [(message) => peer.message(readFromInstance(message)), (reason) => peer.closed(reason)];
}

function checkVersion<H extends InstanceHello | AcceptorHello>(hello: H): H {
  if (hello.version === linkVersion) return hello;
  throw new LinkError(
    'protocol',
    `the ${hello.kind} with pid ${hello.pid} is of another release (link version ${hello.version}, not ${linkVersion}): stop it first`,
  );
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED'));
  });
}
