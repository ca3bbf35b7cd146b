import { describe, expect, it } from 'vitest';
import { askFirst, previewText } from '../../src/cli/act.ts';
import type { GlobalOptions } from '../../src/cli/options.ts';
import { reportOutcome } from '../../src/cli/outcome.ts';
import type { VerbContext } from '../../src/cli/program.ts';
import { fakeClient } from './client.ts';
import { type FakeTerminal, fakeTerminal } from './terminal.ts';

const maint = { kind: 'maint', server: 'web/app1' } as const;
const context = (terminal: FakeTerminal, options: GlobalOptions = {}): VerbContext => ({
  terminal,
  env: {},
  version: '0',
  options,
});

describe('a dangerous verb', () => {
  it('shows on a terminal what will happen, and does nothing without a yes', async () => {
    const terminal = fakeTerminal({ isTty: true, answers: [false] });
    await expect(askFirst(context(terminal), fakeClient(), maint)).rejects.toMatchObject({
      ending: 'refused',
    });
    expect(terminal.printed.join()).toContain('3 connections');
  });

  it('goes on after a yes', async () => {
    await askFirst(context(fakeTerminal({ isTty: true, answers: [true] })), fakeClient(), maint);
  });

  it.each([
    ['with --yes', fakeTerminal({ isTty: true, answers: [false] }), { yes: true }, maint],
    ['for JSON', fakeTerminal({ isTty: true, answers: [false] }), { json: true }, maint],
    ['in a script', fakeTerminal(), {}, maint],
    ['for ready', fakeTerminal({ isTty: true, answers: [false] }), {}, { ...maint, kind: 'ready' as const }],
  ])('does not ask %s', async (_, terminal, options, command) => {
    await askFirst(context(terminal, options), fakeClient(), command);
    expect(terminal.printed).toEqual([]);
  });

  it('draws a preview with each label once', () => {
    const preview = {
      title: 'Drain web/app1',
      lines: [
        { tone: 'now', text: '101 connections' },
        { tone: 'then', text: 'new clients go to app2' },
        { tone: 'then', text: '~40 clients still arrive' },
        { tone: 'warning', text: 'app3 is down' },
      ],
    } as const;
    expect(previewText(preview, false)).toBe(
      [
        'Drain web/app1',
        '  Now   101 connections',
        '  Then  new clients go to app2',
        '        ~40 clients still arrive',
        '  ▲     app3 is down',
      ].join('\n'),
    );
  });
});

describe('the outcome', () => {
  it('tells how to undo what was done', () => {
    const terminal = fakeTerminal();
    reportOutcome(context(terminal), { result: 'done', seq: 4, entry: 7, text: 'web/app1 is in maint' });
    expect(terminal.printed).toEqual(['web/app1 is in maint  (undo: sluice undo 7)']);
  });

  it.each([
    [
      { result: 'refused', code: 'no-such-server', text: 'no server', remedy: 'web/app1?' },
      'refused',
      'web/app1?',
    ],
    [{ result: 'refused', code: 'not-permitted', text: 'viewers may not' }, 'not-permitted', undefined],
    [{ result: 'unknown', text: 'the engine went away' }, 'refused', expect.stringContaining('show journal')],
  ] as const)('%j ends as %s', (outcome, ending, hint) => {
    expect(() => reportOutcome(context(fakeTerminal()), outcome)).toThrow(
      expect.objectContaining({ ending, hint }),
    );
  });
});
