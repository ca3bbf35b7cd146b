// `sluice nft …` as commander knows it.
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { serverKeyArgument } from '../options.ts';
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
  const endpoint = (name: string, description: string): Command =>
    nft
      .command(name)
      .description(description)
      .addArgument(new Argument('<server>', 'BACKEND/SERVER that is a service').argParser(serverKeyArgument))
      .addArgument(
        new Argument('<endpoint>', 'as `sluice show endpoints` tells').argParser(endpointArgument),
      );
  verb(
    endpoint('drain', 'no new connections to one endpoint of a service; those it has finish'),
    async () => (await import('./endpoint.ts')).drainEndpoint,
  );
  verb(
    endpoint('ready', 'an endpoint that drains gets new connections again'),
    async () => (await import('./endpoint.ts')).readyEndpoint,
  );
}

/** As it is written in the configuration and on screens. */
function endpointArgument(text: string): string {
  if (!/^(?:[0-9.]{7,15}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}$/.test(text))
    throw new InvalidArgumentError('Write it as IP:PORT or [IPv6]:PORT, such as 10.1.0.5:8080.');
  return text.toLowerCase();
}

const examples = `
It changes nothing: rules of a file are loaded into a network namespace of their
own, which is gone afterwards.

Examples:
  sluice nft explain                                     as root: this machine's
  sluice nft explain /etc/nftables.conf
  sluice nft explain --table "ip kube-proxy" --chain services
  ssh web1 nft -j list ruleset | sluice nft explain -`;
