import { expect, it } from 'vitest';
import { methods, notifications } from '../../src/protocol/methods.ts';
import { openRpc } from '../../src/protocol/open-rpc.ts';

it('describes every method and notification, as plain JSON', () => {
  const document = JSON.parse(JSON.stringify(openRpc()));
  expect(document.methods.map(({ name }: { name: string }) => name)).toEqual([
    ...Object.keys(methods),
    ...Object.keys(notifications),
  ]);
  const execute = document.methods.find(({ name }: { name: string }) => name === 'command.execute');
  expect(
    execute.params.map(({ name, required }: { name: string; required: boolean }) => [name, required]),
  ).toEqual([
    ['id', true],
    ['command', true],
    ['from', false],
  ]);
  expect(JSON.stringify(execute.params[1].schema)).toContain('"const":"drain"');
  expect(execute.tags).toEqual([{ name: 'operator' }]);
});
