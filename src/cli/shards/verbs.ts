// `sluice shards …` as commander knows it.
import { Argument, type Command, Option } from 'commander';
import { routeArgument } from '../options.ts';
import type { AddVerb } from '../program.ts';
import {
  instancesArgument,
  labelArgument,
  relabelOption,
  removeOption,
  scaleOption,
  selectOption,
  selectorArgument,
  shardArgument,
  weightOption,
} from './arguments.ts';

export function addShardVerbs(program: Command, verb: AddVerb): void {
  const shards = program
    .command('shards')
    .description('which shard serves a route, how many instances share its clients; what would move')
    .helpCommand(false)
    .addHelpText('after', meaning);
  const shard = () => new Argument('<shard>', 'as `sluice show shards` tells').argParser(shardArgument);
  const wait = 'stay until those that leave are gone; Ctrl-C leaves, they go on';
  verb(
    shards
      .command('plan')
      .description('what if: which routes and which clients would move; changes nothing without --apply')
      .addOption(
        new Option('--scale <shard=n>', 'so many instances, such as default=3').argParser(scaleOption),
      )
      .addOption(
        new Option('--relabel <route:labels>', 'such as shop:sharded=true,legacy-').argParser(relabelOption),
      )
      .addOption(
        new Option('--select <shard:selector>', 'such as "sharded:tier in (a, b)"').argParser(selectOption),
      )
      .addOption(
        new Option('--weight <server=n>', 'of a backend of algorithm source, such as web/app1=50').argParser(
          weightOption,
        ),
      )
      .addOption(
        new Option('--remove <server>', 'of such a backend: take it out (maint)').argParser(removeOption),
      )
      .option('--reload', 'the configuration’s file as it is now')
      .option('--apply', 'do what was shown, and only that')
      .addHelpText('after', planExamples),
    async () => (await import('./plan.ts')).plan,
  );
  verb(
    shards
      .command('scale')
      .description('add instances, or let the last ones finish and leave; waits until the new ones serve')
      .addArgument(shard())
      .addArgument(new Argument('<instances>', '1 to 64').argParser(instancesArgument))
      .option('--wait', wait),
    async () => (await import('./reshape.ts')).scale,
  );
  verb(
    shards
      .command('relabel')
      .description('change labels of a route, and so which shards serve it; no connection is dropped')
      .addArgument(new Argument('<route>', 'as `sluice show routes` tells').argParser(routeArgument))
      .addArgument(
        new Argument('<labels...>', 'KEY=VALUE sets one, KEY- takes it away').argParser(labelArgument),
      ),
    async () => (await import('./reshape.ts')).relabel,
  );
  verb(
    shards
      .command('select')
      .description('change which routes a shard takes')
      .addArgument(shard())
      .addArgument(
        new Argument('<selector>', 'as kubectl has it: "sharded=true,!legacy"; "" for all').argParser(
          selectorArgument,
        ),
      ),
    async () => (await import('./reshape.ts')).select,
  );
  verb(
    shards
      .command('renew')
      .description('replace its instances, one after another, by new processes of the present release')
      .addArgument(shard())
      .option('--wait', wait),
    async () => (await import('./reshape.ts')).renew,
  );
}

const meaning = `
Three spreads, told apart:
  labels           choose the shard that serves a route
  the client hash  chooses the instance that serves a client, always the same
  the balance      chooses the server that answers a request

What was changed outlives reload and restart. It is drift: \`sluice show drift\`
tells it, \`sluice reset SHARD:instances\` (SHARD:routeSelector, ROUTE:labels)
goes back to the configuration's own, \`sluice write-back\` writes it there.`;

const planExamples = `
Each change may be given several times; all of them are one plan.

Examples:
  sluice shards plan --scale default=3           who meets another instance?
  sluice shards plan --reload                    what the edited file would move
  sluice shards plan --remove web/app3 --json    for a script
  sluice shards plan --relabel shop:sharded=true --apply    look, and do it`;
