// What keys do: from a press to what the runtime is asked, and what of its answer is shown.

import { describe, expect, it } from 'vitest';
import type { Preview } from '../../src/domain/command.ts';
import { answerTo, manyConnections, oneInFull } from './connection-rows.ts';
import { consoleIn, picture, small } from './picture.ts';
import { settled } from './scripted-client.ts';
import {
  addBackend,
  addEntry,
  brokenWorld,
  changeServer,
  crowdedWorld,
  noon,
  pastOf,
  wellWorld,
} from './worlds.ts';

const preview: Preview = {
  title: 'Drain web/app1',
  lines: [{ tone: 'now', text: '101 streams' }],
  from: { admin: 'ready', weight: 100 },
};

async function onServer(model = wellWorld()) {
  const seat = await consoleIn(model);
  seat.press('3', 'j');
  seat.feed();
  return seat;
}

describe('a drain', () => {
  it('is asked about, confirmed, waited for, and told', async () => {
    const seat = await onServer();
    seat.press('d');
    expect(seat.show()).toContain('asking what it would do');
    expect(seat.client.previews[0]!.value).toEqual({
      kind: 'drain',
      server: 'web/app1',
      deadlineMs: 300_000,
      then: 'wait',
      killRate: 10,
    });
    await seat.client.previews[0]!.answer(preview);
    expect(seat.show()).toContain('Now    101 streams');
    expect(seat.client.commands).toEqual([]);
    seat.press('y');
    expect(seat.client.commands.map(({ value }) => value)).toEqual([seat.client.previews[0]!.value]);
    // Two consoles cannot race: the runtime refuses where the server is not any more what this one saw.
    expect(seat.client.conditions).toEqual([{ from: preview.from }]);
    seat.clock.advance(1_500);
    expect(seat.show()).toMatch(/drain web\/app1 … 1\.5 s/);
    await seat.client.commands[0]!.answer({
      result: 'done',
      seq: 7,
      text: 'web/app1 drains, 101 streams left',
    });
    expect(seat.show()).toContain('● done: web/app1 drains, 101 streams left');
    seat.clock.advance(9_000);
    expect(seat.show()).not.toContain('done:');
    seat.console.dispose();
  });

  it('takes its default, Cancel, on Enter', async () => {
    const seat = await onServer();
    seat.press('d');
    await seat.client.previews[0]!.answer(preview);
    expect(seat.show()).toContain('[ Cancel ]');
    seat.press('enter');
    expect(seat.show()).not.toContain('Cancel');
    expect(seat.client.commands).toEqual([]);
    seat.console.dispose();
  });

  it('is not confirmed before its preview is here', async () => {
    const seat = await onServer();
    seat.press('d', 'y');
    expect(seat.show()).toContain('the preview is still on its way');
    expect(seat.client.commands).toEqual([]);
    seat.console.dispose();
  });

  it('can be confirmed where no preview can be had, and says so', async () => {
    const seat = await onServer();
    seat.press('d');
    await seat.client.previews[0]!.fail('the runtime is older');
    expect(seat.show()).toContain('no preview: the runtime is older');
    seat.press('y');
    expect(seat.client.commands).toHaveLength(1);
    seat.console.dispose();
  });

  it('is chosen with arrows: deadline and what then, previewed anew', async () => {
    const seat = await onServer();
    seat.press('d');
    await seat.client.previews[0]!.answer(preview);
    seat.press('up', 'up', 'left', 'left', 'down', 'right');
    seat.clock.advance(250);
    expect(seat.client.previews.at(-1)!.value).toMatchObject({ deadlineMs: 30_000, then: 'kill' });
    expect(seat.client.previews).toHaveLength(2);
    await seat.client.previews[1]!.answer(preview);
    seat.press('down', 'right', 'enter');
    expect(seat.client.commands[0]!.value).toMatchObject({ deadlineMs: 30_000, then: 'kill', killRate: 10 });
    seat.console.dispose();
  });

  it('hits the server it was asked for, though the rows moved beneath it', async () => {
    const model = wellWorld();
    const seat = await onServer(model);
    seat.press('d');
    await seat.client.previews[0]!.answer(preview);
    model.backend.delete('web');
    const web = [...model.server.values()].filter(({ backend }) => backend === 'web');
    for (const { key } of web) model.server.delete(key);
    addBackend(model, 'first', ['x']);
    addBackend(model, 'web', ['app0', 'app1', 'app2']);
    seat.client.changed();
    seat.press('y');
    expect(seat.client.commands[0]!.value).toMatchObject({ server: 'web/app1' });
    seat.console.dispose();
  });

  it('asks again where the server changed since the preview', async () => {
    const model = wellWorld();
    const seat = await onServer(model);
    seat.press('d');
    await seat.client.previews[0]!.answer(preview);
    changeServer(model, 'web/app1', { weight: 10 });
    seat.client.changed();
    seat.press('y');
    expect(seat.client.commands).toEqual([]);
    expect(seat.show()).toContain('web/app1 changed meanwhile: look again');
    seat.clock.advance(250);
    expect(seat.client.previews).toHaveLength(2);
    await seat.client.previews[1]!.answer({ ...preview, from: { admin: 'ready', weight: 10 } });
    seat.press('y');
    expect(seat.client.commands).toHaveLength(1);
    seat.console.dispose();
  });

  it.each([
    [
      {
        result: 'refused',
        code: 'busy',
        text: 'a reload is under way',
        remedy: 'try again in a second',
      } as const,
      '▲ refused: a reload is under way · try again in a second',
    ],
    [
      { result: 'unknown', text: 'the attachment broke before the answer' } as const,
      '? unknown: the attachment broke',
    ],
  ])('tells what came of it: %j', async (outcome, shown) => {
    const seat = await onServer();
    seat.press('d');
    await seat.client.previews[0]!.answer(preview);
    seat.press('y');
    await seat.client.commands[0]!.answer(outcome);
    seat.clock.advance(60_000);
    expect(seat.show()).toContain(shown);
    seat.press('j');
    expect(seat.show()).not.toContain(shown);
    seat.console.dispose();
  });

  it('never hides its buttons, nor a warning of many servers, however long the previews are', async () => {
    const seat = await onServer();
    seat.press('space', 'space', 'space', 'd');
    for (const [index, asked] of seat.client.previews.entries())
      await asked.answer({
        title: `drain app${index + 1}`,
        lines: [
          { tone: 'now', text: 'ready' },
          ...Array.from({ length: 5 }, () => ({ tone: 'then', text: 'clients go elsewhere' }) as const),
          { tone: 'warning', text: `warning ${index + 1}` },
        ],
      });
    expect(seat.show()).toContain('[ Cancel ]');
    for (const index of [1, 2, 3]) expect(seat.show()).toContain(`warning ${index}`);
    seat.console.dispose();
  });

  it('shows its warnings on the smallest terminal too', async () => {
    const seat = await onServer();
    seat.console.frame({ columns: 60, rows: 15 });
    seat.press('d');
    await seat.client.previews[0]!.answer({
      ...preview,
      lines: [
        ...preview.lines,
        ...Array.from({ length: 7 }, () => ({ tone: 'then', text: 'clients go elsewhere' }) as const),
        { tone: 'warning', text: 'leaves 1 of 3 servers in web' },
      ],
    });
    const shown = picture(seat.console.frame({ columns: 60, rows: 15 }));
    expect(shown).toContain('Now    101 streams');
    expect(shown).toContain('▲      leaves 1 of 3 servers in web');
    expect(shown).toContain('[ Cancel ]');
    seat.console.dispose();
  });

  it('goes to all marked servers, one after the other, and stops at an unknown outcome', async () => {
    const seat = await onServer();
    seat.press('space', 'space', 'd');
    expect(seat.show()).toContain('Drain 2 servers');
    expect(seat.client.previews.map(({ value }) => 'server' in value && value.server)).toEqual([
      'web/app1',
      'web/app2',
    ]);
    await seat.client.previews[0]!.answer(preview);
    await seat.client.previews[1]!.answer(preview);
    expect(seat.show()).toContain('▲      together they leave 1 of 3 servers in web');
    seat.press('y');
    expect(seat.client.commands).toHaveLength(1);
    await seat.client.commands[0]!.answer({ result: 'unknown', text: 'no answer' });
    expect(seat.client.commands).toHaveLength(1);
    expect(seat.show()).toContain('drain 2 servers: 0 of 2 done; web/app1: no answer');
    seat.console.dispose();
  });
});

describe('a key that cannot act says why', () => {
  it('to a viewer', async () => {
    const seat = await onServer();
    seat.client.attachTo({ state: 'live', since: noon, role: 'viewer', actor: 'bob' });
    expect(seat.show()).toContain('viewer ● live');
    seat.press('d');
    expect(seat.show()).toContain('d drain: bob has the role viewer here');
    expect(seat.client.previews).toEqual([]);
    seat.console.dispose();
  });

  it('with the reason of the engine', async () => {
    const model = wellWorld();
    const runtime = model.runtime.get('runtime')!;
    const no = 'HAProxy 2.4 has no such command; 2.6 has';
    model.runtime.set('runtime', { ...runtime, capabilities: { ...runtime.capabilities, weight: { no } } });
    const seat = await onServer(model);
    seat.press('w');
    expect(seat.show()).toContain(`w weight: ${no}`);
    seat.console.dispose();
  });

  it('while not attached', async () => {
    const seat = await onServer();
    seat.client.attachTo({
      state: 'waiting',
      since: noon,
      attempt: 1,
      retryAt: noon + 1_000,
      reason: 'gone',
    });
    seat.press('m');
    expect(seat.show()).toContain('m maint: not attached to the runtime');
    seat.console.dispose();
  });

  it.each([
    ['r', 'r ready: web/app1 is ready already'],
    ['b', 'b roll back: web/app1 has no drain job'],
    ['D', 'D as configured: web/app1 is as configured'],
    ['u', 'u undo: there is nothing to undo'],
  ])('%s on a server it does not apply to', async (key, why) => {
    const seat = await onServer();
    seat.press(key);
    expect(seat.show()).toContain(why);
    seat.console.dispose();
  });

  it('on a backend', async () => {
    const seat = await onServer();
    seat.press('k', 'd');
    expect(seat.show()).toContain('d drain: choose a server: the cursor is on a backend');
    seat.console.dispose();
  });
});

describe('other acts', () => {
  it('ready goes at once', async () => {
    const model = wellWorld();
    changeServer(model, 'web/app1', { admin: 'maint', operational: 'paused' });
    const seat = await onServer(model);
    seat.press('r');
    expect(seat.client.commands[0]!.value).toEqual({ kind: 'ready', server: 'web/app1' });
    seat.console.dispose();
  });

  it('a weight is typed, and refused before it is sent where it is none', async () => {
    const seat = await onServer();
    seat.press('w', 'ctrl+u', '9', '9', '9', '7');
    expect(seat.show()).toContain('a weight is a whole number from 0 to 256, not "999"');
    seat.press('backspace', 'backspace', '0');
    seat.clock.advance(250);
    expect(seat.client.previews.at(-1)!.value).toEqual({ kind: 'weight', server: 'web/app1', weight: 90 });
    await seat.client.previews.at(-1)!.answer({ title: '', lines: [] });
    seat.press('enter', 'enter');
    expect(seat.client.commands).toEqual([]);
    expect(seat.show()).not.toContain('Set weight');
    seat.console.dispose();
  });

  it('undo names the entry it is about', async () => {
    const seat = await consoleIn(brokenWorld());
    seat.press('u');
    expect(seat.show()).toContain('Undo: db/pg1, drain, deadline 5 min then wait on');
    expect(seat.client.previews[0]!.value).toEqual({ kind: 'undo', entry: 3 });
    seat.press('escape', '7', 'j', 'j', 'u');
    expect(seat.client.previews[1]!.value).toEqual({ kind: 'undo', entry: 2 });
    seat.console.dispose();
  });

  it('undo says why an entry of the journal cannot be undone', async () => {
    const seat = await consoleIn(brokenWorld());
    seat.press('7', 'u');
    expect(seat.show()).toContain('u undo: what happened by itself cannot be undone');
    seat.console.dispose();
  });

  it('roll back and drop overrides ask first', async () => {
    const seat = await consoleIn(brokenWorld());
    seat.press('3', 'G', 'k', 'b');
    expect(seat.client.previews[0]!.value).toEqual({ kind: 'rollback', server: 'db/pg1' });
    seat.press('escape', 'D');
    expect(seat.client.previews[1]!.value).toEqual({ kind: 'reset', server: 'db/pg1' });
    // What drains is not written back, but what came of it.
    seat.press('escape', 'W');
    expect(seat.show()).toContain('db/pg1 is draining: finish it or roll it back first');
    expect(seat.client.previews).toHaveLength(2);
    seat.press('k', 'k', 'k', 'k');
    expect(seat.show()).toMatch(/W write back/);
    seat.press('W');
    expect(seat.client.previews[2]!.value).toEqual({ kind: 'write-back', server: 'api/api2' });
    await seat.client.previews[2]!.answer({ title: '', lines: [], from: { admin: 'ready', weight: 50 } });
    seat.press('y');
    expect(seat.client.commands[0]!.value).toEqual({ kind: 'write-back', server: 'api/api2' });
    seat.console.dispose();
  });
});

describe('the way through the screens', () => {
  it('opens a backend from the Overview, and problems only', async () => {
    const seat = await consoleIn(brokenWorld());
    seat.press('enter');
    expect(seat.show()).toContain('›▾ web');
    seat.press('!');
    const only = seat.show();
    // Enter says at once why the first of them is in trouble.
    expect(only).toContain('›    app3');
    expect(only).toContain('app3');
    expect(only).not.toContain('app1 ');
    seat.press('escape');
    expect(seat.show()).toContain('app1 ');
    seat.console.dispose();
  });

  it('folds and unfolds', async () => {
    const seat = await onServer();
    seat.press('left');
    expect(seat.show()).toContain('›▸ web');
    expect(seat.show()).not.toContain('app1');
    seat.press('enter');
    expect(seat.show()).toContain('app1');
    seat.console.dispose();
  });

  it('finds a server by a few letters', async () => {
    const seat = await consoleIn(wellWorld());
    seat.press(':');
    seat.type('pg2');
    seat.press('enter');
    expect(seat.show()).toContain('›    pg2');
    seat.console.dispose();
  });

  it('takes Alt and a key for Esc and that key', async () => {
    const seat = await onServer();
    seat.press('d');
    seat.console.press({ key: '7', alt: true });
    expect(seat.show()).not.toContain('Cancel');
    expect(seat.show()).toMatch(/object +what +by/);
    seat.console.dispose();
  });

  it('takes Alt and Enter for Esc and Enter', async () => {
    const seat = await onServer();
    seat.press('d');
    seat.console.press({ key: 'enter', alt: true });
    expect(seat.show()).not.toContain('Cancel');
    expect(seat.show()).toContain('10.1.0.5:8080');
    seat.console.dispose();
  });

  it('does not take a pasted text for keys', async () => {
    const seat = await onServer();
    seat.console.paste('dyq');
    expect(seat.client.previews).toEqual([]);
    seat.press(':');
    seat.console.paste('pg1\n');
    expect(seat.show()).toContain(': pg1');
    seat.console.dispose();
  });

  it('scrolls the help to its end, and says that there is more before', async () => {
    const seat = await consoleIn(wellWorld());
    seat.press('?');
    expect(seat.show()).toMatch(/▾ \d+ more lines, j or PgDn/);
    seat.press('G');
    expect(seat.show()).not.toContain('more lines');
    expect(seat.show()).toContain('   a while.');
    seat.press('G', 'g');
    expect(seat.show()).toContain('Sluice 0.1.0');
    seat.console.dispose();
  });

  it('leaves by q, but asks once more while a question is open', async () => {
    const seat = await onServer();
    let gone = false;
    void seat.console.left.then(() => {
      gone = true;
    });
    seat.press('d', 'q');
    await settled();
    expect(gone).toBe(false);
    expect(seat.show()).toContain('q again leaves');
    seat.press('q');
    await settled();
    expect(gone).toBe(true);
    seat.console.dispose();
  });

  it('holds the picture still while frozen', async () => {
    const model = wellWorld();
    const seat = await onServer(model);
    seat.press('f');
    const before = seat.show().split('\n').slice(4, -2);
    changeServer(model, 'web/app1', { operational: 'down', operationalSince: seat.clock.now() });
    seat.client.changed();
    seat.clock.advance(2_000);
    expect(seat.show()).toContain('‖ frozen 0:02 at 16:04:00');
    expect(seat.show().split('\n').slice(4, -2)).toEqual(before);
    seat.press('f');
    expect(seat.show()).toContain('▼ down 0:02');
    seat.console.dispose();
  });

  it('greys what is not the present', async () => {
    const seat = await onServer();
    seat.clock.advance(6_000);
    const frame = seat.console.frame(small);
    expect(seat.show()).toContain('◌ silent 0:06, showing 16:04:00');
    const tones = new Set(frame.lines.slice(4, -2).flatMap(({ spans }) => spans.map(({ tone }) => tone)));
    expect([...tones]).toEqual(['stale']);
    seat.feed();
    expect(seat.show()).toContain('● live');
    seat.console.dispose();
  });

  it('asks the runtime only for what the screen shown needs', async () => {
    const seat = await consoleIn(wellWorld());
    expect([...seat.client.topics]).toEqual(['totals', 'backends', 'binds']);
    seat.press('2');
    expect([...seat.client.topics]).toEqual(['totals']);
    expect(seat.client.openWatches).toBe(1);
    seat.press('3');
    expect([...seat.client.topics]).toEqual(['totals', 'backends', 'servers']);
    expect(seat.client.openWatches).toBe(0);
    seat.console.dispose();
    expect(seat.client.topics.size).toBe(0);
  });

  it('asks for samples of the servers in sight alone, where there are very many', async () => {
    const seat = await consoleIn(crowdedWorld());
    seat.press('3');
    const near = () => seat.client.serversOf.at(-1)!;
    expect(near()).toEqual(['pool1', 'pool2']);
    seat.press('j', 'j');
    expect(seat.client.serversOf).toHaveLength(1);
    seat.press('G');
    expect(near()).toEqual(['pool19', 'pool20']);
    seat.press('enter');
    expect(near()).toContain('pool20');
    expect([...seat.client.topics]).toEqual(['totals', 'backends', 'servers']);
    seat.console.dispose();
    const few = await consoleIn(wellWorld());
    few.press('3');
    expect(few.client.serversOf).toEqual([undefined]);
    few.console.dispose();
  });

  it('fills its charts with what passed while it was not attached', async () => {
    const seat = await consoleIn(wellWorld());
    const { client, clock } = seat;
    const shape = () => seat.show().split('\n')[4]!;
    client.attachTo({ state: 'waiting', since: noon, attempt: 1, retryAt: noon, reason: 'gone' });
    clock.advance(60_000);
    client.points = pastOf(client.model, 60, clock.now());
    client.attachTo({ state: 'live', since: clock.now(), role: 'operator', actor: 'anna' });
    await settled();
    seat.feed();
    expect(shape()).toMatch(/ {2}[▁-▇]{17} {2}/);
    seat.console.dispose();
  });

  it('moves troubled backends up, though not within a second and not under a question', async () => {
    const model = wellWorld();
    const seat = await consoleIn(model);
    const first = () => seat.show().split('\n')[10]!.slice(1, 8).trim();
    seat.clock.advance(2_000);
    changeServer(model, 'api/api1', { operational: 'down' });
    seat.press('?');
    seat.client.changed();
    seat.clock.advance(5_000);
    seat.press('escape');
    expect(first()).toBe('web');
    seat.client.changed();
    expect(first()).toBe('api');
    changeServer(model, 'db/pg1', { operational: 'down' });
    changeServer(model, 'db/pg2', { operational: 'down' });
    seat.client.changed();
    expect(first()).toBe('api');
    seat.clock.advance(1_000);
    expect(first()).toBe('db (tcp');
    seat.console.dispose();
  });
});

describe('connections', () => {
  async function onConnections() {
    const seat = await consoleIn(wellWorld());
    seat.press('2');
    const answer = (rows = manyConnections) =>
      seat.client.sendTable(answerTo(seat.client.queries.at(-1)!, seat.clock.now(), rows));
    answer();
    return { ...seat, answer, rows: () => seat.show().split('\n').slice(6, -2) };
  }

  it('asks for exactly the visible rows', async () => {
    const seat = await onConnections();
    expect(seat.client.queries).toEqual([
      { filter: '', order: { by: 'age', descending: true }, offset: 0, limit: 16, ended: true },
    ]);
    seat.press('pagedown', 'pagedown');
    expect(seat.client.queries.at(-1)).toMatchObject({ offset: 15, limit: 16 });
    seat.press('G');
    expect(seat.client.queries.at(-1)).toMatchObject({ offset: 284 });
    seat.console.dispose();
  });

  it('does not take a late answer to the query before', async () => {
    const seat = await onConnections();
    const late = seat.client.queries.at(-1)!;
    seat.press('pagedown', 'pagedown');
    seat.client.sendTable(answerTo(late, seat.clock.now()));
    expect(seat.show()).not.toContain(manyConnections[0]!.client);
    expect(seat.rows().at(-1)).toContain('…');
    seat.answer();
    expect(seat.rows().at(-1)).toContain(manyConnections[30]!.client);
    seat.console.dispose();
  });

  it('keeps the cursor on its connection when rows move', async () => {
    const seat = await onConnections();
    seat.press('j', 'j', 'j');
    seat.clock.advance(2_500);
    seat.answer(manyConnections.slice(2));
    expect(seat.rows()[1]).toContain('› 10.2.0.3:51813');
    seat.console.dispose();
  });

  it('keeps the cursor on a connection that left the rows shown, and takes no other for it', async () => {
    const seat = await onConnections();
    seat.press('j', 'j', 'j');
    const mine = manyConnections[3]!;
    seat.clock.advance(2_500);
    seat.answer(manyConnections.slice(40));
    expect(seat.show()).toContain(`› ${mine.client} is out of sight`);
    expect(seat.rows().filter((row) => row.startsWith('›'))).toEqual([]);
    seat.press('x');
    expect(seat.client.previews[0]!.value).toEqual({ kind: 'kill', connection: mine.id });
    seat.press('escape');
    seat.clock.advance(2_500);
    seat.answer(manyConnections.slice(1));
    expect(seat.rows()[2]).toContain(`› ${mine.client}`);
    seat.clock.advance(2_500);
    seat.answer(manyConnections.slice(40));
    seat.press('j');
    expect(seat.show()).not.toContain('out of sight');
    expect(seat.rows()[2]).toContain(`› ${manyConnections[42]!.client}`);
    seat.console.dispose();
  });

  it('stays on the first row whoever is first', async () => {
    const seat = await onConnections();
    seat.press('s');
    seat.answer();
    seat.clock.advance(2_500);
    seat.answer(manyConnections.slice(40));
    expect(seat.rows()[0]).toContain(`› ${manyConnections[40]!.client}`);
    seat.console.dispose();
  });

  it('lets rows change places at most every two seconds, their values at once', async () => {
    const seat = await onConnections();
    seat.clock.advance(100);
    seat.answer([
      ...manyConnections
        .slice(0, 16)
        .map((row) => ({ ...row, ageMs: 999_000 }))
        .reverse(),
    ]);
    expect(seat.rows()[0]).toContain('10.2.0.0:51810');
    expect(seat.rows()[0]).toContain('16:39');
    seat.clock.advance(2_000);
    seat.answer([...manyConnections.slice(0, 16)].reverse());
    expect(seat.rows()[0]).toContain('10.2.0.15:51815');
    seat.console.dispose();
  });

  it('filters by what was typed, once it is right', async () => {
    const seat = await onConnections();
    seat.press('/');
    expect(seat.show()).toContain('such as phase=wait idle>1s');
    seat.type('backnd=web');
    seat.press('enter');
    expect(seat.show()).toContain('did you mean backend');
    seat.press('ctrl+u');
    seat.type('backend=web');
    seat.press('enter');
    expect(seat.client.queries.at(-1)).toMatchObject({ filter: 'backend=web', offset: 0 });
    seat.answer([]);
    expect(seat.show()).toContain('No connection matches backend=web.');
    seat.press('escape');
    expect(seat.client.queries.at(-1)).toMatchObject({ filter: '' });
    seat.console.dispose();
  });

  it('sorts', async () => {
    const seat = await onConnections();
    seat.press('s');
    expect(seat.client.queries.at(-1)).toMatchObject({ order: { by: 'rate', descending: true } });
    seat.press('S');
    expect(seat.client.queries.at(-1)).toMatchObject({ order: { by: 'rate', descending: false } });
    expect(seat.show()).toContain('by rate ▲');
    seat.console.dispose();
  });

  it('shows the column it sorts by, on a narrow terminal before the route', async () => {
    const seat = await onConnections();
    const head = () => seat.show().split('\n')[5]!;
    expect(head()).toContain('route');
    for (let presses = 0; presses < 12 && !seat.show().includes('by bytes ↑'); presses++) seat.press('s');
    expect(head()).toContain('↑');
    expect(head()).not.toContain('route');
    seat.console.dispose();
  });

  it('ends all that are marked', async () => {
    const seat = await onConnections();
    seat.press('space', 'j', 'space', 'x');
    expect(seat.client.previews.map(({ value }) => value)).toEqual([
      { kind: 'kill', connection: manyConnections[0]!.id },
      { kind: 'kill', connection: manyConnections[2]!.id },
    ]);
    expect(seat.show()).toContain('End 2 connections');
    seat.console.dispose();
  });

  it('shows all that match, though one that ended keeps its place among them', async () => {
    const seat = await onConnections();
    seat.clock.advance(2_500);
    seat.answer(manyConnections.slice(0, 4));
    expect(seat.rows().filter((row) => row.includes(':'))).toHaveLength(4);
    seat.clock.advance(100);
    seat.answer(manyConnections.slice(1, 4));
    expect(seat.rows()[3]).toContain(manyConnections[3]!.client);
    seat.console.dispose();
  });

  it('says that an ended connection cannot be ended', async () => {
    const seat = await onConnections();
    seat.press('j', 'j', 'j', 'j', 'j', 'x');
    expect(seat.show()).toContain('x end: 10.2.0.5:51815 has ended already');
    seat.console.dispose();
  });

  it('follows one connection until it is gone', async () => {
    const seat = await onConnections();
    seat.client.details.set(oneInFull.id, oneInFull);
    seat.press('enter');
    await settled();
    expect(seat.show()).toContain('── GET /cart ');
    seat.client.details.set(oneInFull.id, { ...oneInFull, bytesOut: 5_000_000 });
    seat.clock.advance(1_000);
    await settled();
    expect(seat.show()).toContain('4.8 M');
    seat.client.details.delete(oneInFull.id);
    seat.clock.advance(1_000);
    await settled();
    expect(seat.show()).toContain('◌ ended');
    seat.press('escape');
    expect(seat.show()).toContain('3,120 connections');
    seat.console.dispose();
  });

  it('does not take its rows while frozen', async () => {
    const seat = await onConnections();
    seat.press('f');
    seat.clock.advance(2_000);
    seat.answer(manyConnections.slice(50));
    expect(seat.rows()[0]).toContain('10.2.0.0:51810');
    seat.press('f');
    expect(seat.rows()[0]).not.toContain('10.2.0.0:51810');
    seat.console.dispose();
  });

  it('mixes no live rows into a frozen picture', async () => {
    const seat = await onConnections();
    seat.press('f', 'pagedown', 'pagedown', 'G');
    seat.answer(manyConnections.slice(50));
    expect(seat.rows().at(-1)).toContain(`› ${manyConnections[15]!.client}`);
    seat.press('j');
    expect(seat.show()).toContain('the picture is frozen, with these rows alone: f lets it go on');
    const asked = seat.client.queries.length;
    for (const key of ['s', 'S', '/']) {
      seat.press(key);
      expect(seat.show()).toContain('the picture is frozen: f lets it go on first');
    }
    expect(seat.client.queries).toHaveLength(asked);
    seat.console.dispose();
  });

  it('says of when the rows are, where they came into a frozen picture', async () => {
    const seat = await consoleIn(wellWorld());
    seat.press('f');
    seat.clock.advance(5_000);
    seat.press('2');
    seat.client.sendTable(answerTo(seat.client.queries.at(-1)!, seat.clock.now()));
    expect(seat.show()).toContain('3,120 connections at 16:04:05');
    seat.clock.advance(5_000);
    seat.client.sendTable(answerTo(seat.client.queries.at(-1)!, seat.clock.now()));
    expect(seat.show()).toContain('3,120 connections at 16:04:05');
    seat.console.dispose();
  });

  it('holds a detail still while frozen, and knows its end afterwards', async () => {
    const seat = await onConnections();
    seat.client.details.set(oneInFull.id, oneInFull);
    seat.press('enter');
    await settled();
    seat.press('f');
    seat.client.details.delete(oneInFull.id);
    seat.clock.advance(1_000);
    await settled();
    expect(seat.show()).not.toContain('◌ ended');
    seat.press('f');
    expect(seat.show()).toContain('◌ ended');
    seat.console.dispose();
  });
});

describe('the journal', () => {
  it('keeps the cursor on an entry when newer ones come', async () => {
    const model = brokenWorld();
    const seat = await consoleIn(model);
    seat.press('7', 'j');
    addEntry(model, 9, noon, 'web/app1', 'weight 100 → 20');
    seat.client.changed();
    expect(seat.show()).toMatch(/› 16:03:02 {2}· {2}db\/pg1/);
    seat.console.dispose();
  });
});
