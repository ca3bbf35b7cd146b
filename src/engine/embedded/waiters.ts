// Promises for what has to turn up: kept by name, with a limit of time.

import type { Clock } from '../../domain/clock.ts';
import { EngineError } from '../engine.ts';

export interface Waiters<T> {
  wait(name: string, ms: number): Promise<T>;
  arrived(name: string, value: T): void;
  fail(name: string, error: Error): void;
  failAll(error: Error): void;
}

export function createWaiters<T>(clock: Clock): Waiters<T> {
  const waiting = new Map<string, { resolve(value: T): void; reject(error: Error): void }[]>();
  const take = (name: string) => {
    const all = waiting.get(name) ?? [];
    waiting.delete(name);
    return all;
  };
  return {
    wait: (name, ms) =>
      new Promise((resolve, reject) => {
        const cancel = clock.after(ms, () => {
          reject(new EngineError('instance-failed', `${name} did not come up within ${ms / 1_000} s`));
        });
        const entry = {
          resolve: (value: T) => {
            cancel();
            resolve(value);
          },
          reject: (error: Error) => {
            cancel();
            reject(error);
          },
        };
        waiting.set(name, [...(waiting.get(name) ?? []), entry]);
      }),
    arrived(name, value) {
      for (const { resolve } of take(name)) resolve(value);
    },
    fail(name, error) {
      for (const { reject } of take(name)) reject(error);
    },
    failAll(error) {
      for (const name of [...waiting.keys()]) for (const { reject } of take(name)) reject(error);
    },
  };
}
