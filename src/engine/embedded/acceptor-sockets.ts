// The instance's side of held-sockets.ts: asks its acceptor for listening sockets, over the channel it was forked with.

import type { EventEmitter } from 'node:events';
import { getSystemErrorName } from 'node:util';
import type { Address, Bind } from '../../domain/plan.ts';
import type { HeldSockets } from '../../proxy/listener.ts';
import type { SocketAnswer, SocketRelease, SocketRequest, SocketsKept } from './held-sockets.ts';

/** The IPC half of `process` in a forked child. */
export interface ParentChannel extends Pick<EventEmitter, 'on' | 'once'> {
  send(message: SocketRequest | SocketRelease | SocketsKept): boolean;
}

type IpAddress = Address & { readonly kind: 'ip' };

export interface AcceptorSockets extends HeldSockets {
  /** Lets go of every address but these. */
  keep(binds: readonly Bind[]): void;
  /** From now on listening ends here alone: a successor goes on with the same sockets. */
  handOn(): void;
}

/** An ephemeral port belongs to its bind: two binds on port 0 are two sockets, and each keeps its own over a replacement. */
function keyOf(address: IpAddress, bind: string): string {
  const where = `${address.host} ${address.port}`;
  return address.port === 0 ? `${where} ${bind}` : where;
}

export function createAcceptorSockets(channel: ParentChannel): AcceptorSockets {
  let asked = 0;
  let handedOn = false;
  const waiting = new Map<number, { resolve(handle: object): void; reject(error: Error): void }>();

  channel.on('message', (answer: SocketAnswer, handle: object | undefined) => {
    const asker = waiting.get(answer.socket);
    waiting.delete(answer.socket);
    if (asker === undefined) return;
    if (handle !== undefined) asker.resolve(handle);
    else asker.reject(systemError('errno' in answer ? answer.errno : undefined));
  });
  channel.once('disconnect', () => {
    handedOn = true;
    for (const { reject } of waiting.values()) reject(new Error('the acceptor is gone'));
    waiting.clear();
  });

  return {
    take(address, bind) {
      if (handedOn) return Promise.reject(new Error('the acceptor is gone'));
      const ask = ++asked;
      return new Promise((resolve, reject) => {
        waiting.set(ask, { resolve, reject });
        channel.send({ ask, key: keyOf(address, bind), host: address.host, port: address.port });
      });
    },
    release(address, bind) {
      if (!handedOn) channel.send({ release: keyOf(address, bind) });
    },
    keep(binds) {
      if (handedOn) return;
      channel.send({
        keep: binds.flatMap(({ name, address }) => (address.kind === 'ip' ? [keyOf(address, name)] : [])),
      });
    },
    handOn() {
      handedOn = true;
    },
  };
}

function systemError(errno: number | undefined): Error {
  const code = errno === undefined ? 'UNKNOWN' : getSystemErrorName(errno);
  return Object.assign(new Error(`cannot bind: ${code}`), { code });
}
