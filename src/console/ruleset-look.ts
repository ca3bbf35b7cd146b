// How tables, chains and rules look: the tree, what a counter counts, and the words that explain a rule.

import type { RulesetRow, Usable } from '../domain/kernel.ts';
import { safe } from '../domain/safe.ts';
import { bytes, count, rate } from './format.ts';
import type { Line, Span } from './frame.ts';
import { line, muted, span } from './spans.ts';
import { bar } from './sparkline.ts';
import { wrap } from './text.ts';

/** A rule's explanation is set under it, so that the eye can skip it. */
const explainedIndent = 8;
/** Nobody reads more of one rule in a list; the detail has all of it. */
const mostExplained = 6;

/** Of a row in a list where all are explained: lines of text, as wide as there is room. */
export function explainedLines(row: RulesetRow, width: number, most: number): string[] {
  // Of tables, chains and sets their own line says as much.
  if (row.kind !== 'rule') return [];
  const room = Math.max(20, width - explainedIndent - 2);
  const lines = explanationOf(row).flatMap((text) => wrap(text, room));
  return lines.slice(0, Math.max(0, Math.min(mostExplained, most)));
}

export function explainedSpans(text: string): Span[] {
  return [span(`${' '.repeat(explainedIndent)}${text}`, 'muted')];
}

/** What is said of a row: its explanation, and what its numbers mean where that is not what one would think. */
export function explanationOf(row: RulesetRow): string[] {
  return row.explanation.map((text) => safe(text, 2_000)).filter((text) => text !== '');
}

export function remarksOf(row: RulesetRow): Line[] {
  const remarks: Line[] = [];
  if (!row.understood)
    remarks.push(
      line(span('? ', 'unknown'), muted('a part of it we cannot explain: it is shown as nft writes it')),
    );
  if (row.kind === 'rule' && row.counts === 'none')
    remarks.push(line(muted('no counter: nft counts only where a rule says so')));
  if (row.kind === 'rule' && row.counts === 'connections')
    remarks.push(line(muted('counts connections: in a nat chain only the first packet of each comes by')));
  return remarks;
}

export function nameSpans(row: RulesetRow, folded: boolean): Span[] {
  const { kind, depth, text, about } = row;
  const aside = about === undefined || about === '' ? [] : [muted(`  ${about}`)];
  switch (kind) {
    case 'table':
      return [
        muted(folded ? '▸ ' : '▾ '),
        span(text, 'text', true),
        ...(row.ours ? [span('  ours', 'accent')] : []),
        ...aside,
      ];
    case 'chain':
      return [
        muted(`  ${row.children === 0 ? '· ' : folded ? '▸ ' : '▾ '}`),
        span(text, 'text', row.about !== undefined),
        ...aside,
      ];
    case 'rule': {
      const { main, rest } = ruleInShort(row);
      return [
        span(`${'  '.repeat(depth + 1)}${main}`),
        ...mark(row),
        ...(rest === '' ? [] : [muted(`  ${rest}`)]),
        ...aside,
      ];
    }
    case 'set':
    case 'map':
    case 'counter':
    case 'other':
      return [span(`${'  '.repeat(depth + 1)}${text}`), ...mark(row), ...aside];
  }
}

/**
 * A list cuts a rule at its end. Of ours, whose words we know, what it does comes first, then whose it is (its comment), and
 * last the counter, whose figures stand beside it. Others' are as nft writes them, and the detail has all of each.
 */
export function ruleInShort({ ours, text }: RulesetRow): { readonly main: string; readonly rest: string } {
  if (!ours) return { main: text, rest: '' };
  const [, written = text, comment = ''] = /^(.*?)(?: comment "([^"]*)")?$/s.exec(text) ?? [];
  const counter = /(?:^| )(counter name "[^"]*")/.exec(written)?.[1];
  const main = (counter === undefined ? written : written.replace(counter, ''))
    .replace(/^meta l4proto tcp /, '')
    .replace(/ {2,}/g, ' ')
    .trim();
  // A rule that only counts has nothing else to say.
  if (main === '' || main === 'meta l4proto tcp') return { main: counter ?? text, rest: comment };
  return { main, rest: [comment, counter ?? ''].filter((part) => part !== '').join('  ') };
}

function mark({ understood }: RulesetRow): Span[] {
  return understood ? [] : [span(' ?', 'unknown')];
}

export const unitWidth = 5;

/** "12,044     ", "40,211 conn", "–     ": digits stand over digits, and what is counted beside them. */
export function amountCell(row: RulesetRow): Span[] {
  const unit = row.counts === 'connections' ? ' conn' : ' '.repeat(unitWidth);
  return row.counts === 'none' || row.packets === undefined
    ? [muted('–'), span(' '.repeat(unitWidth))]
    : [span(count(row.packets)), muted(unit)];
}

/** Of a nat chain the bytes are those of first packets alone, and would be read as what was carried. */
export function bytesCell(row: RulesetRow): Span {
  return row.counts === 'packets' ? span(bytes(row.bytes)) : muted('–');
}

export function rateCell(row: RulesetRow): Span {
  if (row.counts === 'none') return muted('–');
  const value = row.packetRate;
  return value === null || value === undefined ? muted('–') : span(rate(value), value > 0 ? 'text' : 'muted');
}

/** Nothing is said of what counts nothing by its nature. */
export function isSilent({ kind, counts }: RulesetRow): boolean {
  return (
    kind === 'table' ||
    kind === 'chain' ||
    ((kind === 'rule' || kind === 'set' || kind === 'map' || kind === 'other') && counts === 'none')
  );
}

export function barCell(row: RulesetRow, most: number, width: number): Span {
  const value = row.packetRate ?? 0;
  return value > 0 && most > 0 ? span(bar(Math.max(value / most, 1 / (8 * width)), width), 'bar') : span('');
}

/** Why not, and what would help, in one line. */
export function whyNotUsable(usable: Usable): string | undefined {
  if (usable === true) return undefined;
  return usable.remedy === undefined ? usable.no : `${usable.no}: ${usable.remedy}`;
}
