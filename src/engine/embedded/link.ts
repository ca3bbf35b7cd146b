// One stream between a runtime and a process of its data plane: a JSON document a line, with answers to requests.
// Knows nothing of what the messages mean; see messages.ts.

import type { Duplex } from 'node:stream';

/** A plan of a hundred thousand servers is some 20 MB; whoever sends more than this is not one of ours. */
export const maxFrameBytes = 64 * 1024 * 1024;

/** Cuts bytes into lines, however they were split on the way. @throws LinkError where a line is too long. */
export function createFrameReader(
  frame: (line: string) => void,
  limit = maxFrameBytes,
): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let size = 0;
  return (chunk) => {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, from);
      const part = chunk.subarray(from, end === -1 ? chunk.length : end);
      size += part.length;
      if (size > limit) throw new LinkError('protocol', `a message is longer than ${limit} bytes`);
      if (end === -1) {
        if (part.length > 0) parts.push(part);
        return;
      }
      const line = parts.length === 0 ? part : Buffer.concat([...parts, part]);
      parts = [];
      size = 0;
      from = end + 1;
      // Decoded only when complete, so a character that was split is whole again.
      if (line.length > 0) frame(line.toString('utf8'));
    }
  };
}

/** `closed`: the other side went away, perhaps before it answered. `protocol`: it is not one of ours. */
export type LinkErrorCode = 'closed' | 'protocol';

export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code: LinkErrorCode;
  constructor(code: LinkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What the other side refused, in its words. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface LinkEvents {
  message(message: unknown): void;
  /** Its result is the answer. An error that is thrown goes back as `{code, text}`. */
  request(message: unknown): Promise<unknown>;
  /** Once; nothing follows. */
  closed(reason: string): void;
}

export interface Link {
  send(message: object): void;
  /** @throws LinkError `closed`, RemoteError */
  request(message: object): Promise<unknown>;
  /** Bytes that the other side has not taken yet. */
  readonly backlog: number;
  /** Sends what is buffered, then closes. */
  close(): void;
}

type Frame =
  | { readonly message: unknown }
  | { readonly ask: number; readonly message: unknown }
  | { readonly answer: number; readonly result?: unknown }
  | { readonly answer: number; readonly error: { readonly code: string; readonly text: string } };

export function openLink(socket: Duplex, events: LinkEvents): Link {
  let asked = 0;
  let open = true;
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  const write = (frame: Frame) => {
    if (open) socket.write(`${JSON.stringify(frame)}\n`);
  };

  function end(reason: string): void {
    if (!open) return;
    open = false;
    socket.destroy();
    for (const { reject } of waiting.values()) reject(new LinkError('closed', reason));
    waiting.clear();
    events.closed(reason);
  }

  function take(frame: Frame): void {
    if ('answer' in frame) {
      const asker = waiting.get(frame.answer);
      waiting.delete(frame.answer);
      if ('error' in frame) asker?.reject(new RemoteError(frame.error.code, frame.error.text));
      else asker?.resolve(frame.result);
    } else if ('ask' in frame) {
      void answer(frame.ask, frame.message);
    } else events.message(frame.message);
  }

  async function answer(ask: number, message: unknown): Promise<void> {
    try {
      const result = await events.request(message);
      write(result === undefined ? { answer: ask } : { answer: ask, result });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
      write({ answer: ask, error: { code, text: error instanceof Error ? error.message : String(error) } });
    }
  }

  const read = createFrameReader((line) => take(parseFrame(line)));
  socket.on('data', (chunk: Buffer) => {
    try {
      if (open) read(chunk);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      end(error.message);
    }
  });
  socket.on('error', (error) => end(error.message));
  socket.on('close', () => end('the other side closed the link'));
  socket.on('end', () => end('the other side closed the link'));

  return {
    send: (message) => write({ message }),
    request(message) {
      if (!open) return Promise.reject(new LinkError('closed', 'the link is closed'));
      const ask = ++asked;
      return new Promise((resolve, reject) => {
        waiting.set(ask, { resolve, reject });
        write({ ask, message });
      });
    },
    get backlog() {
      return socket.writableLength;
    },
    close() {
      socket.end();
    },
  };
}

function parseFrame(line: string): Frame {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // What was wrong with it is not told: that would quote it, and there may be keys in it.
    throw new LinkError('protocol', 'a message is not JSON');
  }
  if (!isFrame(value)) throw new LinkError('protocol', 'a message is neither event, request nor answer');
  return value;
}

function isFrame(value: unknown): value is Frame {
  if (typeof value !== 'object' || value === null) return false;
  const frame = value as Record<string, unknown>;
  if ('answer' in frame) {
    const error = frame.error as Record<string, unknown> | null | undefined;
    return (
      Number.isSafeInteger(frame.answer) &&
      (error === undefined || (typeof error?.code === 'string' && typeof error.text === 'string'))
    );
  }
  return 'message' in frame && (!('ask' in frame) || Number.isSafeInteger(frame.ask));
}
