// One rule in full: in plain English, as nft writes it, where it stands, and what its counter says.

import type { RulesetRow } from '../../domain/kernel.ts';
import { fact, longFact } from '../facts.ts';
import { bytes, bytesPerSecond, count, perSecond, plural } from '../format.ts';
import type { Line } from '../frame.ts';
import { explanationOf, remarksOf } from '../ruleset-look.ts';
import { blank, line, muted, span } from '../spans.ts';
import type { NftablesState } from '../state.ts';
import { wrap } from '../text.ts';
import type { View } from '../view.ts';

const kindWords: Readonly<Record<RulesetRow['kind'], string>> = {
  table: 'table',
  chain: 'chain',
  rule: 'rule',
  set: 'set',
  map: 'map',
  counter: 'counter',
  other: '',
};

/** Below the table: what the row under the cursor does. */
export function explanationLines(row: RulesetRow, width: number): Line[] {
  const words = explanationOf(row).flatMap((text) => wrap(text, width - 2));
  const said = words.length > 0 ? words : [spareWords(row)];
  return [
    ...said.map((text) => line(span(` ${text}`))),
    ...remarksOf(row).map(({ spans }) => ({ spans: [span(' '), ...spans] })),
  ];
}

function spareWords({ kind, about = '', text, children }: RulesetRow): string {
  if (kind === 'table')
    return about === ''
      ? `Table ${text}, with ${plural(children, 'chain or set', 'chains and sets')}.`
      : `Table ${text}: ${about}.`;
  if (kind === 'chain')
    return about === '' ? `Chain ${text}: only rules that jump here lead to it.` : `Chain ${text}: ${about}.`;
  return about === '' ? text : `${text}: ${about}`;
}

export function ruleDetail(
  view: View,
  state: NftablesState,
  row: RulesetRow,
  gone: boolean,
  width: number,
): Line[] {
  const at = state.window?.at;
  return [
    line(
      span(` ${kindWords[row.kind]}`, 'title', true),
      span(`  ${row.key}`),
      row.ours ? span('  ours', 'accent') : muted('  read, never changed by Sluice'),
    ),
    ...(gone
      ? [line(span(' ▲ it has gone, or is out of the rows read: these are its last figures', 'warning'))]
      : []),
    blank,
    ...explanationLines(row, width),
    blank,
    ...(row.kind === 'rule' ? longFact('as written', row.text, width) : []),
    ...(row.about === undefined || row.about === '' ? [] : longFact('about it', row.about, width)),
    ...counters(row),
    ...(at === undefined ? [] : [fact('read', muted(`at ${view.timeOfDay(at)}`))]),
  ];
}

function counters(row: RulesetRow): Line[] {
  if (row.counts === 'none' || row.packets === undefined)
    return row.kind === 'rule' ? [fact('counted', muted('–  it has no counter'))] : [];
  const isConnections = row.counts === 'connections';
  return [
    fact(
      'counted',
      span(`${count(row.packets)} ${isConnections ? 'connections' : 'packets'}`),
      muted(
        isConnections
          ? '  first packets alone: bytes are not those of the connections'
          : `  ${bytes(row.bytes)}${bytes(row.bytes).includes(' ') ? 'B' : ' B'}`,
      ),
    ),
    fact(
      'now',
      span(perSecond(row.packetRate)),
      muted(isConnections ? ' new connections' : `  ${bytesPerSecond(row.byteRate)}`),
      ...(row.packetRate === null || row.packetRate === undefined
        ? [muted('  no rate yet: just read for the first time, or reset')]
        : []),
    ),
  ];
}
