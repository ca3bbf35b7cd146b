import { expect, it } from 'vitest';
import { collectRuleset } from '../../../src/cli/show/nft.ts';
import type { RulesetQuery, RulesetRow, RulesetWindow } from '../../../src/domain/kernel.ts';
import { testClock } from '../../runtime/fixture.ts';

function setUp(limit = 1_000) {
  const clock = testClock();
  const asked: RulesetQuery[] = [];
  let closes = 0;
  let tell: (window: RulesetWindow) => void = () => {};
  const result = collectRuleset(
    {
      openRuleset(query, listener) {
        asked.push(query);
        tell = listener;
        return {
          update: (next) => void asked.push(next),
          close() {
            closes += 1;
          },
        };
      },
    },
    { filter: 'web', sort: 'traffic', limit },
    clock,
  );
  // Looked at below; until then it is no unhandled one.
  result.catch(() => {});
  return {
    clock,
    asked,
    result,
    closed: () => closes,
    window(query: RulesetQuery, total: number, packetRate: number | null, over: Partial<RulesetWindow> = {}) {
      const rows = Array.from(
        { length: Math.max(0, Math.min(query.limit, total - query.offset)) },
        (_, index) => ({ key: `${query.offset + index}`, packetRate }) as RulesetRow,
      );
      tell({ query, at: 0, rules: total, total, rows, mostPacketRate: 0, ...over });
    },
  };
}

it('asks for one window after the other, each until its rates are known', async () => {
  const { asked, window, result, closed } = setUp();
  window(asked[0]!, 450, null);
  expect(asked).toHaveLength(1);
  for (let next = 0; next < asked.length; next += 1) window(asked[next]!, 450, 3);
  const { rows, total } = await result;
  expect([rows.length, total]).toEqual([450, 450]);
  expect(asked.map(({ filter, order, offset, limit }) => [filter, order, offset, limit])).toEqual([
    ['web', 'traffic', 0, 200],
    ['web', 'traffic', 200, 200],
    ['web', 'traffic', 400, 200],
  ]);
  expect(closed()).toBe(1);
});

it('does not wait for rates for ever, and of very many rows not at all', async () => {
  const few = setUp();
  few.window(few.asked[0]!, 3, null);
  few.clock.advance(3_000);
  expect((await few.result).rows).toHaveLength(3);
  const many = setUp(400);
  for (let next = 0; next < many.asked.length; next += 1) many.window(many.asked[next]!, 10_000, null);
  expect((await many.result).rows).toHaveLength(400);
});

it('ends at once with what was read last where the ruleset cannot be read, and when nothing comes', async () => {
  const faulty = setUp();
  faulty.window(faulty.asked[0]!, 300, null, { fault: 'no nft' });
  expect(await faulty.result).toMatchObject({ fault: 'no nft' });
  const silent = setUp();
  silent.clock.advance(20_000);
  await expect(silent.result).rejects.toThrow('sent nothing of the ruleset within 20 s');
  expect(silent.closed()).toBe(1);
});
