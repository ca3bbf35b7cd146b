// One open channel to a runtime: requests and their answers, notifications checked against the schemas, signs of life.

import type { Clock } from '../domain/clock.ts';
import type { Disposer } from '../domain/event.ts';
import type { Channel, ChannelEnd } from '../protocol/channel.ts';
import { closeCodes } from '../protocol/limits.ts';
import {
  isNotification,
  type MethodName,
  methods,
  type Notification,
  type NotificationName,
  notifications,
  type Params,
  type Result,
} from '../protocol/methods.ts';
import { type RpcFailure, readMessage, requestText } from '../protocol/rpc.ts';
import { AttachError } from './runtime-client.ts';

/** The runtime answered, and refused. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  constructor({ code, message }: RpcFailure) {
    super(message);
    this.code = code;
  }
}

export type NotificationOf = {
  [N in NotificationName]: { name: N; params: Notification<N> };
}[NotificationName];

export interface Session {
  /** @throws RpcError when refused; AttachError `lost` when the channel ends first, `protocol` when the answer is nonsense */
  request<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>>;
  close(): void;
  /** Ends it at once, as a loss. */
  drop(reason: string): void;
}

interface Waiting {
  readonly method: MethodName;
  resolve(result: never): void;
  reject(error: Error): void;
}

const pingMs = 5_000;
const silentMs = 20_000;

export function createSession(options: {
  readonly channel: Channel;
  readonly clock: Clock;
  notified(notification: NotificationOf): void;
  heard(): void;
  ended(end: ChannelEnd): void;
}): Session {
  const { channel, clock } = options;
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let heardAt = clock.now();
  let ended = false;
  let stopBeat: Disposer = () => {};

  function end(how: ChannelEnd): void {
    if (ended) return;
    ended = true;
    stopBeat();
    const lost = new AttachError('lost', `the attachment ended: ${how.reason || `code ${how.code}`}`);
    for (const { reject } of waiting.values()) reject(lost);
    waiting.clear();
    options.ended(how);
  }

  function drop(reason: string): void {
    channel.terminate();
    end({ code: 1006, reason });
  }

  function beat(): void {
    if (clock.now() - heardAt > silentMs) drop(`nothing heard for ${silentMs / 1_000} s`);
    else {
      channel.ping();
      stopBeat = clock.after(pingMs, beat);
    }
  }

  function nonsense(what: string): void {
    channel.close(closeCodes.protocolError, what);
    drop(`the runtime sent ${what}`);
  }

  channel.heard(() => {
    heardAt = clock.now();
    options.heard();
  });
  channel.ended(end);
  channel.messages((text) => {
    if (ended) return;
    const message = readMessage(text);
    switch (message.kind) {
      case 'result': {
        const asked = waiting.get(message.id as number);
        if (!asked) return;
        waiting.delete(message.id as number);
        const result = methods[asked.method].result.safeParse(message.result);
        if (result.success) asked.resolve(result.data as never);
        else {
          const fault = `the runtime's answer to ${asked.method} is not as the schema says`;
          asked.reject(new AttachError('protocol', fault, { cause: message.result }));
        }
        return;
      }
      case 'error': {
        const asked = waiting.get(message.id as number);
        waiting.delete(message.id as number);
        asked?.reject(new RpcError(message.error));
        return;
      }
      case 'notification': {
        // Unknown ones are of a later version: left alone.
        if (!isNotification(message.method)) return;
        const params = notifications[message.method].params.safeParse(message.params);
        if (!params.success) return void nonsense(`a "${message.method}" that is not as the schema says`);
        options.notified({ name: message.method, params: params.data } as NotificationOf);
        return;
      }
      case 'request':
      case 'invalid':
        return void nonsense('what is not a JSON-RPC 2.0 answer');
    }
  });
  stopBeat = clock.after(pingMs, beat);

  return {
    request(method, params) {
      if (ended) return Promise.reject(new AttachError('lost', 'not attached'));
      const id = nextId++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { method, resolve: resolve as (result: never) => void, reject });
        channel.send(requestText(id, method, params));
      });
    },
    close() {
      channel.close(closeCodes.normal, 'closed by the console');
      end({ code: closeCodes.normal, reason: 'closed' });
    },
    drop,
  };
}
