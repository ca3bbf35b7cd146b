// A runtime over a scripted engine and a clock that a test moves, with consoles attached in memory.

import { attach } from '../../src/client/attach.ts';
import type { RuntimeClient } from '../../src/client/runtime-client.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { Backend, Plan, Server } from '../../src/domain/plan.ts';
import { defaultLimits, type Limits } from '../../src/protocol/limits.ts';
import type { Role } from '../../src/protocol/schemas/words.ts';
import type { Probe } from '../../src/runtime/checks/probe.ts';
import { type Attachments, createAttachments } from '../../src/runtime/control/attachments.ts';
import { type Runtime, type RuntimeOptions, startRuntime } from '../../src/runtime/runtime.ts';
import { type ChannelPair, channelPair } from '../support/channel-pair.ts';
import { plainShard } from '../support/plain-shard.ts';
import { createScriptedEngine, type ScriptedEngine } from '../support/scripted-engine.ts';
import { certificatesInMemory } from './certificates-in-memory.ts';

export interface TestClock extends Clock {
  advance(ms: number): void;
  /** As an operator or NTP does: what waits still waits as long. */
  setBack(ms: number): void;
}

export function testClock(start = 1_700_000_000_000): TestClock {
  let now = start;
  const waiting = new Set<{ at: number; readonly run: () => void }>();
  return {
    now: () => now,
    after(ms, run) {
      const entry = { at: now + ms, run };
      waiting.add(entry);
      return () => void waiting.delete(entry);
    },
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const [next] = [...waiting].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (!next) break;
        waiting.delete(next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = until;
    },
    setBack(ms) {
      now -= ms;
      for (const each of waiting) each.at -= ms;
    },
  };
}

export function server(name: string, over: Partial<Server> = {}): Server {
  const id = [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 65_536;
  return {
    name,
    id,
    address: { kind: 'ip', host: '127.0.0.1', port: 8_000 + (id % 1_000) },
    weight: 100,
    maxConnections: 0,
    backup: false,
    admin: 'ready',
    ...over,
  };
}

export function backend(over: Partial<Backend> = {}): Backend {
  return {
    name: 'web',
    mode: 'http',
    algorithm: 'roundrobin',
    timeouts: { connect: 1_000, server: 30_000, queue: 5_000, tunnel: 3_600_000 },
    retries: 3,
    redispatch: true,
    maxIdleConnections: 10,
    servers: [server('app1'), server('app2'), server('app3')],
    ...over,
  };
}

export const checkEverySecond = {
  kind: { type: 'http', method: 'GET', path: '/healthz', headers: [], expect: [[200, 399]] },
  interval: 1_000,
  fastInterval: 500,
  downInterval: 1_000,
  timeout: 500,
  rise: 2,
  fall: 3,
  jitter: 0,
} as const satisfies NonNullable<Backend['check']>;

export function plan(over: Partial<Plan> & { readonly settings?: Partial<Plan['runtime']> } = {}): Plan {
  const { settings, ...rest } = over;
  return {
    hash: 'aaaaaaaaaaaa',
    runtime: {
      name: 'edge-1',
      nft: { counters: false, atExit: 'remove' },
      control: [],
      grace: 1_000,
      ...settings,
    },
    shards: [
      {
        name: 'default',
        ...plainShard,
        binds: [
          {
            name: ':80',
            address: { kind: 'ip', host: '::', port: 80 },
            mode: 'http',
            backend: 'web',
            maxConnections: 20_000,
            timeouts: { client: 30_000, request: 5_000, keepAlive: 60_000 },
            maxHeadBytes: 16_384,
            maxBodyBytes: 0,
            forwardedHeaders: 'append',
          },
        ],
      },
    ],
    certificates: [],
    namespaces: [],
    routes: [],
    backends: [backend()],
    ...rest,
  };
}

export interface Scene {
  readonly clock: TestClock;
  readonly engine: ScriptedEngine;
  runtime: Runtime;
  attachments: Attachments;
  /** A console that is live when this resolves. */
  console(options?: { readonly user?: string; readonly role?: Role }): Promise<TestConsole>;
  /** Has `settle` carry its messages as well. */
  carry(pair: ChannelPair): void;
  /** Lets everything that can happen now happen: promises, and messages under way. */
  settle(): Promise<void>;
  /** Moves the clock in steps of one sample, settling between. */
  pass(ms: number): Promise<void>;
  /** Ends the runtime (not the engine) and starts another over the same engine, as after a crash. */
  restart(over?: Partial<RuntimeOptions>): Promise<void>;
  close(): Promise<void>;
}

export interface TestConsole {
  readonly client: RuntimeClient;
  readonly pair: ChannelPair;
}

export interface SceneOptions extends Partial<RuntimeOptions> {
  readonly limits?: Partial<Limits>;
  readonly capabilities?: Parameters<typeof createScriptedEngine>[0]['capabilities'];
}

export const passing: Probe = async () => ({ code: 'L7OK', ok: true, status: 200, what: '200' });

export async function scene(options: SceneOptions = {}): Promise<Scene> {
  const clock = testClock();
  const engine = createScriptedEngine({
    clock,
    ...(options.capabilities && { capabilities: options.capabilities }),
  });
  const limits = { ...defaultLimits, ...options.limits };
  let seed = 1;
  const random = (): number => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const startOn = (over: Partial<RuntimeOptions> = {}): Promise<Runtime> =>
    startRuntime({
      plan: plan(),
      engine,
      clock,
      random,
      version: '0.0.0',
      demo: false,
      probe: passing,
      certificates: () => certificatesInMemory(),
      ...options,
      ...over,
    });
  const pairs = new Set<ChannelPair>();
  const consoles: RuntimeClient[] = [];
  const runtime = await startOn();

  const self: Scene = {
    clock,
    engine,
    runtime,
    attachments: createAttachments(runtime.services, limits, clock),

    async console({ user = 'anna', role = 'operator' } = {}) {
      const opened: { pair?: ChannelPair } = {};
      const client = attach({
        url: 'memory:',
        name: 'test console',
        user,
        clock,
        random,
        retry: true,
        async dial() {
          const pair = channelPair();
          opened.pair = pair;
          pairs.add(pair);
          self.attachments.accept(pair.server, async (hello) => ({
            identity: {
              actor: { name: hello.user ?? 'local', from: 'local' },
              role,
              stillHolds: async () => true,
            },
          }));
          return pair.client;
        },
      });
      consoles.push(client);
      await self.settle();
      await client.ready();
      return {
        client,
        get pair() {
          return opened.pair!;
        },
      };
    },

    carry: (pair) => void pairs.add(pair),

    async settle() {
      // Each turn of the loop may send what the next one delivers; a few quiet ones in a row are the end.
      for (let quiet = 0; quiet < 3; ) {
        await new Promise((resolve) => setImmediate(resolve));
        let moved = 0;
        for (const pair of pairs) {
          moved += pair.flush();
          if (pair.closed) pairs.delete(pair);
        }
        quiet = moved > 0 ? 0 : quiet + 1;
      }
    },

    async pass(ms) {
      for (let left = ms; left > 0; left -= 200) {
        clock.advance(Math.min(200, left));
        await self.settle();
      }
    },

    async restart(over) {
      for (const pair of pairs) pair.cut();
      self.attachments.close();
      // As a crash: the engine keeps what it has, only the runtime's parts end.
      const { stop } = engine;
      engine.stop = async () => {};
      await self.runtime.close(0);
      engine.stop = stop;
      self.runtime = await startOn(over);
      self.attachments = createAttachments(self.runtime.services, limits, clock);
    },

    async close() {
      for (const client of consoles) client.close();
      await self.runtime.close(0);
    },
  };
  return self;
}
