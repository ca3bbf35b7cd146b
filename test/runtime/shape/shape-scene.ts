// A runtime with two shards: one takes routes labelled sharded=true, the default one what is left.

import type { Command, Outcome, Preview } from '../../../src/domain/command.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { plainRoute } from '../../support/plain-route.ts';
import { plan, type Scene, type SceneOptions, scene, type TestConsole } from '../fixture.ts';

export const route = plainRoute;

/** `default` is of two instances, `sharded` of one. Small tables: what moves can be counted. */
export function twoShards(over: Parameters<typeof plan>[0] = {}): Plan {
  const [first] = plan().shards;
  const steering = { by: 'handoff', tableSize: 251, ipv6Prefix: 128 } as const;
  const [bind] = first!.binds;
  return plan({
    shards: [
      { ...first!, name: 'default', isDefault: true, instances: 2, steering },
      {
        ...first!,
        name: 'sharded',
        isDefault: false,
        instances: 1,
        steering,
        routeSelector: { matchLabels: { sharded: 'true' } },
        binds: [{ ...bind!, name: ':81', address: { kind: 'ip', host: '::', port: 81 } }],
      },
    ],
    routes: [route('shop'), route('api', { labels: { sharded: 'true', tier: 'gold' } })],
    ...over,
  });
}

export const scaleTo = (instances: number, from?: string): Command => ({
  kind: 'reshape',
  changes: [{ kind: 'scale', shard: 'default', instances }],
  ...(from !== undefined && { from }),
});

export const shopToSharded: Command = {
  kind: 'reshape',
  changes: [{ kind: 'relabel', route: 'shop', labels: { sharded: 'true' } }],
};

export interface ShapeScene extends Scene {
  readonly anna: TestConsole;
  act(command: Command): Promise<Outcome>;
  preview(command: Command): Promise<Preview>;
  /** Texts of the journal, newest last. */
  told(): string[];
  drift(): string[];
  /** Shards that serve a route. */
  servedBy(route: string): string[];
  hash(): string;
}

export async function shapeScene(options: SceneOptions = {}): Promise<ShapeScene> {
  const base = await scene({ plan: twoShards(), ...options });
  const anna = await base.console();
  const { model } = anna.client;
  async function after<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const end = (): void => {
      over = true;
    };
    void work.then(end, end);
    // Files are written in their own time.
    while (!over) await base.settle();
    return work;
  }
  return Object.assign(base, {
    anna,
    act: (command: Command) => after(anna.client.execute(command)),
    preview: (command: Command) => after(anna.client.preview(command)),
    told: () => [...model.journal.values()].map(({ text }) => text),
    drift: () =>
      [...model.drift.values()].map(
        ({ key, configured, running, by }) => `${key}: ${configured} → ${running} by ${by}`,
      ),
    servedBy: (name: string) =>
      model.route.get(name)?.shards.flatMap((each) => (each.admitted ? [each.shard] : [])) ?? [],
    hash: () => model.runtime.get('runtime')!.plan.hash,
  });
}
