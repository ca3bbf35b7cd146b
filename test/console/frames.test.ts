// Whatever the size, the world and the keys: a frame fills the terminal exactly and nothing throws.

import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { bindings } from '../../src/console/bindings.ts';
import type { Frame } from '../../src/console/frame.ts';
import type { MutableModel } from '../../src/domain/model.ts';
import { emptyModel } from '../../src/domain/model.ts';
import {
  block,
  kernelWorld,
  largeRuleset,
  rulesetServer,
  serviceWorld,
  smallRuleset,
  unconfirmed,
} from './kernel-worlds.ts';
import { consoleIn } from './picture.ts';
import { settled } from './scripted-client.ts';
import {
  addInstance,
  addShard,
  crowdedShardsWorld,
  relabelled,
  scaledTo3,
  tracedShop,
  troubledShardsWorld,
} from './shard-worlds.ts';
import {
  addCertificate,
  addRoute,
  preflightOf,
  tlsWorld,
  troubledTlsWorld,
  unsafePreflight,
} from './tls-worlds.ts';
import {
  addBackend,
  bareWorld,
  brokenWorld,
  changeServer,
  crowdedWorld,
  pastOf,
  wellWorld,
} from './worlds.ts';

function expectExact(frame: Frame, columns: number, rows: number): void {
  expect(frame.lines.length).toBe(rows);
  for (const { spans } of frame.lines) {
    const text = spans.map((span) => span.text).join('');
    expect(stringWidth(text), JSON.stringify(text)).toBeLessThanOrEqual(columns);
    expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
  }
  for (const { left, top, width, height } of frame.charts) {
    expect(left).toBeGreaterThanOrEqual(0);
    expect(top).toBeGreaterThanOrEqual(0);
    expect(left + width).toBeLessThanOrEqual(columns);
    expect(top + height).toBeLessThanOrEqual(rows);
  }
  if (frame.cursor) {
    expect(frame.cursor.column).toBeLessThan(columns);
    expect(frame.cursor.row).toBeLessThan(rows);
  }
}

const hostile = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '\u001b]0;owned\u0007',
    '測試伺服器測試伺服器',
    '👩‍👩‍👧‍👦👩‍👩‍👧‍👦',
    'e\u0301'.repeat(20),
    '\u202etxt.exe',
    'ｗｉｄｅ'.repeat(30),
  ),
);

function hostileWorld(names: readonly string[], texts: readonly string[]): MutableModel {
  const model = brokenWorld();
  for (const [index, name] of names.entries()) {
    const backend = `${name.replaceAll('/', '')}${index}`;
    addBackend(model, backend, [`${name.replaceAll('/', '')}`, 'b']);
    changeServer(model, `${backend}/b`, {
      operational: 'down',
      address: texts[index % Math.max(1, texts.length)] ?? '',
      check: { code: 'L7RSP', ok: false, reason: texts[0] ?? '', durationMs: 1, at: 0 },
    });
    model.journal.set(String(100 + index), {
      id: 100 + index,
      at: 0,
      kind: 'act',
      actor: { name, from: name },
      subject: backend,
      text: texts.join(' '),
      severity: 'bad',
    });
  }
  for (const [index, name] of names.entries()) {
    addCertificate(model, name, index * 1e9, {
      names: [...texts],
      issuer: name,
      disk: { state: 'refused', text: name },
    });
    addRoute(
      model,
      name,
      { termination: 'edge', certificate: name },
      {
        labels: { [name]: texts[0] ?? name },
        namespace: name,
        shards: [
          {
            shard: name,
            admitted: false,
            reason: 'HostAlreadyClaimed',
            message: texts.join(' '),
          },
        ],
        host: texts[0] ?? name,
        path: `/${name}`,
        warnings: texts.map((text) => ({ about: 'route', text })),
        to: [{ backend: name, weight: 1 }],
      },
    );
  }
  for (const [index, name] of names.entries()) {
    const service = serviceWorld().server.get('shop/pods')!.service!;
    const endpoints = service.endpoints.map((endpoint) => ({ ...endpoint, address: name }));
    changeServer(model, 'web/app1', {
      service: { ...service, endpoints, inForce: { no: name, remedy: name } },
    });
    model.block.set(
      name,
      block(name, { why: texts[0] ?? name, by: name, ...(index === 0 ? { confirmBy: 1 } : {}) }),
    );
    model.kernel.set('kernel', {
      ...kernelWorld().kernel.get('kernel')!,
      change: { no: name, remedy: name },
      table: { state: 'failed', text: name },
    });
  }
  for (const name of names) {
    addShard(model, name, 2, { domain: name, routeSelector: texts.join(','), refused: names });
    addInstance(model, name, 2, { state: 'gone', crashes: 3, text: name });
  }
  return model;
}

const worlds: readonly (() => MutableModel)[] = [
  emptyModel,
  bareWorld,
  wellWorld,
  brokenWorld,
  crowdedWorld,
  tlsWorld,
  troubledTlsWorld,
  troubledShardsWorld,
  crowdedShardsWorld,
  serviceWorld,
  () => {
    const model = kernelWorld();
    unconfirmed(model);
    return model;
  },
];
const size = fc.record({ columns: fc.integer({ min: 1, max: 230 }), rows: fc.integer({ min: 1, max: 70 }) });
const keys = fc.array(
  fc.oneof(
    fc.constantFrom(
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
      '8',
      'v',
      'b',
      'e',
      't',
      'T',
      '+',
      'd',
      'w',
      ':',
      '/',
      '?',
      'x',
      'escape',
      'enter',
      'j',
      'G',
      'c',
      '!',
      'f',
    ),
    fc
      .constantFrom(...bindings.flatMap((binding) => binding.keys))
      .filter((key) => key !== 'ctrl+c' && key !== 'q'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((key) => key !== 'q'),
  ),
  { maxLength: 14 },
);

describe('a frame', () => {
  it('has exactly the rows of the terminal and nothing wider than it, whatever is pressed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...worlds),
        size,
        keys,
        fc.boolean(),
        async (world, { columns, rows }, pressed, traffic) => {
          const seat = await consoleIn(world(), { columns, rows }, traffic);
          if (traffic)
            seat.client.ruleset = rulesetServer(pressed.length % 2 ? smallRuleset() : largeRuleset(300));
          for (const key of pressed) {
            seat.press(key);
            seat.client.preflights.at(-1)?.send(pressed.length % 2 ? preflightOf : unsafePreflight);
            await seat.client.shardPlans.at(-1)?.answer(pressed.length % 2 ? scaledTo3 : relabelled);
            await seat.client.traces.at(-1)?.answer(tracedShop);
            if (traffic) await settled();
            expectExact(seat.console.frame({ columns, rows }), columns, rows);
          }
          seat.console.dispose();
        },
      ),
      { numRuns: 80 },
    );
  });

  it('holds for names and texts that try to break it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(hostile, { minLength: 1, maxLength: 4 }),
        fc.array(hostile, { maxLength: 3 }),
        size,
        fc.constantFrom('1', '3', '4', '5', '6', '7', '8'),
        async (names, texts, { columns, rows }, screen) => {
          const model = hostileWorld(names, texts);
          const seat = await consoleIn(model, { columns, rows });
          const rows6 = smallRuleset().map((row) => ({
            ...row,
            text: names[0]!,
            about: texts[0] ?? '',
            explanation: [...texts, ...names],
          }));
          seat.client.ruleset = rulesetServer(rows6);
          const { result } = tracedShop;
          const hostilePlan = {
            ...relabelled,
            routes: { ...relabelled.routes, orphaned: names, added: texts },
          };
          for (const key of [
            screen,
            'v',
            'v',
            'v',
            'e',
            'b',
            'escape',
            'enter',
            'escape',
            'w',
            'enter',
            'escape',
            'escape',
            'T',
            'enter',
            'escape',
            'G',
            'enter',
            'd',
            't',
            'enter',
            'tab',
            'escape',
            'escape',
            ':',
          ]) {
            seat.press(key);
            seat.client.preflights.at(-1)?.send({
              ...unsafePreflight,
              findings: texts.map((text) => ({ subject: names[0]!, severity: 'unsafe', text, remedy: text })),
            });
            await seat.client.shardPlans.at(-1)?.answer(hostilePlan);
            await seat.client.traces.at(-1)?.answer({
              ...tracedShop,
              result: texts[0] ?? result,
              steps: [
                {
                  what: 'bind',
                  chosen: names[0]!,
                  why: names[0]!,
                  others: [{ name: names[0]!, why: result }],
                },
              ],
            });
            expectExact(seat.console.frame({ columns, rows }), columns, rows);
          }
          seat.console.dispose();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('follows the terminal through sizes', async () => {
    const model = crowdedWorld();
    const seat = await consoleIn(model);
    seat.client.points = pastOf(model);
    seat.press('3', 'G');
    for (const [columns, rows] of [
      [80, 24],
      [59, 15],
      [60, 15],
      [60, 14],
      [1, 1],
      [400, 3],
      [119, 40],
      [120, 40],
      [200, 60],
      [80, 24],
    ] as const)
      expectExact(seat.console.frame({ columns, rows }), columns, rows);
    expect(seat.show()).toContain('›');
    seat.console.dispose();
  });

  it('says plainly that a terminal is too small', async () => {
    const seat = await consoleIn(wellWorld(), { columns: 40, rows: 10 });
    expect(seat.show()).toContain('Sluice needs 60 × 15');
    seat.console.dispose();
  });
});
