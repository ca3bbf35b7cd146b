// The instances that have dialled in: what each last said, the way to ask it, and which of two with the same name serves.
// Which plan they should have is not known here; see held-plan.ts.

import { EngineError } from '../engine.ts';
import { type Link, LinkError, RemoteError } from './link.ts';
import type { InstanceHello, ToInstance } from './messages.ts';

export interface AttachedInstance {
  /** As InstanceEntity.id: its name, and with its pid once somebody else has that. */
  id: string;
  /** "default/1". */
  readonly name: string;
  readonly life: string;
  /** The newest: replaced when it took a plan. */
  hello: InstanceHello;
  /** It carries what it has, and a successor has its name, or nobody. */
  leaving: boolean;
  /** A fault that traffic survives, as it said last; taken back when it takes another plan, or opens its log again. */
  problem: string | undefined;
  /** @throws EngineError `unknown` when it went away before it answered, else what it refused with */
  ask(message: ToInstance): Promise<unknown>;
  /** For what is said again when it is back, or no longer matters then. */
  tell(message: ToInstance): void;
}

export function attachedInstance(hello: InstanceHello, link: Link): AttachedInstance {
  const ask = async (message: ToInstance): Promise<unknown> => {
    try {
      return await link.request(message);
    } catch (error) {
      throw asEngineError(error, hello.id);
    }
  };
  const leaving = hello.leaveBy > 0;
  return {
    id: leaving ? `${hello.id}:${hello.pid}` : hello.id,
    name: hello.id,
    life: hello.life,
    hello,
    leaving,
    problem: undefined,
    ask,
    tell: (message) => void ask(message).catch(ignoreGone),
  };
}

export interface AttachedInstances {
  /** All: those that serve, those that start beside one that serves, and those that leave. */
  readonly linked: ReadonlySet<AttachedInstance>;
  /** The one that serves under a name, or is to. */
  get(name: string): AttachedInstance | undefined;
  /** Another of the same name serves: this one takes its place when it is `ready`. */
  isSuccessor(instance: AttachedInstance): boolean;
  add(instance: AttachedInstance): void;
  /** It serves its plan; answers the forerunner whose name it has now. */
  ready(instance: AttachedInstance): AttachedInstance | undefined;
  /** Its name is free, or its successor's. */
  leaves(instance: AttachedInstance): void;
  delete(instance: AttachedInstance): void;
}

export function createAttachedInstances(): AttachedInstances {
  const linked = new Set<AttachedInstance>();
  const serving = new Map<string, AttachedInstance>();

  function free(instance: AttachedInstance): void {
    if (serving.get(instance.name) !== instance) return;
    serving.delete(instance.name);
    const next = [...linked].find(
      (each) => each !== instance && each.name === instance.name && !each.leaving,
    );
    if (next !== undefined) serving.set(next.name, next);
  }
  function leaves(instance: AttachedInstance): void {
    instance.leaving = true;
    instance.id = `${instance.name}:${instance.hello.pid}`;
    free(instance);
  }

  return {
    linked,
    get: (name) => serving.get(name),
    isSuccessor: (instance) => !instance.leaving && serving.get(instance.name) !== instance,
    add(instance) {
      linked.add(instance);
      const other = serving.get(instance.name);
      // The same process over another link: the one before has not been noticed to be broken.
      if (!instance.leaving && (other === undefined || other.life === instance.life))
        serving.set(instance.name, instance);
    },
    ready(instance) {
      const before = serving.get(instance.name);
      if (before === instance || instance.leaving) return undefined;
      serving.set(instance.name, instance);
      if (before !== undefined) leaves(before);
      return before;
    },
    leaves,
    delete(instance) {
      linked.delete(instance);
      free(instance);
    },
  };
}

function asEngineError(error: unknown, id: string): unknown {
  if (error instanceof LinkError)
    return new EngineError('unknown', `instance ${id} went away before it confirmed: ${error.message}`, {
      cause: error,
    });
  if (error instanceof RemoteError)
    return new EngineError(error.code === 'bind-failed' ? 'bind-failed' : 'instance-failed', error.message, {
      cause: error,
    });
  return error;
}

function ignoreGone(error: unknown): void {
  if (error instanceof EngineError) return;
  throw error;
}
