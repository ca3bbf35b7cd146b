// Attaches to a runtime and stays attached: hello, resume, reconnect, and commands that are never sent twice.

import type { Clock, Random } from '../domain/clock.ts';
import type { Outcome } from '../domain/command.ts';
import { createEmitter, type Disposer } from '../domain/event.ts';
import type { Change } from '../domain/model.ts';
import { safe } from '../domain/safe.ts';
import type { ChannelEnd } from '../protocol/channel.ts';
import { closeCodes } from '../protocol/limits.ts';
import { protocolVersion } from '../protocol/methods.ts';
import { rpcErrors } from '../protocol/rpc.ts';
import { backoffMs } from './backoff.ts';
import { createCommands } from './commands.ts';
import { type Dial, type DialTarget, dial as dialSocket } from './dial.ts';
import { createMirror } from './mirror.ts';
import { createOpenWatches } from './open-watches.ts';
import { AttachError, type AttachState, type RuntimeClient } from './runtime-client.ts';
import { createSession, type NotificationOf, RpcError, type Session } from './session.ts';

export interface AttachOptions extends DialTarget {
  /** This program, as the runtime's journal may show it: "sluice console". */
  readonly name: string;
  readonly version?: string;
  /** Who sits here; believed on a unix socket only. */
  readonly user?: string;
  /** Address of the ssh client whose session this is: the runtime keeps it from being blocked by mistake. */
  readonly ssh?: string;
  readonly clock: Clock;
  readonly random?: Random;
  /** Off: the first loss or failure closes. */
  readonly retry: boolean;
  readonly dial?: Dial;
}

const helloMs = 15_000;

export function attach(options: AttachOptions): RuntimeClient {
  const { clock, url, retry } = options;
  const random = options.random ?? Math.random;
  const open = options.dial ?? dialSocket;
  const mirror = createMirror();
  const watches = createOpenWatches();
  const attachChanges = createEmitter<AttachState>();
  const changes = createEmitter<readonly Change[]>();
  const commands = createCommands(clock, mirror, changes.event);
  const firstLive = Promise.withResolvers<void>();
  // Whoever does not ask for `ready` is told by `attach` alone.
  firstLive.promise.catch(() => {});

  let state: AttachState = { state: 'connecting', since: clock.now() };
  let session: Session | undefined;
  let attempt = 0;
  let cancelRetry: Disposer = () => {};
  let clockOffset = 0;
  let lastHeardAt = clock.now();
  let ended = false;

  function become(next: AttachState): void {
    state = next;
    attachChanges.emit(next);
  }

  function closeForGood(code: 'closed' | 'not-permitted' | 'incompatible', error: AttachError): void {
    if (ended) return;
    ended = true;
    cancelRetry();
    commands.closed(error.message);
    become({ state: 'closed', code, reason: error.message });
    firstLive.reject(error);
  }

  function failed(error: AttachError): void {
    if (ended) return;
    // Neither a refused token nor an old version becomes right by itself.
    if (error.code === 'incompatible' || error.code === 'not-permitted' || !retry) {
      closeForGood(
        error.code === 'incompatible' || error.code === 'not-permitted' ? error.code : 'closed',
        error,
      );
      watches.closed(error.message);
      return;
    }
    attempt += 1;
    const wait = backoffMs(attempt, random);
    const now = clock.now();
    become({
      state: 'waiting',
      since: state.state === 'waiting' ? state.since : now,
      attempt,
      retryAt: now + wait,
      reason: error.message,
    });
    cancelRetry = clock.after(wait, () => void connect());
  }

  function notified(notification: NotificationOf): void {
    switch (notification.name) {
      case 'model.changes': {
        const fresh = mirror.follow(notification.params.changes as readonly Change[]);
        if (!fresh) {
          mirror.forget();
          session?.drop('a change was missing');
        } else if (fresh.length > 0) changes.emit(fresh);
        return;
      }
      case 'model.reset': {
        const { epoch, seq, snapshot } = notification.params;
        mirror.replace(epoch, seq, snapshot);
        changes.emit([]);
        return;
      }
      case 'samples':
      case 'connections':
      case 'nft':
      case 'tail':
      case 'preflight':
        watches.notified(notification);
    }
  }

  async function connect(): Promise<void> {
    if (ended) return;
    let current: Session | undefined;
    let endedWith: ChannelEnd | undefined;
    let cancelHello: Disposer = () => {};
    try {
      const channel = await open(options);
      if (ended) return channel.terminate();
      let live = false;
      // What came in one packet with the hello's answer waits until that is taken in.
      const early: NotificationOf[] = [];
      current = createSession({
        channel,
        clock,
        notified: (notification) => (live ? notified(notification) : void early.push(notification)),
        heard: () => {
          lastHeardAt = clock.now();
        },
        ended(end) {
          endedWith = end;
          if (!live) return;
          session = undefined;
          watches.lost();
          failed(lossOf(end));
        },
      });
      session = current;
      cancelHello = clock.after(helloMs, () => current?.drop('no answer to the hello'));
      const askedAt = clock.now();
      const { position } = mirror;
      const greeted = await current.request('hello', {
        versions: [protocolVersion],
        client: { name: options.name, ...(options.version && { version: options.version }) },
        ...(options.user && { user: options.user }),
        ...(options.ssh && { ssh: options.ssh }),
        ...(options.token && { token: options.token }),
        ...(position && { resume: { ...position } }),
      });
      cancelHello();
      if (ended) return;
      lastHeardAt = clock.now();
      clockOffset = greeted.now - (askedAt + lastHeardAt) / 2;
      let missed: readonly Change[] = [];
      if (greeted.snapshot) mirror.replace(greeted.epoch, greeted.seq, greeted.snapshot);
      else {
        const fresh = mirror.follow((greeted.changes ?? []) as readonly Change[]);
        if (!fresh) {
          mirror.forget();
          throw new AttachError('protocol', 'the runtime resumed at the wrong place');
        }
        missed = fresh;
      }
      live = true;
      if (endedWith) throw lossOf(endedWith);
      attempt = 0;
      watches.attached(current);
      become({ state: 'live', since: clock.now(), role: greeted.role, actor: greeted.actor });
      if (greeted.snapshot || missed.length > 0) changes.emit(missed);
      for (const notification of early) notified(notification);
      firstLive.resolve();
      commands.attached(current);
    } catch (error) {
      cancelHello();
      session = undefined;
      // Before it is closed: that end is ours, and would hide what was wrong.
      const failure = attachErrorOf(error, endedWith, options.version);
      current?.close();
      failed(failure);
    }
  }

  // After the caller has the client in hand and can listen.
  queueMicrotask(() => void connect());

  const live = (): Session => {
    if (session && state.state === 'live') return session;
    throw new AttachError('lost', 'not attached to the runtime now');
  };

  return {
    url,
    get attach() {
      return state;
    },
    attachChanges: attachChanges.event,
    ready: () => firstLive.promise,
    model: mirror.model,
    changes: changes.event,
    get clockOffset() {
      return clockOffset;
    },
    get lastHeardAt() {
      return lastHeardAt;
    },
    samples: watches.samples,
    connections: watches.connections,
    openRuleset: watches.openRuleset,
    tail: watches.tail,
    preflight: watches.preflight,
    history: async () => live().request('history.get', {}),
    connection: async (id) => (await live().request('connections.get', { id })) ?? undefined,
    shardPlan: async (whatIf) => live().request('shards.plan', { whatIf }),
    trace: async (question) => live().request('trace', { question }),
    preview: async (command) => live().request('command.preview', { command }),
    async execute(command, conditions): Promise<Outcome> {
      if (state.state !== 'live' || !session)
        return {
          result: 'refused',
          code: 'busy',
          text: 'not sent: this console is not attached to the runtime now',
          remedy: 'try again once it is live',
        };
      return commands.execute(session, command, conditions?.from);
    },
    close() {
      closeForGood('closed', new AttachError('lost', 'closed by this console'));
      session?.close();
      session = undefined;
    },
  };
}

function lossOf({ code, reason }: ChannelEnd): AttachError {
  if (code === closeCodes.notPermitted)
    return new AttachError('not-permitted', reason || 'the runtime does not permit this console');
  if (code === closeCodes.incompatible) return new AttachError('incompatible', reason);
  return new AttachError('lost', reason || 'the connection to the runtime was lost');
}

/** Before it is live, only the hello has been asked: an answer that cannot be read is one of another version. */
function attachErrorOf(
  error: unknown,
  end: ChannelEnd | undefined,
  version: string | undefined,
): AttachError {
  if (error instanceof RpcError) {
    if (error.code === rpcErrors.notAuthenticated || error.code === rpcErrors.notPermitted)
      return new AttachError('not-permitted', error.message, { cause: error });
    if (error.code === rpcErrors.invalidParams)
      return otherVersion(version, undefined, `it refused the hello: ${error.message}`, error);
    if (error.code === rpcErrors.incompatible)
      return new AttachError('incompatible', error.message, { cause: error });
    return new AttachError('protocol', error.message, { cause: error });
  }
  if (end) return lossOf(end);
  if (error instanceof AttachError)
    return error.code === 'protocol' && error.cause !== undefined
      ? otherVersion(version, runtimeVersion(error.cause), error.message, error)
      : error;
  return new AttachError('protocol', (error as Error).message, { cause: error });
}

function otherVersion(
  console: string | undefined,
  runtime: string | undefined,
  fault: string,
  cause: Error,
): AttachError {
  const named = (version: string | undefined) => (version === undefined ? '' : ` (${version})`);
  return new AttachError(
    'incompatible',
    `this console${named(console)} speaks another protocol than the runtime${named(runtime)}: ${fault}`,
    { cause },
  );
}

/** As far as an answer tells it that is not as the schema says. */
function runtimeVersion(answer: unknown): string | undefined {
  const { version } = ((answer as { runtime?: unknown } | null)?.runtime ?? {}) as { version?: unknown };
  return typeof version === 'string' ? safe(version, 50) : undefined;
}
