// `sluice nft …` as commander knows it.
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { longestWhy, parseBlock } from '../../domain/block.ts';
import { boundedDurationArgument, durationArgument, serverKeyArgument } from '../options.ts';
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
  const address = () => new Argument('<address>', 'or a network: 198.51.100.0/24').argParser(blockArgument);
  verb(
    nft
      .command('block')
      .description(
        'drop all packets from an address or a network; without --keep it takes itself back unless it is confirmed',
      )
      .addArgument(address())
      .option('--for <duration>', 'such as 10m or 2d; without it until it is unblocked', durationArgument, 0)
      .option('--why <text>', 'for whoever finds it later', whyArgument, '')
      .option(
        '--confirm <duration>',
        'within which it must be confirmed (default on a terminal: 30s)',
        confirmArgument,
      )
      .option('--keep', 'it stands at once, without being confirmed')
      .option(
        '--force <address>',
        'the address once more: although it would lock somebody out',
        blockArgument,
      )
      .addHelpText('after', blockExamples),
    async () => (await import('./block.ts')).block,
  );
  verb(
    nft.command('confirm').description('keep a block that would take itself back').addArgument(address()),
    async () => (await import('./block.ts')).confirmBlock,
  );
  verb(
    nft.command('unblock').description('let a blocked address through again').addArgument(address()),
    async () => (await import('./block.ts')).unblock,
  );
}

const blockExamples = `
Its packets are dropped as they arrive, before the kernel tracks connections: those
of open connections and those that this machine would send on, too. Somebody who
operates this machine is not locked out unless --force names the address.
On a terminal you are asked whether it is to stay; without an answer it takes
itself back, also when you cannot answer any more.

Examples:
  sluice nft block 198.51.100.7 --why "scans for php"
  sluice nft block 198.51.100.0/24 --for 1h --keep       in a script
  sluice nft block 2001:db8::/48 --confirm 2m && sluice nft confirm 2001:db8::/48`;

/** Canonical. */
function blockArgument(text: string): string {
  const parsed = parseBlock(text.trim());
  if (parsed.ok) return parsed.address;
  throw new InvalidArgumentError(
    parsed.remedy === undefined ? parsed.text : `${parsed.text}: ${parsed.remedy}`,
  );
}

function whyArgument(text: string): string {
  const why = text.trim();
  if (why.length > longestWhy) throw new InvalidArgumentError(`At most ${longestWhy} characters.`);
  return why;
}

function confirmArgument(text: string): number {
  const ms = boundedDurationArgument(3_600_000)(text);
  if (ms < 5_000) throw new InvalidArgumentError('At least 5s; --keep for a block that stands at once.');
  return ms;
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
