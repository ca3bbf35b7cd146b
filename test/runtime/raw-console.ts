// A console that says exactly what a test writes, and keeps what it hears: for rules that a well-behaved client cannot break.

import { requestText } from '../../src/protocol/rpc.ts';
import type { Role } from '../../src/protocol/schemas/words.ts';
import { type ChannelPair, channelPair } from '../support/channel-pair.ts';
import type { Scene } from './fixture.ts';

// biome-ignore lint/suspicious/noExplicitAny: whatever the wire carries; tests look into it freely.
export type Message = Record<string, any>;

export interface RawConsole {
  readonly pair: ChannelPair;
  readonly heard: readonly Message[];
  readonly ended: { code: number; reason: string } | undefined;
  /** Sends, settles, and answers the response to it. */
  ask(method: string, params?: unknown): Promise<Message>;
  send(text: string): void;
  hello(more?: object): Promise<Message>;
  notifications(method: string): Message[];
}

export function rawConsole(on: Scene, role: Role = 'operator'): RawConsole {
  const pair = channelPair();
  const heard: Message[] = [];
  let ended: { code: number; reason: string } | undefined;
  let id = 0;
  on.attachments.accept(pair.server, async (hello) => ({
    identity: {
      actor: { name: hello.user ?? 'raw', from: 'local' },
      role,
      stillHolds: async () => true,
    },
  }));
  pair.client.messages((text) => heard.push(JSON.parse(text)));
  pair.client.ended((end) => {
    ended = { ...end };
  });
  on.carry(pair);
  const self: RawConsole = {
    pair,
    heard,
    get ended() {
      return ended;
    },
    send: (text) => pair.client.send(text),
    async ask(method, params) {
      const own = ++id;
      pair.client.send(requestText(own, method, params));
      await on.settle();
      return heard.find((message) => message.id === own) ?? {};
    },
    hello: (more = {}) => self.ask('hello', { versions: [1], client: { name: 'raw' }, ...more }),
    notifications: (method) =>
      heard.filter((message) => message.method === method).map(({ params }) => params),
  };
  return self;
}
