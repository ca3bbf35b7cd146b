import { describe, expect, it } from 'vitest';
import { createProgram, explainUsage, withDefaultVerb } from '../../src/cli/program.ts';
import { fakeTerminal } from './terminal.ts';

const context = () => ({ terminal: fakeTerminal(), env: {}, version: '1.2.3' });

/** Parses, and answers what commander wrote and how it ended. */
async function parse(...args: string[]) {
  const program = createProgram(context());
  let written = '';
  const write = (text: string) => {
    written += text;
  };
  const everyCommand = [
    program,
    ...program.commands,
    ...program.commands.flatMap(({ commands }) => commands),
  ];
  for (const command of everyCommand) command.configureOutput({ writeOut: write, writeErr: write });
  const ending = await program.parseAsync(args, { from: 'user' }).then(
    () => 'done',
    (error: unknown) => explainUsage(error)?.ending ?? error,
  );
  return { written, ending };
}

describe('the command line', () => {
  it('prints its version', async () => {
    expect(await parse('--version')).toEqual({ written: '1.2.3\n', ending: 'done' });
  });

  it.each([
    [['drian', 'web/app1'], /unknown command 'drian'[\s\S]*drain/],
    [['drain', 'app1'], /BACKEND\/SERVER/],
    [['drain', 'web/app1', '--deadline', '30'], /no unit/],
    [['drain', 'web/app1', '--then', 'explode'], /Allowed choices are wait, kill, maint, ready/],
    [['drain', 'web/app1', '--kill-rate', '0'], /whole number/],
    [['weight', 'web/app1', '257'], /0 to 256/],
    [['show', 'conections'], /connections/],
    [['show', 'connections', '--sort', 'beauty'], /Sort by one of/],
    [['tls', 'swich'], /switch/],
    [['tls', 'switch'], /missing required argument 'route'/],
    [['tls', 'switch', 'shop'], /missing required argument 'mode'/],
    [['tls', 'switch', 'shop', 'reencypt'], /Allowed choices are passthrough, edge, reencrypt/],
    [['tls', 'switch', 'web/app1', 'edge'], /name of a route/],
    [['tls', 'switch', 'shop', 'edge', '--watch', '61m'], /At most 1h/],
    [['tls', 'switch', 'shop', 'edge', '--watch', '60'], /no unit/],
    [['tls', 'switch', 'shop', 'edge', '--close-after', '8d'], /At most 7d/],
    [['tls', 'switch', 'shop', 'edge', '--threshold', '101%'], /from 0% to 100%/],
    [['tls', 'revert'], /missing required argument 'route'/],
    [['reset', 'a b'], /name of a route/],
    [['shards', 'scle'], /scale/],
    [['shards', 'scale', 'default'], /missing required argument 'instances'/],
    [['shards', 'scale', 'default', '0'], /whole number from 1 to 64/],
    [['shards', 'scale', 'default/1', '2'], /name of a shard/],
    [['shards', 'relabel', 'shop'], /missing required argument 'labels'/],
    [['shards', 'relabel', 'shop', 'sharded'], /KEY=VALUE to set a label, KEY- to take it away/],
    [['shards', 'relabel', 'shop', 'a=b', 'a-'], /a is named twice/],
    [['shards', 'select', 'default'], /missing required argument 'selector'/],
    [['shards', 'select', 'default', 'a in b'], /At character 6/],
    [['shards', 'plan', '--scale', 'default'], /SHARD=INSTANCES/],
    [['shards', 'plan', '--relabel', 'shop'], /ROUTE:KEY=VALUE,KEY-/],
    [['shards', 'plan', '--weight', 'web/app1=1000'], /0 to 256/],
    [['shards', 'renew'], /missing required argument 'shard'/],
    [['trace'], /missing required argument 'url'/],
    [['run'], /--config/],
    [['--atach'], /--attach/],
  ])('refuses %j in words', async (args, words) => {
    const { written, ending } = await parse(...args);
    expect(ending).toBe('usage');
    expect(written).toMatch(words);
    expect(written).toMatch(/^sluice: /m);
  });

  it.each([
    [[], ['console']],
    [
      ['--attach', 'unix:/x'],
      ['--attach', 'unix:/x', 'console'],
    ],
    [['--slow'], ['--slow', 'console']],
    [
      ['show', 'servers'],
      ['show', 'servers'],
    ],
    [['--help'], ['--help']],
    [['--version'], ['--version']],
    [['--wrong'], ['--wrong']],
  ])('%j means %j', (args, meant) => {
    expect(withDefaultVerb(context(), args)).toEqual(meant);
  });

  it('tells every verb and the exit codes in its help', async () => {
    const { written } = await parse('--help');
    for (const verb of 'demo run check console show tail drain ready maint weight kill undo reset write-back reload tls shards trace import'.split(
      ' ',
    )) {
      expect(written).toMatch(new RegExp(`^  ${verb} `, 'm'));
    }
    expect(written).toMatch(/5 +deadline passed/);
  });

  it('shows the defaults of a verb as one would write them', async () => {
    const { written } = await parse('show', 'connections', '--help');
    expect(written).toMatch(/default:\s+age\)/);
    expect(written).toMatch(/\(default: all\)/);
    expect(written).not.toMatch(/[{}]/);
  });

  it.each([['tls'], ['tls', '--help']])('pictures the TLS modes: %j', async (...args) => {
    const { written } = await parse(...args);
    for (const mode of ['passthrough', 'edge', 'reencrypt'])
      expect(written).toMatch(new RegExp(`^  ${mode} +client .* server`, 'm'));
    for (const line of written.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([['shards'], ['shards', 'plan', '--help'], ['trace', '--help']])(
    'fits a terminal: %j',
    async (...args) => {
      const { written } = await parse(...args);
      for (const line of written.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    },
  );

  it('shows the defaults of a switch as one would write them', async () => {
    const { written } = await parse('tls', 'switch', '--help');
    expect(written).toMatch(/default: 60s\)/);
    expect(written).toMatch(/default:\s+5%\)/);
    expect(written).not.toMatch(/60000|0\.05/);
  });

  it.each([
    [['drain', 'app1'], /BACKEND\/SERVER/],
    [['show'], /missing/],
  ])('explains what is wrong with %j, for --json', async (args, message) => {
    const error = await createProgram(context())
      .configureOutput({ writeErr: () => {} })
      .parseAsync(args, { from: 'user' })
      .catch((refused: unknown) => refused);
    expect(explainUsage(error)).toMatchObject({
      ending: 'usage',
      message: expect.stringMatching(message),
    });
  });
});
