// One console's attachment: hello, requests checked against the method table, watches, and both lanes out.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { Channel } from '../../protocol/channel.ts';
import { closeCodes, type Limits } from '../../protocol/limits.ts';
import {
  isMethod,
  type MethodName,
  methods,
  type Params,
  protocolVersion,
  type Result,
} from '../../protocol/methods.ts';
import { errorText, type Incoming, readMessage, resultText, rpcErrors } from '../../protocol/rpc.ts';
import { createBudget } from './budget.ts';
import { createOutlet, type Outlet } from './outlet.ts';
import { createQuestions } from './questions.ts';
import { RpcRefusal } from './refusal.ts';
import type { ControlServices, Identified, Identity } from './services.ts';
import { snapshotOf } from './snapshot.ts';
import { createWatches } from './watches.ts';

export interface AttachmentOptions {
  readonly channel: Channel;
  readonly services: ControlServices;
  readonly limits: Limits;
  readonly clock: Clock;
  identify(hello: Params<'hello'>): Promise<Identified>;
  /** Bytes that wait for all consoles together. */
  waitingForAll(): number;
}

export interface Attachment {
  /** Bytes that the console has not taken yet. */
  readonly waiting: number;
  /** A batch of changes, written down once for all consoles. */
  changes(text: string): void;
  close(code: number, reason: string): void;
}

type Handlers = { [M in MethodName]: (params: Params<M>) => Result<M> | Promise<Result<M>> };

export function createAttachment({
  channel,
  services,
  limits,
  clock,
  identify,
  waitingForAll,
}: AttachmentOptions): Attachment {
  const { store } = services;
  const outlet: Outlet = createOutlet(channel, store, limits, clock, waitingForAll);
  const watches = createWatches(services, outlet, limits, clock);
  const questions = createQuestions(services, limits);
  const mayAsk = createBudget(limits.requestsPerSecond, clock);
  const mayCommand = createBudget(limits.commandsPerSecond, clock);
  const mayErr = createBudget(20, clock);
  let identity: Identity | undefined;
  let greeting = false;
  let outstanding = 0;
  let heardAt = clock.now();
  let ended = false;
  let nextBeat: Disposer = () => {};
  let leave: Disposer = () => {};
  const timers = new Set<Disposer>();

  const handlers: Handlers = {
    hello: greet,
    'samples.open': ({ watch, topics, intervalMs, serversOf }) =>
      watches.openSamples(watch, topics, intervalMs, serversOf),
    'history.get': () => services.history() as Result<'history.get'>,
    'connections.open': ({ watch, query }) => watches.openConnections(watch, query),
    'connections.update': ({ watch, query }) => watches.updateConnections(watch, query),
    'connections.get': async ({ id }) =>
      ((await services.connection(id)) ?? null) as Result<'connections.get'>,
    'nft.open': ({ watch, query }) => watches.openRuleset(watch, query),
    'nft.update': ({ watch, query }) => watches.updateRuleset(watch, query),
    'tail.open': ({ watch, filter }) => watches.openTail(watch, filter),
    'preflight.open': ({ watch, route, termination }) => {
      spendCommand();
      return watches.openPreflight(watch, route, termination);
    },
    'shards.plan': async ({ whatIf }) => {
      spendCommand();
      return (await questions.plan(whatIf)) as Result<'shards.plan'>;
    },
    trace: async ({ question }) => {
      spendCommand();
      return (await questions.trace(question)) as Result<'trace'>;
    },
    'watch.close': ({ watch }) => watches.close(watch),
    'command.preview': async ({ command }) =>
      (await services.preview(command, identity!.actor)) as Result<'command.preview'>,
    'command.execute': async ({ id, command, from }) => {
      spendCommand();
      const { actor } = identity!;
      const outcome = await services.execute({ id, actor, command, ...(from && { from }) });
      store.flush();
      return outcome;
    },
    'command.outcome': async ({ id }) => {
      const outcome = await services.outcome(id, identity!.actor);
      store.flush();
      return outcome ? { known: true, outcome } : { known: false };
    },
  };

  function spendCommand(): void {
    if (!mayCommand())
      throw new RpcRefusal(rpcErrors.limit, `more than ${limits.commandsPerSecond} commands a second`);
  }

  async function greet(params: Params<'hello'>): Promise<Result<'hello'>> {
    if (identity || greeting) throw new RpcRefusal(rpcErrors.invalidRequest, 'hello was said already');
    greeting = true;
    if (!params.versions.includes(protocolVersion)) {
      closeAfterReply(closeCodes.incompatible, 'no version in common');
      throw new RpcRefusal(
        rpcErrors.incompatible,
        `this runtime (${services.version}) speaks version ${protocolVersion} of the protocol; the console offers ${params.versions.join(', ')}`,
      );
    }
    const identified = await identify(params);
    if ('refused' in identified) {
      closeAfterReply(closeCodes.notPermitted, 'not permitted');
      throw new RpcRefusal(rpcErrors.notAuthenticated, identified.refused);
    }
    store.flush();
    const missed = params.resume && store.since(params.resume.epoch, params.resume.seq);
    identity = identified.identity;
    if (!ended)
      leave = services.attached({
        actor: identity.actor,
        ...(params.ssh !== undefined && { ssh: params.ssh }),
      });
    return {
      version: protocolVersion,
      runtime: { name: services.name, version: services.version },
      role: identity.role,
      actor: identity.actor.name,
      now: clock.now(),
      epoch: store.epoch,
      seq: store.seq,
      ...(missed ? { changes: missed } : { snapshot: snapshotOf(store.model) }),
    } as Result<'hello'>;
  }

  function answer(message: Incoming & { kind: 'request' }): void | Promise<void> {
    const { id, method } = message;
    const refuse = (code: number, text: string, details?: unknown): void => {
      outlet.reply(
        errorText(id, { code, message: text, ...(details === undefined ? {} : { data: details }) }),
      );
      if (!mayErr()) close(closeCodes.protocolError, 'too many refused requests');
    };
    if (!mayAsk()) return refuse(rpcErrors.limit, `more than ${limits.requestsPerSecond} requests a second`);
    if (!isMethod(method)) return refuse(rpcErrors.methodNotFound, 'no such method');
    if (!identity && method !== 'hello') return refuse(rpcErrors.helloFirst, 'say hello first');
    if (methods[method].role === 'operator' && identity?.role !== 'operator')
      return refuse(rpcErrors.notPermitted, `${method} needs the role operator`);
    if (outstanding >= limits.outstanding) return refuse(rpcErrors.limit, 'too many requests under way');
    const params = methods[method].params.safeParse(message.params ?? {});
    if (!params.success)
      return refuse(
        rpcErrors.invalidParams,
        'params are not as the schema says',
        params.error.issues.slice(0, 5).map(({ path, message: fault }) => ({ path, fault })),
      );
    return handle(id, method, params.data, refuse);
  }

  async function handle(
    id: number | string,
    method: MethodName,
    params: unknown,
    refuse: (code: number, text: string, details?: unknown) => void,
  ): Promise<void> {
    outstanding += 1;
    try {
      const result = (handlers[method] as (params: unknown) => unknown)(params);
      // Only awaited where there is something to wait for: replies of plain reads keep their order.
      outlet.reply(resultText(id, result instanceof Promise ? await result : result));
    } catch (error) {
      if (error instanceof RpcRefusal) refuse(error.failure.code, error.failure.message);
      else refuse(rpcErrors.internal, error instanceof Error ? error.message : 'failed');
    } finally {
      outstanding -= 1;
    }
  }

  /** Lets the reply that is about to be written go out first. */
  function closeAfterReply(code: number, reason: string): void {
    timers.add(clock.after(0, () => close(code, reason)));
  }

  function close(code: number, reason: string): void {
    channel.close(code, reason);
    dispose();
    timers.add(clock.after(2_000, () => channel.terminate()));
  }

  function dispose(): void {
    if (ended) return;
    ended = true;
    for (const cancel of timers) cancel();
    timers.clear();
    nextBeat();
    watches.closeAll();
    outlet.close();
    leave();
  }

  function beat(): void {
    if (ended) return;
    if (clock.now() - heardAt > limits.silentMs) {
      channel.terminate();
      dispose();
      return;
    }
    channel.ping();
    nextBeat = clock.after(limits.pingMs, beat);
    void identity
      ?.stillHolds()
      .then((holds) => holds || close(closeCodes.notPermitted, 'the token does not hold any more'));
  }

  timers.add(
    clock.after(limits.helloMs, () => identity || close(closeCodes.helloTimeout, 'no hello in time')),
  );
  nextBeat = clock.after(limits.pingMs, beat);
  channel.heard(() => {
    heardAt = clock.now();
  });
  channel.ended(() => {
    dispose();
    for (const cancel of timers) cancel();
  });
  channel.messages((text) => {
    if (ended) return;
    const message = readMessage(text);
    switch (message.kind) {
      case 'request':
        void answer(message);
        break;
      case 'invalid':
        outlet.reply(errorText(message.id, message.error));
        if (!mayErr()) close(closeCodes.protocolError, 'too many messages that are not JSON-RPC 2.0');
        break;
      case 'notification':
      case 'result':
      case 'error':
        // JSON-RPC 2.0 (4.1): never answered. This side sends no requests and takes no notifications.
        if (!mayErr()) close(closeCodes.protocolError, 'nothing but requests is taken');
        break;
    }
  });

  return {
    get waiting() {
      return outlet.waiting;
    },
    changes(text) {
      if (identity && !ended) outlet.changes(text);
    },
    close,
  };
}
