// The instances that have dialled in: what each last said, and the way to ask it. Which plan they should have is not
// known here; see embedded-engine.ts.

import { EngineError } from '../engine.ts';
import { type Link, LinkError, RemoteError } from './link.ts';
import type { InstanceHello, ToInstance } from './messages.ts';

export interface AttachedInstance {
  readonly id: string;
  readonly life: string;
  /** The newest: replaced when it took a plan. */
  hello: InstanceHello;
  /** It was told to leave by a signal: it carries what it has, and a successor has its name. */
  leaving: boolean;
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
  return {
    id: hello.id,
    life: hello.life,
    hello,
    leaving: false,
    ask,
    tell: (message) => void ask(message).catch(ignoreGone),
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
