// What a shard says beside its binds: which routes it takes (OpenShift's IngressController), and how a client finds its
// instance where there are several.

import * as z from 'zod';
import { type Ipv6Prefix, isPrime } from '../domain/maglev.ts';
import { defaults } from './defaults.ts';
import { selector } from './label-schema.ts';
import { choice, flag, leaf, name, type Parsed, parseHost, text, wholeNumber } from './values.ts';

/** More than any shard has instances, so that each of them has a slot however it is scaled. */
const leastTableSize = 67;
/** The largest prime under 2^20: beyond it a table is slow to build and no more even. */
const mostTableSize = 1_048_573;

const wholeTable = wholeNumberParser(leastTableSize, mostTableSize);

function parseTableSize(value: unknown): Parsed<number> {
  const parsed = wholeTable(value);
  if (!parsed.ok || isPrime(parsed.value)) return parsed;
  return {
    ok: false,
    message: `${parsed.value} is not a prime, and some slots could not be had by everyone`,
    remedy: `write ${primeFrom(parsed.value)}`,
  };
}

function wholeNumberParser(least: number, most: number) {
  return (value: unknown): Parsed<number> =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? { ok: true, value }
      : {
          ok: false,
          message: 'is not a size of a table',
          remedy: `a prime from ${least} to ${most}, such as ${defaults.tableSize}`,
        };
}

/** The next one; the last that is allowed, near the end. */
function primeFrom(number: number): number {
  for (let next = number; next < mostTableSize; next++) if (isPrime(next)) return next;
  return mostTableSize;
}

function parsePrefix(value: unknown): Parsed<Ipv6Prefix> {
  return value === 64 || value === 128
    ? { ok: true, value }
    : { ok: false, message: 'is none of 64, 128', remedy: 'write 64 or 128' };
}

const routeAdmission = z
  .strictObject({
    wildcardPolicy: choice(
      ['WildcardsAllowed', 'WildcardsDisallowed'],
      'May routes have a host such as *.apps.example.com?',
    ).prefault(defaults.wildcardPolicy),
    namespaceOwnership: choice(
      ['Strict', 'InterNamespaceAllowed'],
      'Strict: a host belongs to the namespace of its oldest route. InterNamespaceAllowed: namespaces may share it by paths',
    ).prefault(defaults.namespaceOwnership),
  })
  .meta({ description: 'Which of the routes that it selects are admitted' });

export const shardKeys = {
  name: name('Of the shard', 64),
  domain: text(parseHost, 'The domain under which its routes live').optional(),
  default: flag('Serves what no other shard selects; at most one').prefault(false),
  instances: wholeNumber(
    1,
    64,
    'Data-plane processes; a client address always reaches the same one',
  ).prefault(defaults.instances),
  routeSelector: selector('routes, by their labels,').optional(),
  namespaceSelector: selector('routes, by the labels of their namespaces,').optional(),
  routeAdmission: routeAdmission.prefault({}),
  steering: choice(
    ['handoff', 'nft'],
    'How a client finds its instance: its socket is handed over, or nftables sends it there (else handed over)',
  ).prefault(defaults.steering),
  ipv6Prefix: leaf(
    parsePrefix,
    { type: 'integer', enum: [64, 128] },
    'How much of an IPv6 address tells clients apart: 64 keeps those of one network on one instance',
  ).prefault(defaults.ipv6Prefix),
  tableSize: leaf(
    parseTableSize,
    { type: 'integer', minimum: leastTableSize, maximum: mostTableSize, examples: [defaults.tableSize] },
    'Slots over which client addresses are spread; a prime, at least 100 for each instance',
  ).prefault(defaults.tableSize),
};

/** As much of it as tells which routes are its own, whatever else it says. */
export const shardOutline = z.object({
  name: shardKeys.name,
  domain: shardKeys.domain,
  routeSelector: shardKeys.routeSelector,
  namespaceSelector: shardKeys.namespaceSelector,
});
