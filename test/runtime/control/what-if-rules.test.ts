import { expect, it } from 'vitest';
import type { ShardPlan, WhatIf } from '../../../src/domain/shard-plan.ts';
import type { Trace } from '../../../src/domain/trace.ts';
import { defaultLimits } from '../../../src/protocol/limits.ts';
import { createAttachments } from '../../../src/runtime/control/attachments.ts';
import { shardPlanOf } from '../../support/shard-plan.ts';
import { type Scene, scene } from '../fixture.ts';
import { rawConsole } from '../raw-console.ts';

const nothing = shardPlanOf();

const scale = { changes: [{ kind: 'scale', shard: 'default', instances: 3 }] };
const question = { url: 'https://shop.example.com/' };

/** Of a runtime whose answers are the test's. */
async function askedScene(
  answer: (whatIf: WhatIf) => Promise<ShardPlan | { fault: string }>,
  traced: () => Trace | { fault: string } = () => ({ fault: 'not part of this test' }),
) {
  const on = await scene();
  on.attachments = createAttachments(
    { ...on.runtime.services, shardPlan: answer, trace: async () => traced() },
    defaultLimits,
    on.clock,
  );
  return on;
}

/** What a client asked, once its messages were carried. */
async function settled<T>(on: Scene, answer: Promise<T>): Promise<T> {
  answer.catch(() => {});
  await on.settle();
  return answer;
}

it('WI3: what cannot be planned is told, and who only looks may ask', async () => {
  const asked: WhatIf[] = [];
  const on = await askedScene(async (whatIf) => {
    asked.push(whatIf);
    return 'reload' in whatIf ? { fault: 'sluice.yaml:3: no such backend' } : nothing;
  });
  const viewer = rawConsole(on, 'viewer');
  await viewer.hello();
  expect(await viewer.ask('shards.plan', { whatIf: scale })).toMatchObject({ result: nothing });
  expect(await viewer.ask('shards.plan', { whatIf: { reload: true } })).toMatchObject({
    error: { code: -32010, message: 'sluice.yaml:3: no such backend' },
  });
  expect(await viewer.ask('shards.plan', { whatIf: { changes: [] } })).toMatchObject({
    error: { code: -32602 },
  });
  expect(asked).toEqual([scale, { reload: true }]);
  await on.close();
});

it('WI3: a console is told the plan, or the reason', async () => {
  const on = await askedScene(async (whatIf) =>
    'reload' in whatIf ? { fault: 'there is no shard "defualt"' } : nothing,
  );
  const { client } = await on.console();
  expect(
    await settled(on, client.shardPlan({ changes: [{ kind: 'scale', shard: 'default', instances: 3 }] })),
  ).toEqual(nothing);
  await expect(settled(on, client.shardPlan({ reload: true }))).rejects.toMatchObject({
    code: -32010,
    message: 'there is no shard "defualt"',
  });
  await on.close();
});

it('WI4: two what-ifs at once, and one more once one is answered', async () => {
  const answers: (() => void)[] = [];
  const on = await askedScene(() => new Promise((resolve) => answers.push(() => resolve(nothing))));
  const raw = rawConsole(on);
  const other = rawConsole(on);
  await raw.hello();
  await other.hello();
  const first = raw.ask('shards.plan', { whatIf: scale });
  await raw.ask('shards.plan', { whatIf: scale });
  expect(await raw.ask('shards.plan', { whatIf: scale })).toMatchObject({
    error: { code: -32005, message: 'more than 2 what-ifs at once' },
  });
  await other.ask('shards.plan', { whatIf: scale });
  expect(answers).toHaveLength(3);
  answers[0]!();
  await on.settle();
  await first;
  await raw.ask('shards.plan', { whatIf: scale });
  expect(answers).toHaveLength(4);
  await on.close();
});

it('WI4: what-ifs and traces count as commands', async () => {
  const on = await askedScene(
    async () => nothing,
    () => ({ question, steps: [], result: 'no bind listens there', ok: false }),
  );
  const raw = rawConsole(on);
  await raw.hello();
  for (let index = 0; index < 25; index++) {
    expect(await raw.ask('shards.plan', { whatIf: scale })).toHaveProperty('result');
    expect(await raw.ask('trace', { question })).toHaveProperty('result');
  }
  const tooMany = { error: { code: -32005, message: 'more than 50 commands a second' } };
  expect(await raw.ask('shards.plan', { whatIf: scale })).toMatchObject(tooMany);
  expect(await raw.ask('trace', { question })).toMatchObject(tooMany);
  await on.close();
});

it('WI5: long lists are cut, and how much was left out is told', async () => {
  const routes = Array.from({ length: 2_500 }, (_, at) => `r${at}`);
  const spread = routes.map((server) => ({ server, clients: 1 }));
  const on = await askedScene(
    async () => ({
      ...nothing,
      routes: {
        ...nothing.routes,
        moved: routes.map((route) => ({ route, from: ['default'], to: ['sharded'] })),
        orphaned: routes.slice(0, 1_000),
        removed: routes.slice(0, 1_001),
      },
      servers: [{ backend: 'web', observed: 9, moved: 3, before: spread, after: spread }],
    }),
    () => ({
      question,
      steps: [
        {
          what: 'server',
          chosen: 'r0',
          why: 'its turn',
          others: [],
          candidates: routes.map((name) => ({ name, why: 'up' })),
        },
      ],
      result: 'r0',
      ok: true,
    }),
  );
  const raw = rawConsole(on);
  await raw.hello();
  const { result } = await raw.ask('shards.plan', { whatIf: scale });
  expect(result.routes.moved).toHaveLength(1_000);
  expect(result.routes.orphaned).toHaveLength(1_000);
  expect(result.servers[0].before).toHaveLength(1_000);
  expect(result.omitted).toEqual({ moved: 1_500, removed: 1 });
  const traced = await raw.ask('trace', { question });
  expect(traced.result.steps[0].candidates).toHaveLength(1_000);
  expect(traced.result.steps[0].more).toBe(1_500);
  await on.close();
});

it('WI6: a question that makes no sense is told why', async () => {
  const on = await askedScene(
    async () => nothing,
    () => ({ fault: '"shop" is no URL' }),
  );
  const raw = rawConsole(on, 'viewer');
  await raw.hello();
  expect(await raw.ask('trace', { question: { url: 'shop' } })).toMatchObject({
    error: { code: -32602, message: '"shop" is no URL' },
  });
  expect(await raw.ask('trace', { question: { url: 'x'.repeat(4_097) } })).toMatchObject({
    error: { code: -32602, message: 'params are not as the schema says' },
  });
  const { client } = await on.console();
  await expect(settled(on, client.trace({ url: 'shop' }))).rejects.toMatchObject({
    code: -32602,
    message: '"shop" is no URL',
  });
  await on.close();
});
