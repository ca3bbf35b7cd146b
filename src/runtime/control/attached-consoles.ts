// Who is attached now, and from where: whoever would lock somebody out is told whom.

import type { Disposer } from '../../domain/event.ts';
import type { AttachedConsole } from './services.ts';

export interface AttachedConsoles {
  add(console: AttachedConsole): Disposer;
  all(): readonly AttachedConsole[];
}

export function createAttachedConsoles(): AttachedConsoles {
  const attached = new Set<AttachedConsole>();
  return {
    add(console) {
      const one = { ...console };
      attached.add(one);
      return () => void attached.delete(one);
    },
    all: () => [...attached],
  };
}
