// Chains, sets and tables in plain English.

import { safe } from '../../domain/safe.ts';
import type { Chain, NftSet, Table } from '../ruleset/ruleset.ts';
import { ownerOfChain } from './owners.ts';
import { contents, duration, either, many } from './telling.ts';
import { waysTo } from './ways.ts';

/** What it sees, when, and what becomes of what no rule decides. Safe lines. */
export function explainChain(chain: Chain, table: Table): readonly string[] {
  const owner = ownerOfChain(chain, table);
  const { base } = chain;
  const { from, nat } = waysTo(chain, table);
  const lines = owner === undefined ? [] : [owner];
  if (base === undefined) {
    const names = from.map((name) => safe(name, 80));
    lines.push(
      from.length === 0
        ? 'No rule of its table leads here: it sees nothing.'
        : `Sees what ${from.length === 1 ? 'chain' : 'chains'} ${either(names, 4, 'and')} ${from.length === 1 ? 'sends' : 'send'} here${nat ? ': the first packet of each connection' : ''}.`,
    );
    return lines;
  }
  const device = base.device === undefined ? 'its interface' : safe(base.device, 80);
  const seen: Readonly<Record<string, string>> = {
    prerouting: `${nat ? 'each new connection' : 'every packet'} as it arrives, before it is routed`,
    input: `${nat ? 'each new connection' : 'every packet'} addressed to this machine`,
    forward: `${nat ? 'each new connection' : 'every packet'} that passes through this machine`,
    output: nat ? 'each new connection that this machine opens' : 'every packet that this machine sends',
    postrouting: `${nat ? 'each new connection' : 'every packet'} as it leaves, after it was routed`,
    ingress: `every packet that comes in by ${device}, before all else`,
    egress: `every packet that goes out by ${device}, after all else`,
  };
  const what = Object.hasOwn(seen, base.hook)
    ? seen[base.hook]!
    : `what comes by hook ${safe(base.hook, 40)}`;
  lines.push(`Sees ${what}${ofFamily(table.family)}${nat ? ' (only its first packet comes by)' : ''}.`);
  lines.push(
    base.policy === 'drop' ? 'What no rule decides is dropped.' : 'What no rule decides is accepted.',
  );
  return lines;
}

function ofFamily(family: string): string {
  return (
    { ip: ', of IPv4', ip6: ', of IPv6', arp: ', of ARP', bridge: ', between ports of a bridge' }[family] ??
    ''
  );
}

/** "filter, hook input, priority -10, policy accept". Safe; "" of others. */
export function chainAbout({ base }: Chain): string {
  if (base === undefined) return '';
  const device = base.device === undefined ? '' : `, device ${base.device}`;
  return safe(
    `${base.type}, hook ${base.hook}${device}, priority ${base.priority}, policy ${base.policy}`,
    160,
  );
}

/** "ipv4_addr, 3 elements, next leaves in 12 min". Safe. */
export function setAbout(set: NftSet): string {
  const type = set.type.join(' . ');
  const to = set.isMap ? ` → ${(set.to ?? ['?']).join(' . ')}` : '';
  return safe(`${type}${to}, ${contents(set)}`, 200);
}

/** Safe lines. */
export function explainSet(set: NftSet, table: Table): readonly string[] {
  const of = set.type.join(' and ');
  const parts = [
    set.isMap ? `Maps ${of} to ${(set.to ?? ['?']).join(' and ')}` : `A set of ${of}`,
    contents(set),
    ...(set.flags.includes('interval') ? ['ranges allowed'] : []),
    ...(set.timeoutMs === undefined ? [] : [`each stays ${duration(set.timeoutMs)}`]),
    ...(set.size === undefined ? [] : [`room for ${set.size.toLocaleString('en')}`]),
  ];
  void table;
  return [safe(`${parts.join('; ')}.`, 300)];
}

/** Safe. */
export function explainTable(table: Table): string {
  const families: Readonly<Record<string, string>> = {
    ip: 'IPv4',
    ip6: 'IPv6',
    inet: 'IPv4 and IPv6',
    arp: 'ARP',
    bridge: 'bridged frames',
    netdev: 'frames of single interfaces',
  };
  const of = Object.hasOwn(families, table.family) ? families[table.family]! : table.family;
  const rules = table.chains.reduce((sum, chain) => sum + chain.rules.length, 0);
  const owner =
    { 'kube-proxy': ' kube-proxy’s own.', firewalld: ' firewalld’s own.', sluice: ' Sluice’s own.' }[
      table.name
    ] ?? '';
  return safe(`Rules for ${of}: ${many(table.chains.length, 'chain')}, ${many(rules, 'rule')}.${owner}`, 200);
}
