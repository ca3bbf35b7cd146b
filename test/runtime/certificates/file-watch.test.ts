import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/domain/clock.ts';
import { type FileWatch, watchFiles } from '../../../src/runtime/certificates/file-watch.ts';
import { machineClock } from '../../support/machine-clock.ts';
import { scratch } from '../../support/scratch.ts';

let place = scratch();
let watching: FileWatch | undefined;

afterEach(() => {
  watching?.close();
  place.remove();
  place = scratch();
});

/** `next()` resolves with the next look that found a change. */
function watched(
  paths: readonly string[],
  options: { clock?: Clock; lookEvery?: number; quiet?: number } = {},
) {
  let found = 0;
  let wanted: (() => void) | undefined;
  watching = watchFiles({
    paths,
    clock: machineClock,
    lookEvery: 600_000,
    quiet: 1,
    ...options,
    async looked(changed) {
      if (!changed) return;
      found++;
      wanted?.();
    },
  });
  let seen = 0;
  return {
    next: () =>
      new Promise<void>((resolve) => {
        const enough = () => {
          if (found <= seen) return;
          seen = found;
          resolve();
        };
        wanted = enough;
        enough();
      }),
  };
}

describe.each([
  ['by the notices of the kernel', { lookEvery: 600_000 }],
  ['by looking', { lookEvery: 5, quiet: 600_000 }],
] as const)('a change is seen, %s:', (_, options) => {
  it('the first look is one', async () => {
    await watched([place.path('a')], options).next();
  });

  it('written in place', async () => {
    writeFileSync(place.path('a'), '1');
    const { next } = watched([place.path('a')], options);
    await next();
    writeFileSync(place.path('a'), '22');
    await next();
  });

  it('renamed over', async () => {
    writeFileSync(place.path('a'), '1');
    const { next } = watched([place.path('a')], options);
    await next();
    writeFileSync(place.path('b'), '1');
    renameSync(place.path('b'), place.path('a'));
    await next();
  });

  it('gone, and back', async () => {
    writeFileSync(place.path('a'), '1');
    const { next } = watched([place.path('a')], options);
    await next();
    unlinkSync(place.path('a'));
    await next();
    writeFileSync(place.path('a'), '1');
    await next();
  });

  it('behind a folder that is swapped by its link, as Kubernetes mounts secrets', async () => {
    for (const version of ['..1', '..2']) {
      mkdirSync(place.path(version));
      writeFileSync(`${place.path(version)}/tls.crt`, version);
    }
    symlinkSync('..1', place.path('..data'));
    symlinkSync('..data/tls.crt', place.path('tls.crt'));
    const { next } = watched([place.path('tls.crt')], options);
    await next();
    symlinkSync('..2', place.path('..data_tmp'));
    renameSync(place.path('..data_tmp'), place.path('..data'));
    await next();
  });

  it('behind a link that is made anew, as certbot does', async () => {
    mkdirSync(place.path('archive'));
    mkdirSync(place.path('live'));
    for (const version of ['1', '2']) writeFileSync(place.path(`archive/cert${version}`), version);
    symlinkSync('../archive/cert1', place.path('live/cert'));
    const { next } = watched([place.path('live/cert')], options);
    await next();
    unlinkSync(place.path('live/cert'));
    symlinkSync('../archive/cert2', place.path('live/cert'));
    await next();
  });
});

it('sees a folder that comes later, and one that is replaced', async () => {
  const { next } = watched([place.path('x/a')], { lookEvery: 5 });
  await next();
  mkdirSync(place.path('x'));
  writeFileSync(place.path('x/a'), '1');
  await next();
  renameSync(place.path('x'), place.path('y'));
  await next();
  mkdirSync(place.path('x'));
  writeFileSync(place.path('x/a'), '1');
  await next();
  rmSync(place.path('x'), { recursive: true });
  await next();
});

it('looks once for many notices, and not again after its end', async () => {
  const timers: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    after: (_, run) => {
      timers.push(run);
      return () => {};
    },
  };
  writeFileSync(place.path('a'), '1');
  const { next } = watched([place.path('a')], { clock });
  await next();
  await expect.poll(() => timers.length).toBe(1);
  for (let count = 0; count < 20; count++) writeFileSync(place.path('a'), String(count));
  await expect.poll(() => timers.length).toBe(2);
  timers[1]!();
  await next();
  watching!.close();
  await expect.poll(() => timers.length).toBeLessThanOrEqual(3);
  for (const run of timers) run();
});

it('watches nothing where there is nothing to watch', () => {
  watched([]);
});
