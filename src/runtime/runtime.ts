// The runtime: owns one engine and the model, and wires everything else in this folder together.

import type { Clock, Random } from '../domain/clock.ts';
import type { Outcome } from '../domain/command.ts';
import type { Actor } from '../domain/journal.ts';
import type { Plan, Route } from '../domain/plan.ts';
import type { Termination } from '../domain/tls.ts';
import type { Engine } from '../engine/engine.ts';
import type { Kernel } from '../nft/kernel.ts';
import { defaultLimits, type Limits } from '../protocol/limits.ts';
import {
  type Certificates,
  type CertificatesOptions,
  createCertificates,
} from './certificates/certificates.ts';
import { createChecker } from './checks/checker.ts';
import { type Probe, probe as probeSocket } from './checks/probe.ts';
import { createCommands } from './commands.ts';
import { createAttachedConsoles } from './control/attached-consoles.ts';
import { type ControlServer, startControlServer } from './control/control-server.ts';
import type { ControlServices } from './control/services.ts';
import { actAtDeadline } from './drain-deadline.ts';
import { createDrains } from './drains.ts';
import { publishDrift } from './drift.ts';
import { createBeyondProxy } from './endpoints/beyond-proxy.ts';
import type { EndpointContext } from './endpoints/endpoint-commands.ts';
import { createEndpointDesk } from './endpoints/endpoint-desk.ts';
import { createEndpointStates } from './endpoints/endpoint-states.ts';
import { followEngine } from './engine-events.ts';
import { createJournal, type Happening } from './journal.ts';
import { createBlockDesk } from './kernel/block-desk.ts';
import { createKernelReading } from './kernel/kernel-reading.ts';
import { createKernelState } from './kernel/kernel-state.ts';
import type { MachineFacts } from './kernel/lock-out.ts';
import { createModelStore } from './model-store.ts';
import { createPlanAssertion } from './plan-assertion.ts';
import { publishPlan, rateContextOf, runtimeEntity } from './plan-in-force.ts';
import { createPlanSwap } from './plan-swap.ts';
import type { RunPreflight } from './preflight-ahead.ts';
import { createPrepare } from './prepare.ts';
import { previewOf } from './previews.ts';
import { createReload, faultsText, type LoadPlan, tellFileWarnings } from './reload.ts';
import { createReloadQueue } from './reload-queue.ts';
import { tellReloaded } from './reloaded.ts';
import { drainEnd } from './reloaded-servers.ts';
import { RuntimeError } from './runtime-error.ts';
import { createSampling } from './sampling.ts';
import type { ServerCommandContext } from './server-commands.ts';
import { createServerStates } from './server-states.ts';
import { createServices } from './service-desk.ts';
import { noShapes } from './shape/held-shape.ts';
import { type Plans, plansOf, possibleShape } from './shape/plans.ts';
import type { ShapeContext } from './shape/shape-commands.ts';
import { shapeDrift } from './shape/shape-wording.ts';
import { createShardAnswers } from './shape/shard-answers.ts';
import { createStateWriter, emptyState, readState } from './state-file.ts';
import { createTlsDesk } from './tls-desk.ts';
import { createTraffic } from './traffic.ts';
import type { WatchWiring } from './watch/follow-folder.ts';
import { heldText } from './wording.ts';
import { createFileEdits } from './write-back.ts';

export interface RuntimeOptions {
  readonly plan: Plan;
  /** Shown, told of in previews, and edited by a write-back; loading it is `reload`'s. */
  readonly configFile?: string;
  /** Reads the configuration anew. Without it there is nothing to reload. */
  readonly reload?: LoadPlan;
  readonly engine: Engine;
  /** nftables and conntrack, which `engine` uses as well; undefined: none of it here. */
  readonly kernel?: Kernel;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  readonly demo: boolean;
  /** Whom a block must not lock out. Default: as this machine says. */
  readonly machine?: MachineFacts;
  /** Warnings that an operator at the terminal should see as well. */
  readonly warn?: (text: string) => void;
  readonly probe?: Probe;
  /** Default: servers are probed. */
  readonly preflight?: RunPreflight;
  readonly certificates?: (options: CertificatesOptions) => Certificates;
  /** Follows what lies beside the configuration's file, until it is closed. */
  readonly watch?: (wiring: WatchWiring) => { close(): void };
  readonly limits?: Partial<Limits>;
}

export interface Runtime {
  /** Where consoles attach, ephemeral ports resolved. */
  readonly urls: readonly string[];
  /** The configuration is read again and put in force, or refused as a whole. What one actor asks for while it waits is one. */
  reload(actor?: Actor): Promise<Outcome>;
  /** Closes and opens the access log anew. */
  reopenLogs(): void;
  /** No new connections; what is carried may finish within `graceMs`; then everything ends. Called again, the shorter time holds. */
  close(graceMs?: number): Promise<void>;
  /** Ends, and leaves the data plane serving for the runtime that is started next. `letGo` of the engine. */
  detach(letGo: () => void): Promise<void>;
  /** The same as a console's services, for whoever runs in this process. */
  readonly services: ControlServices;
}

/** @throws EngineError, RuntimeError; then nothing runs and nothing listens */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { engine, clock, random, version } = options;
  const warn = options.warn ?? (() => {});
  let plans = plansOf(options.plan, noShapes);
  const plansInForce = (): Plans => plans;
  const { name, stateFile, journalFile } = options.plan.runtime;
  const epoch = `${clock.now().toString(36)}${Math.floor(random() * 2 ** 40).toString(36)}`;
  const store = createModelStore(epoch);
  const consoles = createAttachedConsoles();
  const journal = createJournal(journalFile, store, clock);

  const warned = (text: string, from: string): void => {
    warn(text);
    journal.event({ subject: name, from, severity: 'warning', text });
  };
  const happened = (happening: Happening): void => journal.event(happening);
  const kernelState =
    options.kernel &&
    createKernelState({ kernel: options.kernel, store, clock, warned: (text) => warned(text, 'nft') });
  const endpoints = createEndpointStates();
  const states = createServerStates(store, clock, endpoints);
  const traffic = createTraffic();
  let rateContext = rateContextOf(plans.running);
  const kernelReading = createKernelReading({
    kernel: options.kernel,
    engine,
    clock,
    plan: () => plans.running,
    reading: () => traffic.reading(),
    blocks: () => blocks.counts(),
  });
  const sampling = createSampling(traffic, clock, () => rateContext, kernelReading.sampling);

  const drains = createDrains({
    store,
    clock,
    reading: () => traffic.reading(),
    kill: (key, count) => engine.killOnServer(key, count),
    deadline: (job, act, earlier) => actAtDeadline(job, act, earlier, drains, commands),
    happened,
    changed: () => void writer.save(),
  });
  const writer = createStateWriter(
    stateFile,
    () => ({
      overrides: states.overrides(),
      drains: drains.jobs(),
      routes: tls.routes.overrides(),
      switches: tls.switches.all(),
      shape: plans.shape,
      endpoints: endpoints.overrides(),
      blocks: blocks.all(),
    }),
    () => clock.now(),
    (text) => warned(text, 'state file'),
  );

  const terminationOf = (route: Route): Termination | undefined => tls.routes.termination(route.name);
  const tls = createTlsDesk({
    store,
    clock,
    engine,
    createCertificates: options.certificates ?? createCertificates,
    preflight: options.preflight,
    states,
    planInForce: () => plans.running,
    commands: () => commands,
    assertRoute: (route) => following.assertRoute(route),
    terminationChanged: () => checker.adopt(plans.running, terminationOf),
    happened,
    save: () => writer.save(),
  });

  const following = followEngine({
    engine,
    store,
    states,
    routes: tls.routes,
    journal,
    traffic,
    clock,
    planInForce: () => plans.running,
    stepDrains: (reading) => drains.step(reading),
    stepSwitches: tls.step,
    warned: (text) => warned(text, 'engine'),
  });
  const checker = createChecker({
    probe: options.probe ?? probeSocket,
    clock,
    random,
    fileContent: (path) => tls.certificates.content(path),
    health: (key) => states.health(key),
    checked: (key, result) => following.checked(key, result),
  });

  const context: ServerCommandContext = {
    engine,
    states,
    drains,
    clock,
    assert: (key) => following.assert(key),
    adminChanged: (key) => checker.reschedule(key),
    save: () => writer.save(),
  };
  const endpointDesk = createEndpointDesk({
    engine,
    store,
    states,
    endpoints,
    happened,
    warned: (text) => warned(text, 'nft'),
  });
  const startedAt = clock.now();
  const inForce = (next: Plans): void => {
    const before = plans;
    plans = next;
    const { running } = plans;
    rateContext = rateContextOf(running);
    publishPlan(running, engine.snapshot(), store, traffic);
    kernelReading.planned();
    endpoints.adopt(running);
    endpointDesk.inForce(before.running, running);
    const changed = states.settle((key) => drains.job(key) !== undefined);
    states.publish();
    tls.inForce(before.running, running);
    publishDrift(store, 'shape', shapeDrift(plans.shape, plans.configured));
    tellReloaded(before, plans, {
      states,
      drains,
      happened,
      admissions: () => [answers.admissionOf(before.running), tls.routes.admission()],
    });
    store.set(
      'runtime',
      'runtime',
      runtimeEntity({ ...options, plan: running, startedAt, planAt: clock.now() }),
    );
    checker.adopt(running, terminationOf);
    for (const key of changed) checker.reschedule(key);
  };
  const assertion = createPlanAssertion({
    clock,
    alone: (work) => commands.alone(work),
    apply: () =>
      engine.apply(plans.running, states.wishes(), {
        routes: tls.routes.wishes(),
        material: tls.certificates.material(),
      }),
  });
  const swap = createPlanSwap({
    engine,
    states,
    routes: tls.routes,
    certificates: tls.certificates,
    plans: plansInForce,
    inForce,
    unconfirmed: assertion.begin,
  });
  const reload = createReload({
    load: options.reload,
    routes: tls.routes,
    certificates: tls.certificates,
    swap,
    happened,
    plans: plansInForce,
  });
  const edits = createFileEdits({
    file: options.configFile,
    load: options.reload,
    reload,
    states,
    routes: tls.routes,
    plans: plansInForce,
  });
  const beyond =
    options.kernel &&
    createBeyondProxy({ kernel: options.kernel, clock, service: (server) => endpoints.service(server) });
  const answers = createShardAnswers({
    store,
    engine,
    states,
    tls,
    reload,
    plans: plansInForce,
    ...(beyond && { translation: beyond.translation }),
  });
  const shape: ShapeContext = {
    engine,
    clock,
    swap,
    plans: plansInForce,
    admissionOf: answers.admissionOf,
    save: () => writer.save(),
  };
  const endpointContext: EndpointContext = {
    engine,
    states,
    endpoints,
    clock,
    publish: endpointDesk.publish,
    assert: (key) => following.assert(key),
    save: () => writer.save(),
  };
  const { blocks, context: blockContext } = createBlockDesk({
    ...{ kernel: options.kernel, store, clock, happened, consoles, machine: options.machine },
    warned: (text) => warned(text, 'nft'),
    alone: (work) => commands.alone(work),
    ended: ({ address, at }) =>
      journal.settled((undo) => 'block' in undo && undo.block === address && undo.after?.at === at),
    save: () => writer.save(),
  });
  const commands = createCommands({
    store,
    journal,
    prepare: createPrepare({
      journal,
      servers: context,
      routes: tls.context,
      shape,
      reload,
      edits,
      endpoints: endpointContext,
      blocks: blockContext,
    }),
    ahead: tls.ahead,
  });
  const queueReload = createReloadQueue(commands);
  const services = createServices({
    store,
    ...(beyond && { hopOf: beyond.hopOf }),
    name,
    version,
    engine,
    sampling,
    commands,
    preflight: tls.preflight,
    shardPlan: answers.shardPlan,
    trace: answers.trace,
    watchRuleset: kernelReading.watchRuleset,
    attached: consoles.add,
    preview: (command, actor) =>
      previewOf(command, {
        facts: {
          model: store.model,
          server: (key) => traffic.server(key),
          sample: sampling.lastSecond(),
        },
        journal,
        servers: context,
        routes: { routes: tls.context, fares: tls.fares, edits },
        shape: {
          shape,
          edits,
          whatIf: answers.shardPlan,
          connectionsOf: (id) => traffic.reading()?.instances.get(id)?.connections,
        },
        endpoints: {
          model: store.model,
          context: endpointContext,
          conntrack: options.kernel?.conntrack,
        },
        blocks: { context: blockContext, engine, clock, actor },
        version,
        edits,
        configFile: options.configFile,
      }),
  });

  const stopParts = async (): Promise<void> => {
    checker.close();
    sampling.close();
    following.close();
    kernelState?.close();
    kernelReading.close();
    endpointDesk.close();
    blocks.close();
    tls.close();
    await journal.close();
    store.close();
  };

  let engineStarted = false;
  let control: ControlServer | undefined;
  try {
    control = await startControlServer({
      listens: options.plan.runtime.control,
      services,
      limits: { ...defaultLimits, ...options.limits },
      clock,
    });
    // Not read, let alone set aside, before: until here they may be another runtime's.
    const journalWarning = await journal.open();
    const saved = stateFile === undefined ? { state: emptyState } : await readState(stateFile, clock.now());
    states.hold(saved.state.overrides);
    endpoints.hold(saved.state.endpoints);
    blocks.hold(saved.state.blocks);
    const shapes = possibleShape(saved.state.shape, options.plan);
    plans = plansOf(options.plan, shapes.held);
    const { running } = plans;
    states.adopt(running);
    endpoints.adopt(running);
    const dropped = [...shapes.dropped, ...tls.hold(saved.state.routes, plans)];
    const files = await tls.certificates.prepare(running);
    if (!files.ok) throw new RuntimeError('bad-tls-files', faultsText(files.problems));
    const material = { routes: tls.routes.wishes(), material: files.material };
    await engine.start(running, states.wishes(), material);
    engineStarted = true;
    tls.certificates.adopt(files);
    inForce(plans);
    tellFileWarnings(files, happened);
    tls.restore(saved.state.switches);
    for (const job of saved.state.drains) {
      const ended = drainEnd(job, states, 'restart');
      if (ended) happened(ended);
      else drains.resume(job);
    }
    for (const text of [saved.warning, journalWarning, ...dropped]) if (text) warned(text, 'start');
    control.admit();
    journal.event({
      subject: name,
      from: 'start',
      severity: 'note',
      text: `runtime started, plan ${running.hash}${heldText(new Set([...states.overrides().keys(), ...endpoints.overrides().map(({ server }) => server)]).size, tls.routes.overrides().size, plans.shape.size)}`,
    });

    // In line before any command. A demo leaves alone what another runtime left.
    void commands.alone(() => blocks.settle(!options.demo));
    if (!options.demo) kernelState?.started();

    const watching = options.watch?.({
      hash: () => plans.configured.hash,
      reload: (begin) =>
        commands.internally({ kind: 'reload' }, { name: 'runtime', from: 'watch' }, () => {
          begin();
          return true;
        }),
      warned: (text) => warned(text, 'watch'),
    });

    let closing: Promise<void> | undefined;
    const { urls, close: closeControl } = control;
    return {
      urls,
      services,
      reload: (actor = { name: 'runtime', from: 'signal' }) => queueReload(actor),
      reopenLogs: () => engine.reopenLogs(),
      close(graceMs = plans.configured.runtime.grace) {
        if (closing !== undefined) void engine.stop(graceMs).catch(() => undefined);
        // Consoles stay attached while the engine finishes what it carries, and see it leave.
        closing ??= end('runtime stops', () => engine.stop(graceMs), plans.configured.runtime.nft.atExit);
        return closing;
      },
      detach(letGo) {
        closing ??= end('runtime leaves, and its instances serve on', letGo, 'stay');
        return closing;
      },
    };

    async function end(
      text: string,
      leaveEngine: () => Promise<void> | void,
      table: 'remove' | 'stay',
    ): Promise<void> {
      watching?.close();
      assertion.close();
      checker.close();
      following.stopping();
      journal.event({ subject: name, from: 'stop', severity: 'note', text });
      await leaveEngine();
      await kernelState?.leave(table);
      await closeControl();
      await writer.save();
      await stopParts();
    }
  } catch (error) {
    await control?.close();
    // What failed is the error to tell, not what came of tidying up after it.
    if (engineStarted) await engine.stop(0).catch(() => undefined);
    await kernelState?.leave(options.plan.runtime.nft.atExit);
    await stopParts();
    throw error;
  }
}
