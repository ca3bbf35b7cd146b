// `sluice nft …` as commander knows it.
import type { Command } from 'commander';
import type { AddVerb } from '../program.ts';

export function addNftVerbs(program: Command, verb: AddVerb): void {
  const nft = program
    .command('nft')
    .description('the kernel’s packet rules (nftables): what they do, in plain English')
    .helpCommand(false);
  verb(
    nft
      .command('explain')
      .description('every rule in plain English: of this machine, or of a file')
      .argument(
        '[file]',
        'what `nft -j list ruleset` prints, or rules as nft writes them; - for standard input',
      )
      .option('--table <name>', 'this table alone: "filter", or with its family "inet filter"')
      .option('--chain <name>', 'chains of this name alone')
      .addHelpText('after', examples),
    async () => (await import('./explain.ts')).explainRules,
  );
}

const examples = `
It changes nothing: rules of a file are loaded into a network namespace of their
own, which is gone afterwards.

Examples:
  sluice nft explain                                     as root: this machine's
  sluice nft explain /etc/nftables.conf
  sluice nft explain --table "ip kube-proxy" --chain services
  ssh web1 nft -j list ruleset | sluice nft explain -`;
