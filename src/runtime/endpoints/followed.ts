// What a followed connection comes to, as a trace and a ladder say it. Pure.

import { safe } from '../../domain/safe.ts';
import type { Translated } from '../../domain/trace-kernel.ts';
import { type Followed, type FollowedStep, follow } from '../../nft/follow/follow.ts';
import type { Ruleset } from '../../nft/ruleset/ruleset.ts';

/** Of a connection of this machine's own to "10.96.0.1:443"; undefined where nothing is known to translate it. */
export function translatedBy(
  ruleset: Ruleset,
  address: string,
  localAddresses: readonly string[],
): Translated | undefined {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(colon + 1));
  if (colon < 1 || !(port > 0)) return undefined;
  const followed = follow(ruleset, {
    protocol: 'tcp',
    destination: host,
    destinationPort: port,
    from: 'this-machine',
    localAddresses,
  });
  const deciding = decidingStep(followed);
  if (followed.endpoints.length === 0 || deciding === undefined) return undefined;
  const { table, chain, text } = deciding;
  return {
    rule: safe(`${table} ${chain}`, 200),
    text: safe(`${text.replace(/\.$/, '')}${followed.decided ? '' : `; ${followed.why}`}`, 400),
    endpoints: followed.endpoints,
  };
}

/** Where one of several is chosen: before the rules of each of them, if each has one of its own. */
function decidingStep({ steps, endpoints }: Followed): FollowedStep | undefined {
  const own = steps.slice(-endpoints.length);
  const apart = new Set(own.map(({ chain }) => chain)).size === endpoints.length;
  return endpoints.length > 1 && apart && steps.length > endpoints.length
    ? steps.at(-endpoints.length - 1)
    : steps.at(-1);
}
