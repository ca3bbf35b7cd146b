// `sluice run`: a runtime and its data plane in the foreground, steered by signals:
// SIGHUP reads the configuration again, SIGUSR1 reopens the logs, SIGUSR2 leaves the instances to the runtime that is started
// next, SIGTERM and SIGINT end gracefully, a second one at once.
import { resolve as absolute, dirname } from 'node:path';
import { defaultControlPath } from '../config/control.ts';
import type { Plan } from '../domain/plan.ts';
import { safe } from '../domain/safe.ts';
import { createEmbeddedEngine, type EmbeddedEngine } from '../engine/embedded/embedded-engine.ts';
import { withKernel } from '../engine/kernel/with-kernel.ts';
import { createKernel } from '../nft/create-kernel.ts';
import { type Runtime, startRuntime } from '../runtime/runtime.ts';
import { followedSource } from '../runtime/watch/follow-folder.ts';
import { checkedPlan, planSource } from './checked-plan.ts';
import { engineFolder } from './engine-folder.ts';
import { CliFailure } from './failure.ts';
import type { VerbContext } from './program.ts';
import { isAnswering } from './socket-probe.ts';
import { systemClock, systemRandom } from './system-clock.ts';
import type { Terminal } from './terminal.ts';
import { clockTime } from './wording.ts';

export interface RunOptions {
  readonly config: string;
  readonly demo?: boolean;
  readonly leaveWithParent?: boolean;
}

export async function run({ terminal, env, version }: VerbContext, options: RunOptions): Promise<void> {
  const source = planSource(options.config, true);
  const plan = await checkedPlan(terminal, options.config, source);
  await refuseSecond(plan);
  const kernel = createKernel({ clock: systemClock });
  const relaying = createEmbeddedEngine({
    directory: engineFolder(plan, absolute(options.config), dirname(defaultControlPath(env.XDG_RUNTIME_DIR))),
    exitWithRuntime: options.leaveWithParent === true,
    clock: systemClock,
  });
  const engine = withKernel(relaying, kernel, systemClock);
  const followed = followedSource(source, { clock: systemClock });
  const runtime = await startRuntime({
    plan,
    configFile: options.config,
    reload: followed.load,
    watch: followed.follow,
    engine,
    kernel,
    clock: systemClock,
    random: systemRandom,
    demo: options.demo === true,
    version,
    warn: (text) => log(terminal, `warning: ${safe(text)}`),
  });
  for (const { name, address, mode } of engine.snapshot().binds) {
    terminal.print(`bind ${safe(name)}: ${safe(address)} (${mode})`);
  }
  for (const url of runtime.urls) terminal.print(`control: ${safe(url)}`);
  // The configuration's, or another where operators changed its shape.
  const hash = runtime.services.store.model.runtime.get('runtime')?.plan.hash ?? plan.hash;
  terminal.print(`ready: ${safe(plan.runtime.name)}, plan ${hash}, pid ${process.pid}`);
  const way = await untilEnd(terminal, runtime, engine, plan.runtime.grace, options);
  // What is made of a watched folder stays for the next runtime.
  if (way === 'ended') await source.clear();
}

/** Two runtimes on one control socket would fight over one data plane. @throws CliFailure */
async function refuseSecond(plan: Plan): Promise<void> {
  for (const { address } of plan.runtime.control) {
    if (address.kind === 'unix' && (await isAnswering(address.path))) {
      throw new CliFailure(
        'refused',
        `a runtime is already running on unix:${address.path}`,
        'look at it with `sluice console`, have it read a changed configuration with `sluice reload`, or stop it first',
      );
    }
  }
}

/** A signal to a whole group also comes from the Node that handed over to this one: one wish, told twice. */
const sameWishMs = 300;
/** Ending at once, with all that it tidies up, takes less: after that it hangs, and whoever asks once more gets its end. */
const stuckMs = 10_000;

function untilEnd(
  terminal: Terminal,
  runtime: Runtime,
  engine: Pick<EmbeddedEngine, 'detach'>,
  graceMs: number,
  { leaveWithParent }: RunOptions,
): Promise<'ended' | 'detached'> {
  return new Promise((resolve, reject) => {
    let toldAt: number | undefined;
    let hurriedAt: number | undefined;
    const end = (why: string, grace: number) => {
      const now = performance.now();
      if (toldAt === undefined) {
        toldAt = now;
        log(terminal, `${why}: ending, at most ${grace / 1_000} s for what is under way`);
        runtime.close(grace).then(() => resolve('ended'), reject);
      } else if (hurriedAt === undefined) {
        if (now - toldAt < sameWishMs) return;
        hurriedAt = now;
        log(terminal, `${why} again: ending at once`);
        process.exitCode = 1;
        void runtime.close(0).catch(() => {});
      } else if (now - hurriedAt > stuckMs) process.exit(1);
    };
    process.on('SIGTERM', () => end('SIGTERM', graceMs));
    process.on('SIGINT', () => end('SIGINT', graceMs));
    process.on('SIGUSR2', () => {
      // A demo's, or a console's own, leaves nothing behind.
      if (toldAt !== undefined || leaveWithParent === true) return;
      toldAt = hurriedAt = performance.now();
      log(terminal, 'SIGUSR2: leaving; the instances serve on, for the runtime that is started next');
      runtime.detach(() => engine.detach()).then(() => resolve('detached'), reject);
    });
    process.on('SIGUSR1', () => {
      runtime.reopenLogs();
      log(terminal, 'SIGUSR1: logs reopened');
    });
    process.on('SIGHUP', () => {
      // The terminal of a demo's parent went away: not a wish to reload.
      if (leaveWithParent === true) return;
      runtime.reload().then(
        (outcome) =>
          log(
            terminal,
            `SIGHUP: ${outcome.result === 'done' ? '' : `${outcome.result}: `}${safe(outcome.text)}`,
          ),
        (error: unknown) => log(terminal, `SIGHUP: reload failed: ${safe((error as Error).message)}`),
      );
    });
    if (leaveWithParent === true) {
      process.stdin.resume();
      process.stdin.once('end', () => end('parent gone', 0)).once('error', () => end('parent gone', 0));
    }
  });
}

function log(terminal: Terminal, text: string): void {
  terminal.note(`${clockTime(systemClock.now())} ${text}`);
}
