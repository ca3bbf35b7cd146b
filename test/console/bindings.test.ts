import { describe, expect, it } from 'vitest';
import { actions } from '../../src/console/actions.ts';
import { type Scope, scopeTitles } from '../../src/console/binding.ts';
import { bindings } from '../../src/console/bindings.ts';
import { helpLines } from '../../src/console/help.ts';
import { bindingFor, keyName, shownKey } from '../../src/console/keys.ts';
import { screens } from '../../src/console/state.ts';
import { consoleIn } from './picture.ts';
import { brokenWorld } from './worlds.ts';

function textOf(lines: ReturnType<typeof helpLines>): string {
  return lines.map(({ spans }) => spans.map(({ text }) => text).join('')).join('\n');
}

const scopes = Object.keys(scopeTitles) as Scope[];

describe('the table of keys', () => {
  it.each(scopes)('has no key twice in %s', (scope) => {
    const keys = bindings.filter((binding) => binding.scope === scope).flatMap((binding) => binding.keys);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it.each(screens.map(({ id }) => id))('lets no key of %s hide one that holds everywhere', (screen) => {
    const keysIn = (scope: Scope) =>
      bindings.filter((binding) => binding.scope === scope).flatMap(({ keys }) => keys);
    const wider = new Set([...keysIn('list'), ...keysIn('everywhere')]);
    expect(keysIn(screen).filter((key) => wider.has(key))).toEqual([]);
    expect(keysIn('list').filter((key) => keysIn('everywhere').includes(key))).toEqual([]);
  });

  it.each(bindings.map((binding) => [`${binding.scope} ${binding.keys[0]}`, binding] as const))(
    '%s says what it does, and does it',
    (_, binding) => {
      expect(binding.title).not.toBe('');
      expect(binding.description.length).toBeGreaterThan(5);
      expect(binding.description.endsWith('.')).toBe(false);
      expect(actions[binding.command]).toBeTypeOf('function');
    },
  );

  it('has a key for every command', () => {
    const bound = new Set(bindings.map(({ command }) => command));
    expect(Object.keys(actions).filter((command) => !bound.has(command as never))).toEqual([]);
  });

  it.each(screens.map(({ id }) => id))('stands in the help of %s', (screen) => {
    const help = textOf(helpLines(screen, 200, '0.1.0', false));
    for (const binding of bindings)
      if ([screen, 'list', 'everywhere', 'dialog'].includes(binding.scope))
        expect(help).toContain(binding.description);
  });

  it('says of a demo that it does not go on', () => {
    expect(textOf(helpLines('overview', 200, '0.1.0', false))).toContain(
      'the runtime and its drain jobs go on',
    );
    const inDemo = textOf(helpLines('overview', 200, '0.1.0', true));
    expect(inDemo).toContain('the demo ends with the console that started it');
    expect(inDemo).not.toContain('go on\n');
  });
});

describe('keys', () => {
  it.each([
    [{ key: 'j' }, 'j'],
    [{ key: 'G', shift: true }, 'G'],
    [{ key: ' ' }, 'space'],
    [{ key: 'tab', shift: true }, 'shift+tab'],
    [{ key: 'r', ctrl: true }, 'ctrl+r'],
  ])('%j is named %s', (press, name) => expect(keyName(press)).toBe(name));

  it.each([
    ['ctrl+r', '^R'],
    ['shift+tab', 'Shift-Tab'],
    ['pagedown', 'PgDn'],
    ['?', '?'],
  ])('%s is shown as %s', (name, shown) => expect(shownKey(name)).toBe(shown));

  it('leave at once, whatever is open', () => {
    expect(bindingFor('ctrl+c', ['dialog'])?.command).toBe('leave-at-once');
    expect(bindingFor('d', ['dialog'])).toBeUndefined();
  });

  it('show in the footer for the object under the cursor', async () => {
    const seat = await consoleIn(brokenWorld());
    const footer = () => seat.show().split('\n').at(-1)!;
    seat.press('3');
    expect(footer()).toContain('! problems only');
    expect(footer()).not.toContain('d drain');
    seat.press('j');
    expect(footer()).toContain('d drain');
    for (let step = 0; step < 20; step += 1) seat.press('j');
    seat.press('k');
    expect(footer()).toContain('b roll back');
    seat.console.dispose();
  });
});
