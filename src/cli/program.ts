// The command line as a tree of verbs. Each verb's code is loaded only when it is the one asked for:
// `--version` must not pay for a screen, nor a screen for a proxy.
import { Argument, Command, CommanderError, Option } from 'commander';
import { safeLines } from '../domain/safe.ts';
import { type Explained, exitCodes } from './failure.ts';
import { addNftVerbs } from './nft/verbs.ts';
import {
  deadlineActions,
  durationArgument,
  type GlobalOptions,
  orderArgument,
  overriddenArgument,
  serverKeyArgument,
  wholeNumberArgument,
} from './options.ts';
import { addShardVerbs } from './shards/verbs.ts';
import type { Terminal } from './terminal.ts';
import { addTlsVerbs } from './tls/verbs.ts';

export interface ProgramContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
}

/** What a verb needs to know besides its own options. */
export interface VerbContext extends ProgramContext {
  readonly options: GlobalOptions;
}

export type AddVerb = <Args extends unknown[]>(
  command: Command,
  load: () => Promise<(context: VerbContext, ...args: Args) => Promise<void>>,
) => Command;

export function createProgram(context: ProgramContext): Command {
  const program = new Command('sluice')
    .description('An operations console for a load balancer, with the load balancer in the box.')
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'say how to use it')
    .helpCommand(false)
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(--help tells how)')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      outputError: (text, write) => write(safeLines(text.replace(/^error: /, 'sluice: '))),
    })
    .option(
      '--attach <url>',
      'the runtime: unix:PATH, ws://…, wss://…, ssh://USER@HOST (default: $SLUICE_ATTACH, else this machine’s)',
    )
    .option('--token-file <file>', 'file that holds the token for it (mode 0600)')
    .option('--ca <file>', 'whom to trust for wss, besides the system’s authorities (PEM)')
    .option('--client-cert <file>', 'certificate to show a wss runtime (PEM), with --client-key')
    .option('--client-key <file>', 'its key (PEM)')
    .option('--json', 'one JSON document, or one a line for what goes on')
    .option('--theme <name>', 'colours of the console: dark, light, … or a file')
    .option('--slow', 'console for a slow line: draws once a second')
    .option('-y, --yes', 'act without asking')
    .addHelpText('after', `\nWithout a verb: the console on this machine’s runtime.\n${exitCodeHelp()}`);

  /** `load` gives the verb; positional arguments and the verb's own options are handed on as they are. */
  const verb: AddVerb = <Args extends unknown[]>(
    command: Command,
    load: () => Promise<(context: VerbContext, ...args: Args) => Promise<void>>,
  ) =>
    command.action(async (...given: unknown[]) => {
      given.pop();
      const run = await load();
      await run({ ...context, options: program.opts<GlobalOptions>() }, ...(given as Args));
    });

  verb(
    program
      .command('demo')
      .description('runtime, demo servers, traffic and console; nothing to configure')
      .option('--no-console', 'print the control URL and run until a signal')
      .option('--lab', 'clients, proxy and containers in network namespaces of its own, with nftables')
      .addOption(new Option('--inside', 'it is in its namespace already').hideHelp())
      .option('--seconds <n>', 'leave after so many seconds', wholeNumberArgument(1, 86_400)),
    async () => (await import('./demo/demo.ts')).demo,
  );
  verb(
    program
      .command('run')
      .description('a runtime with its proxy, in the foreground')
      .requiredOption('-c, --config <file>', 'the configuration, sluice.yaml')
      .addOption(new Option('--demo', 'mark it as a demo').hideHelp())
      .addOption(new Option('--leave-with-parent', 'leave when standard input ends').hideHelp()),
    async () => (await import('./run.ts')).run,
  );
  verb(
    program
      .command('check')
      .description('is this configuration right?')
      .option('-c, --config <file>', 'the configuration, sluice.yaml')
      .option('--schema', 'print the JSON Schema of the configuration')
      .option('--protocol', 'print the OpenRPC document of the control protocol'),
    async () => (await import('./check.ts')).check,
  );
  verb(
    program
      .command('import')
      .description('OpenShift and Kubernetes YAML → a configuration, and what was not understood')
      .argument('<file...>', 'what `oc get … -o yaml` prints: files, folders, or - for standard input')
      .option('-o, --output <file>', 'write the configuration there; else to standard output')
      .option('--certificates <folder>', 'for certificates and keys that stand in Routes (mode 0600)')
      .option('--serve-restricted', 'serve Routes with an allowlist, which is not enforced, to everybody'),
    async () => (await import('./import.ts')).importFiles,
  );
  verb(
    program.command('console').description('the screen'),
    async () => (await import('./console.ts')).console,
  );

  const show = program.command('show').description('tables: what there is, and how it is').helpCommand(false);
  const tables = {
    servers: 'servers with admin state, operational state, last check and traffic',
    endpoints: 'where nftables sends what goes to servers that are services',
    backends: 'backends with their servers’ states and traffic',
    binds: 'listening addresses',
    routes: 'what goes where, by which shard, in which TLS mode, with what traffic and warnings',
    shards: 'what each takes, its instances and clients, and how evenly they are spread',
    instances: 'data-plane processes, those that leave included',
    certificates: 'what clients are shown: names, how long it holds, served against disk',
    blocks: 'addresses whose packets are dropped: who wanted it, why, for how long, how many packets',
    compared: 'what the proxy counted beside what the kernel counted',
    drift: 'what runs other than the configuration says',
  } as const;
  for (const [name, description] of Object.entries(tables)) {
    verb(show.command(name).description(description), async () => {
      const { showTable } = await import('./show/show.ts');
      return (verbContext: VerbContext) => showTable(verbContext, name as keyof typeof tables);
    });
  }
  const filter = (example: string) => new Option('--filter <expression>', example).default('', 'all');
  verb(
    show
      .command('journal')
      .description('who did what, from where, what it was before')
      .option('--limit <n>', 'the newest so many', wholeNumberArgument(1, 100_000), 50),
    async () => (await import('./show/journal.ts')).showJournal,
  );
  verb(
    show
      .command('connections')
      .description('live connections')
      .addOption(filter('such as "backend=web age>10s"'))
      .addOption(
        new Option('--sort <field>', 'age, idle, bytesIn, … ; +age for ascending')
          .argParser(orderArgument)
          .default(orderArgument('age'), 'age'),
      )
      .option('--limit <n>', 'at most so many', wholeNumberArgument(1, 100_000), 50)
      .option('--ended', 'also those that ended in the last seconds'),
    async () => (await import('./show/connections.ts')).showConnections,
  );
  verb(
    show
      .command('nft')
      .description('the kernel’s packet rules (nftables), with what passes by each')
      .option('--filter <words>', 'each of which a rule, its explanation or the names above it must have', '')
      .addOption(
        new Option('--sort <order>', 'rules of a chain as the kernel asks them, or busy ones first')
          .choices(['kernel', 'traffic'])
          .default('kernel'),
      )
      .option('--limit <n>', 'at most so many rows', wholeNumberArgument(1, 1_000_000), 1_000)
      .option('--explain', 'each rule in plain English, too'),
    async () => (await import('./show/nft.ts')).showNft,
  );

  verb(
    program
      .command('tail')
      .description('requests and connections as they end, line by line')
      .addOption(filter('such as "status>=500 total>1s"'))
      .option('--count <n>', 'leave after so many', wholeNumberArgument(1, 1_000_000_000)),
    async () => (await import('./tail.ts')).tail,
  );

  const server = () => new Argument('<backend/server>', 'such as web/app1').argParser(serverKeyArgument);
  verb(
    program
      .command('drain')
      .description('let a server finish what it has, and give it nothing new')
      .addArgument(server())
      .option('--deadline <duration>', 'such as 30s or 5m; 0 for none', durationArgument, 0)
      .addOption(
        new Option(
          '--then <action>',
          'at the deadline: wait on, kill at a steady pace, maint, or back to ready',
        )
          .choices(deadlineActions)
          .default('wait'),
      )
      .option(
        '--kill-rate <n>',
        'connections ended per second, with --then kill',
        wholeNumberArgument(1, 10_000),
        10,
      )
      .option('--wait', 'stay until it is drained; Ctrl-C leaves, the drain goes on'),
    async () => (await import('./drain.ts')).drain,
  );
  verb(
    program.command('ready').description('let a server take clients').addArgument(server()),
    async () => (await import('./act.ts')).ready,
  );
  verb(
    program.command('maint').description('take a server out: nothing new, no checks').addArgument(server()),
    async () => (await import('./act.ts')).maint,
  );
  verb(
    program
      .command('weight')
      .description('change a server’s share')
      .addArgument(server())
      .addArgument(new Argument('<weight>', '0 to 256').argParser(wholeNumberArgument(0, 256))),
    async () => (await import('./act.ts')).weight,
  );
  addTlsVerbs(program, verb);
  addShardVerbs(program, verb);
  addNftVerbs(program, verb);
  verb(
    program
      .command('trace')
      .description('where a request would go, and why not elsewhere; exits 1 where no server would get it')
      .argument('<url>', 'https://HOST/PATH, http://…, tcp://ADDRESS:PORT; a port chooses the bind')
      .option('--from <address>', 'the client’s address; without it the instance is not known')
      .option('--sni <name>', 'where it is not the URL’s host')
      .option('--cookie <name=value>', 'of cookie persistence'),
    async () => (await import('./trace.ts')).trace,
  );
  verb(
    program
      .command('kill')
      .description('end one connection')
      .argument('<id>', 'as `sluice show connections` tells'),
    async () => (await import('./act.ts')).kill,
  );
  verb(
    program
      .command('undo')
      .description('take back the newest act, or one of the journal')
      .addArgument(
        new Argument('[entry]', 'number in the journal').argParser(wholeNumberArgument(1, 2 ** 48)),
      ),
    async () => (await import('./act.ts')).undo,
  );
  const overridden = () =>
    new Argument(
      '<what>',
      'BACKEND/SERVER, a route, or SHARD:instances …, as `sluice show drift` tells',
    ).argParser(overriddenArgument);
  verb(
    program
      .command('reset')
      .description('let the configuration’s own value hold again')
      .addArgument(overridden()),
    async () => (await import('./act.ts')).reset,
  );
  verb(
    program
      .command('write-back')
      .description('write what was overridden into the configuration; what runs stays as it is')
      .addArgument(overridden()),
    async () => (await import('./act.ts')).writeBack,
  );
  verb(
    program.command('reload').description('read the configuration again'),
    async () => (await import('./act.ts')).reload,
  );
  return program;
}

/** Without a verb, and without a question such as --help: the console. */
export function withDefaultVerb(context: ProgramContext, args: readonly string[]): readonly string[] {
  if (args.some((arg) => ['-h', '--help', '-V', '--version'].includes(arg))) return args;
  const { operands, unknown } = createProgram(context).parseOptions([...args]);
  return operands.length === 0 && unknown.length === 0 ? [...args, 'console'] : args;
}

/** What commander refused, and has told on standard error already; a question for help or version is no failure. */
export function explainUsage(error: unknown): Explained | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  if (error.exitCode === 0) return { ending: 'done', message: '' };
  const message =
    error.code === 'commander.help' ? 'a verb is missing' : error.message.replace(/^error: /, '');
  return { ending: 'usage', message };
}

function exitCodeHelp(): string {
  const meaning: Readonly<Record<keyof typeof exitCodes, string>> = {
    done: 'done',
    refused: 'refused or failed',
    usage: 'wrong usage or configuration',
    'no-runtime': 'no runtime there',
    'not-permitted': 'not permitted',
    'deadline-passed': 'deadline passed',
    interrupted: 'interrupted',
  };
  const lines = Object.entries(exitCodes).map(
    ([ending, code]) => `  ${String(code).padEnd(4)} ${meaning[ending as keyof typeof exitCodes]}`,
  );
  return `\nExit codes:\n${lines.join('\n')}`;
}
