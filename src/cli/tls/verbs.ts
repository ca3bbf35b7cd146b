// `sluice tls …` as commander knows it.
import { Argument, type Command, Option } from 'commander';
import { terminations } from '../../domain/tls.ts';
import { boundedDurationArgument, routeArgument, shareArgument } from '../options.ts';
import type { AddVerb } from '../program.ts';

const second = 1_000;
const hour = 3_600 * second;
const week = 7 * 24 * hour;

export function addTlsVerbs(program: Command, verb: AddVerb): void {
  const tls = program
    .command('tls')
    .description('how a route carries HTTPS: switch its TLS mode, or take that back')
    .helpCommand(false)
    .addHelpText('after', pictures);
  const route = () => new Argument('<route>', 'as `sluice show routes` tells').argParser(routeArgument);
  verb(
    tls
      .command('switch')
      .description('probe what would be met, switch new connections, and watch how clients fare')
      .addArgument(route())
      .addArgument(new Argument('<mode>', 'the TLS mode').choices(terminations))
      .option('--preflight', 'only probe; exits 0 where it is safe, 1 where it is not')
      .addOption(
        new Option('--watch <duration>', 'how long it may revert by itself; 0 for not at all')
          .argParser(boundedDurationArgument(hour))
          .default(60 * second, '60s'),
      )
      .addOption(
        new Option('--threshold <share>', 'reverts when so many more fail than before')
          .argParser(shareArgument)
          .default(0.05, '5%'),
      )
      .addOption(
        new Option(
          '--close-after <duration>',
          'ends connections in the mode before: HTTP ones after the request under way, the rest by then',
        )
          .argParser(boundedDurationArgument(week))
          .default(0, 'they stay as long as they like'),
      )
      .option('--force <route>', 'its name once more: switch although clients would fail')
      .option('--wait', 'stay until the watch is over; Ctrl-C leaves, the watch goes on')
      .addHelpText('after', examples),
    async () => (await import('./switch.ts')).switchTls,
  );
  verb(
    tls
      .command('revert')
      .description('back to the TLS mode before the last switch, else to the configuration’s')
      .addArgument(route()),
    async () => (await import('./switch.ts')).revert,
  );
}

const pictures = `
TLS modes:
  passthrough  client ════════════ TLS ════════════ server  the server's
  edge         client ══ TLS ══ Sluice ── plain ── server   our certificate
  reencrypt    client ══ TLS ══ Sluice ═══ TLS ═══ server   our certificate

What was switched outlives a restart. It is drift: \`sluice show drift\` tells it,
\`sluice reset ROUTE\` goes back to the configuration's own mode, and
\`sluice write-back ROUTE\` writes the present one into it.`;

const examples = `
Examples:
  sluice tls switch shop reencrypt --preflight               is it safe?
  sluice tls switch shop reencrypt --wait                    switch, and see it through
  sluice tls switch shop edge --watch 10m --threshold 1%     warier
  sluice tls revert shop                                     at any time`;
