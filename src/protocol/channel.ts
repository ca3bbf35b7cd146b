// A two-way pipe of text messages: what both ends of an attachment need of a WebSocket, and no more,
// so that the same code runs over a pair held in memory.

import { createEmitter, type Event } from '../domain/event.ts';

export interface ChannelEnd {
  readonly code: number;
  readonly reason: string;
}

export interface Channel {
  send(text: string): void;
  /** Bytes given to `send` that the other side has not taken yet. */
  readonly bufferedAmount: number;
  readonly messages: Event<string>;
  /** A ping, a pong or a message: the other side lives. */
  readonly heard: Event<void>;
  /** Once. */
  readonly ended: Event<ChannelEnd>;
  ping(): void;
  close(code: number, reason: string): void;
  /** At once, without asking the other side. */
  terminate(): void;
}

/** The part of a `ws` socket that is used; named here so that this layer needs no socket library. */
export interface SocketLike {
  readonly bufferedAmount: number;
  readonly readyState: number;
  send(text: string): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'message', listener: (bytes: unknown, isBinary: boolean) => void): unknown;
  on(event: 'ping' | 'pong', listener: () => void): unknown;
  on(event: 'close', listener: (code: number, reason: { toString(): string }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

const open = 1;

export function channelOf(socket: SocketLike): Channel {
  const messages = createEmitter<string>();
  const heard = createEmitter<void>();
  const ended = createEmitter<ChannelEnd>();
  let failure = '';
  socket.on('message', (bytes, isBinary) => {
    heard.emit();
    if (isBinary) socket.close(1003, 'text only');
    else messages.emit(String(bytes));
  });
  socket.on('ping', () => heard.emit());
  socket.on('pong', () => heard.emit());
  // `close` always follows an error; its text is the better reason.
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.on('close', (code, reason) => ended.emit({ code, reason: reason.toString() || failure }));
  return {
    messages: messages.event,
    heard: heard.event,
    ended: ended.event,
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send(text) {
      if (socket.readyState === open) socket.send(text);
    },
    ping() {
      if (socket.readyState === open) socket.ping();
    },
    // A close reason is at most 123 bytes.
    close: (code, reason) => socket.close(code, reason.slice(0, 100).replace(/[^\x20-\x7e]/g, '?')),
    terminate: () => socket.terminate(),
  };
}
