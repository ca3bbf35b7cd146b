// Whether something can be used, asked of the machine now and then: where it can, that is believed for a while, and where it
// cannot, less long.

import type { Clock } from '../../domain/clock.ts';

export interface Asked<T> {
  ask(): Promise<T>;
  /** Somebody saw that it changed. */
  forget(): void;
}

const goodMs = 60_000;
const badMs = 10_000;

export function askedAgain<T>(clock: Clock, look: () => Promise<T>, isGood: (value: T) => boolean): Asked<T> {
  let known: { readonly value: T; readonly until: number } | undefined;
  let looking: Promise<T> | undefined;
  return {
    ask() {
      // A clock that was set back must not make it believed for ever.
      const now = clock.now();
      if (known !== undefined && now < known.until && known.until - now <= goodMs)
        return Promise.resolve(known.value);
      looking ??= look()
        .then((value) => {
          known = { value, until: clock.now() + (isGood(value) ? goodMs : badMs) };
          return value;
        })
        .finally(() => {
          looking = undefined;
        });
      return looking;
    },
    forget() {
      known = undefined;
    },
  };
}
