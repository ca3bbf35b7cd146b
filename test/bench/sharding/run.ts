// `node test/bench/sharding/run.ts`, or `npm run bench -- --only sharding`: the table by which clients meet their instance,
// past what one machine runs, beside other ways to do it. Two minutes on one core; `--quick` for a look.

import { measureSpread, type Spread } from './measure.ts';
import { clientCount, populations } from './populations.ts';
import { modulo, ours, plainMaglev, rendezvous, ring } from './schemes.ts';
import { sharesTable, spreadTable } from './spread-report.ts';

const fleet = [2, 3, 4, 8, 16, 64, 100, 250, 500, 1_000];
const sizes = [65_537, 655_373] as const;

export function simulateSharding(quick: boolean): string {
  const counts = quick ? [2, 16, 100] : fleet;
  const all = populations();
  const [random] = all;
  const spreads = (of: readonly Spread[][]) => of.flat();
  const own = spreads(sizes.map((size) => counts.map((count) => measureSpread(ours(size), random!, count))));
  const others = [plainMaglev(sizes[0]), plainMaglev(sizes[1]), ring(100), rendezvous, modulo];
  const compared = spreads(
    [ours(sizes[0]), ...others].map((scheme) =>
      [4, 100, 1_000]
        .filter((count) => !quick || count <= 100)
        .map((count) => measureSpread(scheme, random!, count)),
    ),
  );
  const neighbours = spreads(
    all.map((population) => [4, 64, 1_000].map((count) => measureSpread(ours(sizes[0]), population, count))),
  );
  const clients = clientCount.toLocaleString('en');
  return [
    `The table, ${clients} random IPv4 clients`,
    spreadTable(own),
    'Beside other ways to do it, the same clients',
    spreadTable(compared),
    'Other clients',
    sharesTable(neighbours),
  ].join('\n\n');
}

if (import.meta.main) console.log(simulateSharding(process.argv.includes('--quick')));
