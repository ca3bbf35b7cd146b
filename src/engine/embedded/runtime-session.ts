// One attachment of an instance to a runtime: says who it is, does what it is told, reports while somebody is there.
// When the link goes, nothing of it stays: the data plane serves on with its last plan and server states.

import type { Socket } from 'node:net';
import type { Disposer } from '../../domain/event.ts';
import { connectionDetail } from '../../proxy/connection-view.ts';
import type { DataPlane } from '../../proxy/data-plane.ts';
import { BindError } from '../../proxy/listener.ts';
import type { PlaneClock } from '../../proxy/timers.ts';
import { EngineError } from '../engine.ts';
import { createConnectionWatches } from './connection-watches.ts';
import { openLink } from './link.ts';
import { type FromInstance, type InstanceHello, readToInstance, type ToInstance } from './messages.ts';
import type { StreamEnds } from './stream-ends.ts';
import type { Tails } from './tails.ts';

export interface RuntimeSessionOptions {
  readonly plane: DataPlane;
  readonly clock: PlaneClock;
  readonly hello: () => InstanceHello;
  readonly tails: Tails;
  readonly ends: StreamEnds;
  /** After a plan was taken. */
  readonly applied: () => void;
  /** Resolves when nothing is left to carry; the process ends after the answer is sent. */
  readonly stop: (graceMs: number) => Promise<void>;
}

export interface RuntimeSession {
  send(message: FromInstance): boolean;
  /** The link is gone. */
  readonly ended: Promise<void>;
  close(): void;
}

const sampleMs = 200;
/** A runtime this far behind gets no more samples, windows or tails until it has caught up; what it asked is answered. */
const backlogLimit = 1024 * 1024;

export function startRuntimeSession(socket: Socket, options: RuntimeSessionOptions): RuntimeSession {
  const { plane, clock, tails, ends } = options;
  const { life } = options.hello();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let stopSampling: Disposer = () => {};
  let full = true;

  const link = openLink(socket, {
    message() {},
    request: (message) => Promise.resolve(perform(readToInstance(message))),
    closed() {
      stopSampling();
      watches.clear();
      tails.clear();
      ends.refresh();
      end();
    },
  });
  const send = (message: FromInstance): boolean => {
    if (link.backlog > backlogLimit) return false;
    link.send(message);
    return true;
  };
  const watches = createConnectionWatches({
    table: plane.connections,
    life,
    clock,
    send: (watch, turn, window) => send({ kind: 'window', watch, turn, window }),
  });

  link.send(options.hello());
  sample();

  function sample(): void {
    // Not taken at all while it could not be sent: taking it would forget what had changed.
    if (plane.plan !== undefined && link.backlog <= backlogLimit) {
      link.send({ kind: 'sample', sample: plane.sample(full) } satisfies FromInstance);
      full = false;
    }
    stopSampling = clock.after(sampleMs, sample);
  }

  function perform(message: ToInstance): unknown {
    switch (message.kind) {
      case 'apply':
        return apply(message);
      case 'setServers':
        return plane.setServers(message.wishes);
      case 'setRoutes':
        return plane.setRoutes(message.wishes);
      case 'setTlsMaterial':
        plane.setTlsMaterial(message.material);
        return options.hello();
      case 'endInOtherModes':
        return plane.endInOtherModes(message.route, message.how);
      case 'kill':
        return plane.kill(message.serial);
      case 'killOnServer':
        return plane.killOnServer(message.server, message.count);
      case 'retirePool':
        return plane.retirePool(message.server);
      case 'clients':
        return plane.clients();
      case 'connection': {
        const connection = plane.connections.get(message.serial);
        return connection === undefined ? undefined : connectionDetail(connection, life, clock.mono());
      }
      case 'watch':
        return watches.set(message.watch, message.turn, message.query);
      case 'unwatch':
        return watches.delete(message.watch);
      case 'tail':
        tails.add(message.tail, message.filter);
        return ends.refresh();
      case 'untail':
        tails.delete(message.tail);
        return ends.refresh();
      case 'reopenLogs':
        return ends.reopenLog();
      case 'stop':
        return options.stop(message.graceMs);
    }
  }

  async function apply({ plan, wishes, tls }: ToInstance & { kind: 'apply' }): Promise<InstanceHello> {
    try {
      await plane.apply(plan, wishes, tls);
    } catch (error) {
      if (error instanceof BindError) throw new EngineError('bind-failed', error.message);
      throw new EngineError('instance-failed', error instanceof Error ? error.message : String(error));
    }
    ends.logTo(plan.runtime.accessLog);
    options.applied();
    // Whoever applies a plan knows every bind and server of it anew.
    full = true;
    return options.hello();
  }

  return { send, ended, close: () => link.close() };
}
