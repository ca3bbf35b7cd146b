// The frame's own lines: what an operator must see whatever the screen.

import { describe, expect, it } from 'vitest';
import type { AttachState } from '../../src/client/runtime-client.ts';
import { footerLine, headerLine, problemLine, tabsLine } from '../../src/console/chrome.ts';
import type { Line } from '../../src/console/frame.ts';
import { messageLine } from '../../src/console/message-line.ts';
import { firstState } from '../../src/console/state.ts';
import { noTraffic } from '../../src/console/traffic.ts';
import type { View } from '../../src/console/view.ts';
import type { ServerKey } from '../../src/domain/plan.ts';
import { utcTimeOfDay } from './picture.ts';
import { brokenWorld, changeServer, noon, wellWorld } from './worlds.ts';

const live: AttachState = { state: 'live', since: noon, role: 'operator', actor: 'anna' };

function view(change: Partial<View> = {}): View {
  return {
    model: wellWorld(),
    attach: live,
    traffic: noTraffic,
    now: noon,
    present: noon,
    heardAt: noon,
    stale: false,
    looked: new Set(),
    timeOfDay: utcTimeOfDay,
    ...change,
  };
}

const textOf = (line: Line) =>
  line.spans
    .map(({ text }) => text)
    .join('')
    .trimEnd();

it.each([
  [['web/app1'] as string[] | undefined, ' ● all well: 3 backends, 9 servers, 1 unchecked'],
  [undefined, ' ? no trouble seen, and no checks: 3 backends, 9 servers'],
])('calls nothing well that nobody checks: %j', (unchecked, expected) => {
  const model = wellWorld();
  for (const key of model.server.keys())
    if (unchecked === undefined || unchecked.includes(key))
      changeServer(model, key as ServerKey, { operational: 'unchecked' });
  expect(textOf(problemLine(view({ model }), 80))).toBe(expected);
});

describe('a full problem line', () => {
  it('gives up a reason rather than a second problem', () => {
    const model = wellWorld();
    for (const name of ['api1', 'api2', 'api3', 'api4'])
      changeServer(model, `api/${name}`, { operational: 'down', operationalSince: noon - 5_000 });
    changeServer(model, 'web/app3', brokenWorld().server.get('web/app3')!);
    const at = (width: number) => textOf(problemLine(view({ model }), width));
    expect(at(100)).toContain('▼ web/app3 down 0:42 · L7STS 503 in 3 ms');
    expect(at(80)).toBe(' ▼ api takes no new clients: 4 of 4 down   ▼ web/app3 down 0:42');
  });
});

describe('the header', () => {
  it.each<[string, Partial<View>, string]>([
    ['live', {}, 'operator ● live <1s  plan 7f3a'],
    ['live, a while ago', { present: noon + 3_400 }, 'operator ● live 3s  plan 7f3a'],
    ['to a viewer', { attach: { ...live, role: 'viewer' } }, 'viewer ● live <1s  plan 7f3a'],
    ['frozen', { frozenAt: noon, present: noon + 12_000 }, 'operator ‖ frozen 0:12 at 16:04:00  plan 7f3a'],
    ['silent', { stale: true, present: noon + 9_000 }, 'operator ◌ silent 0:09, showing 16:04:00'],
    ['connecting', { attach: { state: 'connecting', since: noon } }, '◌ connecting, showing 16:04:00'],
    [
      'reconnecting',
      {
        attach: { state: 'waiting', since: noon, attempt: 2, retryAt: noon, reason: 'x' },
        present: noon + 4_000,
      },
      '◌ reconnecting 4s, showing 16:04:00',
    ],
    [
      'not permitted',
      { attach: { state: 'closed', code: 'not-permitted', reason: 'x' } },
      '◌ not permitted, showing 16:04:00',
    ],
    ['with drift', { model: brokenWorld() }, 'operator ● live <1s  plan 7f3a  2 drift'],
  ])('says whether it is the present: %s', (_, change, expected) => {
    const shown = textOf(headerLine(view(change), 80));
    expect(shown.startsWith(' sluice  edge-1 · embedded')).toBe(true);
    expect(shown.endsWith(` ${expected}`)).toBe(true);
  });

  it('marks a demo', () => {
    const model = wellWorld();
    model.runtime.set('runtime', { ...model.runtime.get('runtime')!, demo: true });
    expect(textOf(headerLine(view({ model }), 80))).toContain('embedded  DEMO');
  });

  it('has a tab for each screen', () => {
    expect(textOf(tabsLine('backends', 80))).toBe(
      ' 1 Overview 2 Connections 3 Backends 4 Routes 5 Shards 6 nft 7 Journal 8 Certs',
    );
  });

  it.each([
    [76, ' 1 Overview 2 Conns 3 Backends 4 Routes 5 Shards 6 nft 7 Journal 8 Certs'],
    [70, ' 1 Over… 2 Conns 3 Backends 4 Rout… 5 Shar… 6 nft 7 Jour… 8 Certs'],
    [61, ' 1 Ove… 2 Con… 3 Backends 4 Rou… 5 Sha… 6 nft 7 Jou… 8 Cer…'],
  ])('shortens its words at %i', (width, tabs) => {
    expect(textOf(tabsLine('backends', width))).toBe(tabs);
  });
});

describe('the problem line', () => {
  it.each<[string, Partial<View>, number, string]>([
    ['well', {}, 80, ' ● all well: 3 backends, 9 servers'],
    ['narrow', { model: brokenWorld() }, 60, ' ▼ web/app3 down 0:42 · L7STS 503 in 3 ms           +2 more'],
    [
      'reconnecting',
      {
        attach: { state: 'waiting', since: noon, attempt: 2, retryAt: noon, reason: 'nobody listens there' },
      },
      80,
      ' ◌ attempt 2: nobody listens there',
    ],
    [
      'closed',
      { attach: { state: 'closed', code: 'incompatible', reason: 'the runtime speaks version 2' } },
      80,
      ' ▼ the runtime speaks version 2 · nothing more comes',
    ],
  ])('%s', (_, change, width, expected) => expect(textOf(problemLine(view(change), width))).toBe(expected));
});

describe('the message line', () => {
  it('is a rule with a remark while nothing is told', () => {
    expect(textOf(messageLine(firstState, noon, 'rates over 1 s', 30))).toBe(
      '──────────── rates over 1 s ──',
    );
    expect(textOf(messageLine(firstState, noon, 'rates over 1 s', 10))).toBe('──────────');
  });

  it('counts what else is waited for', () => {
    const waiting = [
      { id: 1, text: 'drain web/app1', since: noon - 1_200 },
      { id: 2, text: 'maint web/app2', since: noon },
    ];
    expect(textOf(messageLine({ ...firstState, waiting }, noon, '', 60))).toBe(
      ' ⠼ drain web/app1 and 1 more … 1.2 s',
    );
  });
});

describe('the footer', () => {
  it('keeps the keys that are the same everywhere, and leaves out what has no room', () => {
    const key = (name: string) => ({ key: name, title: `does ${name}`, disabled: name === 'b' });
    const own = ['a', 'b', 'c', 'd'].map(key);
    expect(textOf(footerLine(own, [key('q')], 40))).toBe(' a does a  b does b           q does q');
  });
});
