// What the engine says to all its instances, or to the one that a connection is on, and what it makes of their answers.

import type { ConnectionDetail } from '../../domain/connection.ts';
import type { ServerKey } from '../../domain/plan.ts';
import type { ObservedClients } from '../../domain/shard-plan.ts';
import { rememberedMs } from '../../proxy/client-ledger.ts';
import { splitConnectionId } from '../../proxy/stream-record.ts';
import { EngineError } from '../engine.ts';
import type { AttachedInstance, AttachedInstances } from './attached-instances.ts';
import type { InstanceClients, ToInstance } from './messages.ts';

export interface InstanceTelling {
  /**
   * Tells everybody; resolves once those that serve under these names have confirmed.
   * @throws EngineError `unknown` where one is being replaced, or went away before it did
   */
  confirmed(
    names: readonly string[],
    message: ToInstance,
    answered?: (instance: AttachedInstance, answer: unknown) => void,
  ): Promise<void>;
  /** Sum of what they answer; who goes away meanwhile took its connections with it. */
  sum(message: ToInstance): Promise<number>;
  killOnServer(names: readonly string[], server: ServerKey, count: number): Promise<number>;
  kill(connection: string): Promise<boolean>;
  connection(id: string): Promise<ConnectionDetail | undefined>;
  clients(): Promise<ObservedClients>;
}

/** A what-if is asked by somebody who waits: an instance that is stopped is left out. */
const clientsMs = 2_000;

export function createInstanceTelling(
  instances: AttachedInstances,
  after: (ms: number, run: () => void) => () => void,
): InstanceTelling {
  const { linked } = instances;

  function ofConnection(id: string): { instance: AttachedInstance; serial: number } | undefined {
    const parts = splitConnectionId(id);
    const instance = [...linked].find(({ life }) => life === parts?.life);
    return parts === undefined || instance === undefined ? undefined : { instance, serial: parts.serial };
  }

  async function clientsOf(instance: AttachedInstance): Promise<InstanceClients | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const cancel = after(clientsMs, () => resolve(undefined));
    const answer = await Promise.race([instance.ask({ kind: 'clients' }).catch(ignoreUnknown), late]);
    cancel();
    return answer as InstanceClients | undefined;
  }

  return {
    async confirmed(names, message, answered = () => {}) {
      const missing = names.find((name) => instances.get(name) === undefined);
      const confirming = names.map((name) => instances.get(name)).filter((each) => each !== undefined);
      for (const each of linked) if (!confirming.includes(each)) each.tell(message);
      await Promise.all(confirming.map(async (each) => answered(each, await each.ask(message))));
      if (missing !== undefined) throw beingReplaced(missing);
    },
    async sum(message) {
      const counts = await Promise.all([...linked].map((each) => each.ask(message).catch(ignoreUnknown)));
      return counts.reduce((sum: number, count) => sum + Number(count ?? 0), 0);
    },
    async killOnServer(names, server, count) {
      const missing = names.find((name) => instances.get(name) === undefined);
      if (missing !== undefined) throw beingReplaced(missing);
      const serving = names.map((name) => instances.get(name)!);
      let killed = 0;
      for (const instance of new Set([...serving, ...linked])) {
        if (killed >= count) break;
        killed += Number(await instance.ask({ kind: 'killOnServer', server, count: count - killed }));
      }
      return killed;
    },
    async kill(connection) {
      const found = ofConnection(connection);
      if (found === undefined) return false;
      return (await found.instance.ask({ kind: 'kill', serial: found.serial })) === true;
    },
    async connection(id) {
      const found = ofConnection(id);
      const detail = await found?.instance.ask({ kind: 'connection', serial: found.serial });
      return detail as ConnectionDetail | undefined;
    },
    async clients() {
      const answers = await Promise.all(
        [...linked].map(async (each) => ({ each, answer: await clientsOf(each) })),
      );
      return {
        overMs: rememberedMs,
        clients: answers.flatMap(({ each: { hello, name }, answer }) =>
          (answer?.clients ?? []).map((client) => ({ ...client, shard: hello.shard, instance: name })),
        ),
        missed: answers.reduce((sum, { answer }) => sum + (answer?.missed ?? 0), 0),
      };
    },
  };
}

/** Gone before it answered: its connections are, too. */
export function ignoreUnknown(error: unknown): undefined {
  if (!(error instanceof EngineError && error.code === 'unknown')) throw error;
}

function beingReplaced(id: string): EngineError {
  return new EngineError('unknown', `instance ${id} is being replaced; it will be told once it is back`);
}
