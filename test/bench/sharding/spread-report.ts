// The simulation's figures as Markdown tables. Pure.

import type { Moves, Spread } from './measure.ts';

export function spreadTable(spreads: readonly Spread[]): string {
  return table(
    [
      '',
      'instances',
      'max/mean',
      'by chance',
      'one added',
      'last removed',
      'one away',
      'needless',
      'built in',
      'memory',
    ],
    spreads.map((each) => [
      each.scheme,
      String(each.instances),
      each.maxOverMean.toFixed(4),
      each.chance.toFixed(4),
      percent(each.added.moved),
      percent(each.removed.moved),
      percent(each.absent.moved),
      needlessOf([each.added, each.removed, each.absent]),
      `${each.buildMs.toFixed(1)} ms`,
      `${(each.bytes / 1024).toFixed(0)} KiB`,
    ]),
  );
}

/** Evenness alone. */
export function sharesTable(spreads: readonly Spread[]): string {
  return table(
    ['', 'instances', 'max/mean', 'by chance'],
    spreads.map(({ population, instances, maxOverMean, chance }) => [
      population,
      String(instances),
      maxOverMean.toFixed(4),
      chance.toFixed(4),
    ]),
  );
}

/** The worst of them. */
function needlessOf(moves: readonly Moves[]): string {
  const worst = Math.max(...moves.map(({ needless }) => needless));
  return worst === 0 ? '0' : percent(worst);
}

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
