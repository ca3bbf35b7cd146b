// An nft whose rulesets and failures a test scripts, and which tells what it was asked.
import type { Usable } from '../../../src/domain/kernel.ts';
import type { Json } from '../../../src/nft/json.ts';
import type { Nft } from '../../../src/nft/process/nft.ts';
import { NftError, type NftErrorCode } from '../../../src/nft/process/nft.ts';

export interface ScriptedNft extends Pick<Nft, 'list' | 'monitor' | 'usable'> {
  /** "ruleset", "table inet filter", "chain inet filter input", in order; emptied by the test. */
  asked: string[];
  /** What it lists; by "ruleset" alone where there is nothing of its own. */
  answers: Map<string, readonly Json[]>;
  fails: { code: NftErrorCode; message: string } | undefined;
  readable: Usable;
  /** Resolves when it answers. */
  during: () => Promise<void>;
  monitors: { changed(): void; ended(why: string): void; closed: boolean }[];
}

export function scriptedNft(): ScriptedNft {
  const nft: ScriptedNft = {
    asked: [],
    answers: new Map(),
    fails: undefined,
    readable: true,
    during: () => Promise.resolve(),
    monitors: [],
    usable: () => Promise.resolve({ read: nft.readable, change: nft.readable }),
    async list(...what) {
      const words = what.join(' ');
      nft.asked.push(words);
      await nft.during();
      if (nft.fails !== undefined) throw new NftError(nft.fails.code, nft.fails.message);
      const answer = nft.answers.get(words) ?? partOf(nft.answers.get('ruleset') ?? [], what);
      if (answer === undefined) throw new NftError('refused', 'No such file or directory');
      return answer;
    },
    monitor(changed, ended) {
      const monitor = { changed, ended, closed: false };
      nft.monitors.push(monitor);
      return () => {
        monitor.closed = true;
      };
    },
  };
  return nft;
}

type Body = {
  readonly family?: string;
  readonly table?: string;
  readonly chain?: string;
  readonly name?: string;
};

/** As nft answers of one table, chain, or the counters of a table. */
function partOf(ruleset: readonly Json[], what: readonly string[]): readonly Json[] | undefined {
  const [kind] = what;
  if (kind === 'ruleset') return ruleset;
  const [family, table, chain] = kind === 'counters' ? what.slice(2) : what.slice(1);
  const part = ruleset.filter((object) => {
    const [of, body] = Object.entries(object as { readonly [kind: string]: Body })[0]!;
    if (body.family !== family || (of === 'table' ? body.name : body.table) !== table) return false;
    if (kind === 'counters') return of === 'counter';
    return (
      kind === 'table' || (of === 'chain' && body.name === chain) || (of === 'rule' && body.chain === chain)
    );
  });
  return part.length === 0 ? undefined : part;
}

/** One table with its chains, each with rules that count so much: handles of chains from 1000 on, of rules 1, 2 … */
export function listing(
  family: string,
  name: string,
  chains: Readonly<Record<string, readonly number[]>>,
  handle = 1,
): readonly Json[] {
  let rule = 0;
  return [
    { table: { family, name, handle } },
    ...Object.keys(chains).map((chain, index) => ({
      chain: { family, table: name, name: chain, handle: 1_000 + index },
    })),
    ...Object.entries(chains).flatMap(([chain, counts]) =>
      counts.map((packets) => {
        rule += 1;
        return {
          rule: {
            family,
            table: name,
            chain,
            handle: rule,
            expr: [{ counter: { packets, bytes: packets * 100 } }, { accept: null }],
          },
        };
      }),
    ),
  ];
}
