// Two channels joined in memory. Nothing moves until `flush`, so a test decides what has arrived when it cuts.

import { createEmitter } from '../../src/domain/event.ts';
import type { Channel, ChannelEnd } from '../../src/protocol/channel.ts';

interface Side {
  readonly channel: Channel;
  readonly inbox: string[];
  /** Nothing is taken from the inbox: a reader that stalls. */
  stalled: boolean;
  deliver(): boolean;
  hear(): void;
  end(end: ChannelEnd): void;
}

export interface ChannelPair {
  readonly client: Channel;
  readonly server: Channel;
  /** Delivers until nothing is under way; at most `most` messages. Answers how many. */
  flush(most?: number): number;
  /** What is under way is lost, both sides see it end. */
  cut(): void;
  /** The client stops reading. */
  stall(stalled: boolean): void;
  readonly closed: boolean;
}

export function channelPair(): ChannelPair {
  let ended = false;
  let ending: ChannelEnd | undefined;

  function side(peer: () => Side): Side {
    const messages = createEmitter<string>();
    const heard = createEmitter<void>();
    const over = createEmitter<ChannelEnd>();
    const inbox: string[] = [];
    const self: Side = {
      inbox,
      stalled: false,
      deliver() {
        if (self.stalled || inbox.length === 0) return false;
        heard.emit();
        messages.emit(inbox.shift()!);
        return true;
      },
      hear: () => heard.emit(),
      end: (end) => over.emit(end),
      channel: {
        messages: messages.event,
        heard: heard.event,
        ended: over.event,
        get bufferedAmount() {
          return peer().inbox.reduce((sum, text) => sum + text.length, 0);
        },
        send: (text) => void (ended || ending || peer().inbox.push(text)),
        // A pong comes back as soon as the other side reads.
        ping() {
          if (ended || peer().stalled) return;
          peer().hear();
          heard.emit();
        },
        close(code, reason) {
          // What was sent before the close arrives before it.
          ending ??= { code, reason };
        },
        terminate: () => finish({ code: 1006, reason: '' }),
      },
    };
    return self;
  }

  const client: Side = side(() => server);
  const server: Side = side(() => client);

  function finish(end: ChannelEnd): void {
    if (ended) return;
    ended = true;
    client.inbox.length = 0;
    server.inbox.length = 0;
    client.end(end);
    server.end(end);
  }

  return {
    client: client.channel,
    server: server.channel,
    get closed() {
      return ended;
    },
    flush(most = Number.POSITIVE_INFINITY) {
      let delivered = 0;
      while (!ended && delivered < most) {
        if (!server.deliver() && !client.deliver()) break;
        delivered += 1;
      }
      if (ending && !ended && (client.stalled || client.inbox.length === 0)) finish(ending);
      return delivered;
    },
    cut: () => finish({ code: 1006, reason: 'cut' }),
    stall(stalled) {
      client.stalled = stalled;
    },
  };
}
