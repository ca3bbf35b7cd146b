import { describe, expect, it } from 'vitest';
import { planOn, stepsOf, whatIfOf } from '../../../src/cli/shards/plan.ts';
import type { ServerEntity } from '../../../src/domain/model.ts';
import type { WhatIf } from '../../../src/domain/shard-plan.ts';
import { shardPlanOf } from '../../support/shard-plan.ts';
import { fakeClient } from '../client.ts';
import { fakeTerminal } from '../terminal.ts';
import { contextOf } from './things.ts';

const scale = { kind: 'scale', shard: 'default', instances: 3 } as const;
const relabel = { kind: 'relabel', route: 'shop', labels: { sharded: 'true' } } as const;
const weight = { kind: 'weight', server: 'web/app1', weight: 0 } as const;
const remove = { kind: 'remove', server: 'web/app2' } as const;

const server = (key: ServerEntity['key']): ServerEntity => ({
  key,
  backend: 'web',
  name: key.slice(4),
  address: '127.0.0.1:1',
  weight: 100,
  configuredWeight: 100,
  backup: false,
  maxConnections: 0,
  admin: 'ready',
  configuredAdmin: 'ready',
  adminSince: 0,
  operational: 'up',
  operationalSince: 0,
});

describe('what is asked', () => {
  it('is all that was named, or the file', () => {
    expect(whatIfOf({ relabel: [relabel], scale: [scale], remove: [remove], weight: [weight] })).toEqual({
      changes: [scale, relabel, weight, remove],
    });
    expect(whatIfOf({ reload: true })).toEqual({ reload: true });
  });

  it.each([
    [{}, 'plan what?'],
    [{ apply: true }, 'plan what?'],
    [{ reload: true, scale: [scale] }, '--reload asks about the file alone'],
    [{ scale: Array.from({ length: 65 }, () => scale) }, '65 changes are more than 64 at once'],
  ])('%j is wrong usage', (options, message) =>
    expect(() => whatIfOf(options)).toThrow(expect.objectContaining({ ending: 'usage', message })),
  );
});

describe('what is done', () => {
  const from = { admin: 'ready', weight: 100 } as const;

  it('is the shape in one command, then the servers, from what was shown', () => {
    expect(
      stepsOf({ changes: [weight, scale, remove, relabel] }, shardPlanOf(), new Map([['web/app1', from]])),
    ).toEqual([
      { command: { kind: 'reshape', changes: [scale, relabel], from: 'aaaaaaaaaaaa' } },
      { command: weight, from },
      { command: { kind: 'maint', server: 'web/app2' } },
    ]);
  });

  it('of two changes of a server only the first is from what was shown', () => {
    const maint = { ...remove, server: 'web/app1' } as const;
    expect(stepsOf({ changes: [weight, maint] }, shardPlanOf(), new Map([['web/app1', from]]))).toEqual([
      { command: weight, from },
      { command: { kind: 'maint', server: 'web/app1' } },
    ]);
  });

  it('is the file that was shown, and nothing where nothing changes', () => {
    expect(stepsOf({ reload: true }, shardPlanOf(), new Map())).toEqual([
      { command: { kind: 'reload', from: 'aaaaaaaaaaaa', to: 'bbbbbbbbbbbb' } },
    ]);
    const same = shardPlanOf({ to: 'aaaaaaaaaaaa' });
    expect(stepsOf({ reload: true }, same, new Map())).toEqual([]);
    expect(stepsOf({ changes: [scale] }, same, new Map())).toEqual([]);
  });
});

describe('sluice shards plan', () => {
  const whatIf: WhatIf = { changes: [scale] };

  function client(...outcome: Parameters<typeof fakeClient>) {
    const made = fakeClient(...outcome);
    made.plan(shardPlanOf());
    for (const key of ['web/app1', 'web/app2'] as const) made.set('server', key, server(key));
    return made;
  }

  it('tells, and does nothing', async () => {
    const terminal = fakeTerminal({ isTty: true, answers: [true] });
    const on = client();
    await planOn(contextOf(terminal), on, whatIf, false);
    expect(on.asked).toEqual([whatIf]);
    expect(on.executed).toEqual([]);
    expect(terminal.printed.join()).toContain('What if  scale default to 3');
  });

  it('--json is one document', async () => {
    const terminal = fakeTerminal();
    await planOn(contextOf(terminal, { json: true }), client(), whatIf, false);
    expect(terminal.printed.map((text) => JSON.parse(text))).toEqual([shardPlanOf()]);
  });

  it.each([
    ['asks on a terminal', fakeTerminal({ isTty: true, answers: [true] }), {}],
    ['does not ask with --yes', fakeTerminal({ isTty: true, answers: [false] }), { yes: true }],
    ['does not ask in a script', fakeTerminal(), {}],
  ])('--apply %s', async (_, terminal, options) => {
    const on = client();
    await planOn(contextOf(terminal, options), on, whatIf, true);
    expect(on.executed).toEqual([{ kind: 'reshape', changes: [scale], from: 'aaaaaaaaaaaa' }]);
  });

  it('--apply does nothing without a yes', async () => {
    const on = client();
    const terminal = fakeTerminal({ isTty: true, answers: [false] });
    await expect(planOn(contextOf(terminal), on, whatIf, true)).rejects.toMatchObject({
      ending: 'refused',
      message: 'nothing was done',
    });
    expect(on.executed).toEqual([]);
  });

  it('--apply --json is one document too, with what came of it', async () => {
    const terminal = fakeTerminal();
    await planOn(contextOf(terminal, { json: true }), client(), { changes: [scale, weight] }, true);
    const done = { result: 'done', seq: 1, text: 'done' };
    expect(JSON.parse(terminal.printed.join())).toEqual({ ...shardPlanOf(), outcomes: [done, done] });
  });

  it('--apply ends at the first refusal', async () => {
    const terminal = fakeTerminal();
    const on = client({ result: 'refused', code: 'changed-since', text: 'another plan is in force' });
    await expect(planOn(contextOf(terminal), on, { changes: [scale, weight] }, true)).rejects.toMatchObject({
      ending: 'refused',
      message: 'another plan is in force',
    });
    expect(on.executed).toHaveLength(1);
  });

  it('a server that is not there is told before anything is asked', async () => {
    const on = client();
    await expect(
      planOn(contextOf(fakeTerminal()), on, { changes: [{ ...remove, server: 'web/app9' }] }, true),
    ).rejects.toMatchObject({ ending: 'refused', message: 'there is no server web/app9' });
    expect(on.asked).toEqual([]);
  });
});
