import { expect, it } from 'vitest';
import type { Command } from '../../src/domain/command.ts';
import { type Scene, scene } from './fixture.ts';

async function act(on: Scene, user: string, command: Command) {
  const { client } = await on.console({ user });
  const outcome = client.execute(command);
  await on.settle();
  client.close();
  return outcome;
}

const app1 = (on: Scene) => on.runtime.services.store.model.server.get('web/app1');

it('CM10: undoes act by act, each to the exact state before, and then there is nothing left', async () => {
  const on = await scene();
  await act(on, 'anna', { kind: 'weight', server: 'web/app1', weight: 50 });
  const weighted = app1(on);
  await act(on, 'ben', { kind: 'drain', server: 'web/app1', deadlineMs: 0, then: 'wait', killRate: 1 });
  await act(on, 'ben', { kind: 'maint', server: 'web/app1' });
  expect(await act(on, 'anna', { kind: 'undo' })).toMatchObject({
    result: 'done',
    text: 'web/app1 is drain, weight 50 again (undone: maint, by ben)',
  });
  expect(on.runtime.services.store.model.drain.get('web/app1')).toMatchObject({
    phase: 'draining',
    by: 'ben',
  });
  await act(on, 'anna', { kind: 'undo' });
  expect(app1(on)).toMatchObject({ admin: 'ready', weight: 50 });
  expect(on.runtime.services.store.model.drift.get('web/app1:weight')?.by).toBe('anna');
  expect(on.runtime.services.store.model.drain.size).toBe(0);
  expect(app1(on)?.weight).toBe(weighted?.weight);
  await act(on, 'anna', { kind: 'undo' });
  expect(app1(on)).toMatchObject({ admin: 'ready', weight: 100 });
  expect(await act(on, 'anna', { kind: 'undo' })).toMatchObject({
    result: 'refused',
    code: 'nothing-to-undo',
  });
  await on.close();
});

it('CM10: is refused where somebody changed the server since, and names who', async () => {
  const on = await scene();
  const first = await act(on, 'anna', { kind: 'weight', server: 'web/app1', weight: 50 });
  await act(on, 'ben', { kind: 'maint', server: 'web/app1' });
  const entry = first.result === 'done' ? first.entry! : 0;
  expect(await act(on, 'anna', { kind: 'undo', entry })).toEqual({
    result: 'refused',
    code: 'changed-since',
    text: 'web/app1 was changed since: now maint, weight 50, by ben',
    remedy: 'set the state you want instead',
  });
  await act(on, 'ben', { kind: 'undo' });
  expect(await act(on, 'anna', { kind: 'undo', entry })).toMatchObject({ result: 'done' });
  expect(await act(on, 'anna', { kind: 'undo', entry })).toMatchObject({ code: 'not-undoable' });
  await on.close();
});
