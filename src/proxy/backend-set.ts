// The backends of a data plane over its plans: the same as long as their names are; those that left until their last
// stream has ended.

import type { Backend, ServerKey } from '../domain/plan.ts';
import type { ServerWish } from '../domain/server-state.ts';
import { type BackendContext, BackendRuntime } from './backend-runtime.ts';
import type { ServerRuntime } from './server-runtime.ts';

export class BackendSet {
  readonly #context: BackendContext;
  /** In the plan's order. */
  #present = new Map<string, BackendRuntime>();
  readonly #leaving = new Map<string, BackendRuntime>();

  constructor(context: BackendContext) {
    this.#context = context;
  }

  get(name: string): BackendRuntime | undefined {
    return this.#present.get(name);
  }

  server(key: ServerKey): ServerRuntime | undefined {
    const slash = key.indexOf('/');
    return this.get(key.slice(0, slash))?.server(key.slice(slash + 1));
  }

  /** Those of the plan, then those that left. */
  *all(): IterableIterator<BackendRuntime> {
    yield* this.#present.values();
    yield* this.#leaving.values();
  }

  /** Takes over a plan's backends. Nobody who waits is told anything before `refresh`. */
  configure(backends: readonly Backend[]): void {
    const former = this.#present;
    this.#present = new Map(
      backends.map((settings) => {
        const { name } = settings;
        const known = former.get(name) ?? this.#leaving.get(name);
        former.delete(name);
        this.#leaving.delete(name);
        known?.configure(settings);
        return [name, known ?? new BackendRuntime(this.#context, settings)];
      }),
    );
    for (const backend of former.values()) this.#leaving.set(backend.name, backend);
  }

  /** Writes wishes down; those for servers it does not know are passed over. Answers the backends to refresh. */
  wish(wishes: readonly ServerWish[]): Set<BackendRuntime> {
    const touched = new Set<BackendRuntime>();
    for (const wish of wishes) {
      const server = this.server(wish.server);
      if (server === undefined) continue;
      server.wish(wish);
      touched.add(server.backend);
    }
    return touched;
  }

  /** After `configure` and `wish`: serves and refuses those that wait. */
  refresh(): void {
    for (const backend of this.#present.values()) backend.refresh();
    for (const backend of this.#leaving.values()) backend.remove();
  }

  /** Drops those that left and carry nothing any more. */
  forgetEnded(): void {
    for (const [name, backend] of this.#leaving) if (backend.streams === 0) this.#leaving.delete(name);
  }
}
