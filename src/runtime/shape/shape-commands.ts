// reshape and reset-shape: other overrides of shape, in force at once and as a whole, or not at all.

import type { Admission } from '../../domain/admission.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Command } from '../../domain/command.ts';
import type { Actor } from '../../domain/journal.ts';
import type { Plan } from '../../domain/plan.ts';
import { shapeFault } from '../../domain/shape.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Done, Prepare, Prepared, Refused } from '../commands.ts';
import type { ShapeUndo } from '../journal.ts';
import type { PlanSwap } from '../plan-swap.ts';
import { changedSince } from '../reload.ts';
import { incapable, refuse } from '../server-commands.ts';
import { changedKeys, type HeldShapes, withChanges, withHeld } from './held-shape.ts';
import { type Plans, plansOf } from './plans.ts';
import { movesText, stepsBetween, stepsText, subjectsOf } from './reshaping.ts';

export type ShapeCommand = Extract<Command, { kind: 'reshape' | 'reset-shape' }>;

export interface ShapeContext {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly swap: PlanSwap;
  plans(): Plans;
  /** With the TLS modes in force. */
  admissionOf(plan: Plan): Admission;
  save(): Promise<void>;
}

/** Why it cannot be carried out now; undefined where it can. */
export function shapeCommandFault(
  command: ShapeCommand,
  { engine, plans }: Pick<ShapeContext, 'engine' | 'plans'>,
): Refused | undefined {
  const unable = incapable(engine, 'shards');
  if (unable) return unable;
  const { running, shape } = plans();
  if (command.kind === 'reset-shape')
    return shape.has(command.drift) ? undefined : notOverridden(command.drift);
  const { changes, from } = command;
  if (from !== undefined && from !== running.hash) return changedSince(from, running.hash);
  if (changes.length === 0) return refuse('bad-value', 'nothing is to be changed');
  for (const change of changes) {
    const fault = shapeFault(change, running);
    if (!fault) continue;
    const remedy = change.kind === 'relabel' ? 'see `sluice show routes`' : 'see `sluice show shards`';
    return refuse(fault.code, fault.text, fault.code === 'bad-value' ? undefined : remedy);
  }
  return undefined;
}

export function notOverridden(drift: string): Refused {
  return refuse('bad-value', `there is no drift ${drift}`, 'see `sluice show drift`');
}

/** The plans that it leads to. */
export function plansAfter(
  command: ShapeCommand,
  { configured, shape }: Plans,
  by: string,
  at: number,
): Plans {
  const next =
    command.kind === 'reshape'
      ? withChanges(shape, command.changes, configured, by, at)
      : withHeld(shape, new Map([[command.drift, null]]));
  return plansOf(configured, next);
}

export function prepareShapeCommand(
  command: ShapeCommand,
  actor: Actor,
  context: ShapeContext,
): Awaited<ReturnType<Prepare>> {
  const fault = shapeCommandFault(command, context);
  if (fault) return fault;
  const before = context.plans();
  const next = plansAfter(command, before, actor.name, context.clock.now());
  const steps = stepsBetween(before, next);
  if (steps.length === 0) return { result: 'done', nothing: true, text: 'it is so already: nothing changes' };
  const only = steps.length === 1 ? steps[0]?.text : undefined;
  return {
    result: 'prepared',
    subject: subjectsOf(steps),
    text: `${only ?? stepsText(steps)}${command.kind === 'reset-shape' ? ', as configured' : ''}`,
    before: `plan ${before.running.hash}`,
    carryOut: () => putShape(next, context, undoOf(before.shape, next.shape)),
  } satisfies Prepared;
}

/** What puts back the exact former overrides. */
function undoOf(before: HeldShapes, after: HeldShapes): ShapeUndo {
  const shape = changedKeys(before, after).map((key) => ({
    key,
    before: before.get(key) ?? null,
    after: after.get(key) ?? null,
  }));
  return { shape };
}

/** In the engine and in everything that follows from it, or nowhere. */
export async function putShape(next: Plans, context: ShapeContext, undo?: ShapeUndo): Promise<Done> {
  const before = context.plans();
  const steps = stepsBetween(before, next);
  const moves = movesText(context.admissionOf(before.running), context.admissionOf(next.running));
  const swapped = await context.swap(next);
  if (swapped.result === 'unknown') return swapped;
  if (swapped.result === 'failed') return refuse('busy', swapped.text, 'nothing has changed');
  await context.save();
  return {
    result: 'done',
    severity: 'good',
    after: `plan ${next.running.hash}`,
    text: `${stepsText(steps)}${moves}`,
    ...(undo && { undo }),
  };
}
