// From `w`, `+` or `-` to an outcome: what is asked is planned by the runtime, and exactly what was shown is applied.

import type { ShapeChange } from '../domain/shape.ts';
import type { ShardPlan, WhatIf } from '../domain/shard-plan.ts';
import type { Desk } from './desk.ts';
import {
  applied,
  choiceBeside,
  openWhatIf,
  parsedOf,
  retyped,
  type WhatIfDialog,
  whyNotApply,
} from './dialogs/what-if.ts';
import { completed, type WhatIfKind } from './dialogs/what-if-text.ts';
import { scrolledPlan, whatIfTitle, whatIfWidth } from './dialogs/what-if-view.ts';
import { layoutOf } from './layout.ts';
import { send } from './questions.ts';
import { selectedOf } from './selection.ts';
import { typed } from './typed-text.ts';
import { shardUnder, whyNotConfirm } from './why-not-shard.ts';

export function askWhatIf(desk: Desk, kind?: WhatIfKind): void {
  const selected = selectedOf(desk.context());
  const shard = shardUnder(desk.context())?.name;
  const route = selected?.kind === 'route' ? selected.route.name : undefined;
  const { model } = desk.context().view;
  show(
    desk,
    openWhatIf(desk.nextId(), model, { shard, route }, kind ?? (route === undefined ? 'scale' : 'relabel')),
  );
}

/** One more instance, or one less, of the shard under the cursor: planned at once, and asked before it is done. */
export function askScale(desk: Desk, by: 1 | -1): void {
  const { model } = desk.context().view;
  const shard = shardUnder(desk.context());
  if (shard === undefined) return;
  const change: ShapeChange = { kind: 'scale', shard: shard.name, instances: shard.instances + by };
  const dialog = openWhatIf(desk.nextId(), model, { shard: shard.name }, 'scale');
  askPlan(desk, { ...dialog, direct: true }, { changes: [change] });
}

function show(desk: Desk, dialog: WhatIfDialog): void {
  desk.set({ overlay: { kind: 'what-if', dialog } });
}

export function withWhatIf(desk: Desk, act: (dialog: WhatIfDialog) => void): void {
  const { overlay } = desk.state;
  if (overlay?.kind === 'what-if') act(overlay.dialog);
}

function askPlan(desk: Desk, dialog: WhatIfDialog, asked: WhatIf, hint?: string): void {
  const id = desk.nextId();
  const before = shownPlan(dialog);
  const since = desk.clock.now();
  const sameQuestion = dialog.asked !== undefined && dialog.stage === 'plan';
  show(desk, {
    ...dialog,
    id,
    asked,
    stage: 'plan',
    plan: { state: 'asking', since, ...(sameQuestion && before ? { before } : {}) },
    focus: 'cancel',
    top: sameQuestion ? dialog.top : 0,
    hint,
    leaving: false,
  });
  const answer = (plan: WhatIfDialog['plan']) =>
    withWhatIf(desk, (still) => {
      if (still.id === id) show(desk, { ...still, plan });
    });
  desk.client.shardPlan(asked).then(
    // The present, not a frozen picture: that is what it was made from.
    (plan) => answer({ state: 'shown', plan, inForce: desk.client.model.runtime.get('runtime')?.plan.hash }),
    (fault: unknown) =>
      answer({ state: 'failed', reason: fault instanceof Error ? fault.message : String(fault) }),
  );
}

function shownPlan({ plan }: WhatIfDialog): ShardPlan | undefined {
  switch (plan.state) {
    case 'shown':
      return plan.plan;
    case 'asking':
      return plan.before;
    case 'failed':
      return undefined;
  }
}

/** Another plan came into force while somebody looked: what was shown is not true any more. */
export function planAgain(desk: Desk): void {
  withWhatIf(desk, (dialog) => {
    const { asked, plan, stage } = dialog;
    const inForce = desk.client.model.runtime.get('runtime')?.plan.hash;
    if (stage !== 'plan' || asked === undefined || plan.state !== 'shown' || plan.inForce === inForce) return;
    const from = plan.inForce?.slice(0, 4) ?? '–';
    askPlan(
      desk,
      dialog,
      asked,
      `the plan changed meanwhile, ${from} → ${inForce?.slice(0, 4) ?? '–'}: look again`,
    );
  });
}

/** Attached again: maybe to a runtime that knows another answer. */
export function planAnew(desk: Desk): void {
  withWhatIf(desk, (dialog) => {
    if (dialog.stage === 'plan' && dialog.asked !== undefined)
      askPlan(desk, dialog, dialog.asked, dialog.hint);
  });
}

/** Enter: on to the plan; there the button. */
export function chooseWhatIf(desk: Desk): void {
  withWhatIf(desk, (dialog) => {
    if (dialog.stage === 'plan') {
      if (dialog.focus === 'cancel') desk.set({ overlay: undefined });
      else confirmWhatIf(desk, dialog);
      return;
    }
    const parsed = parsedOf(dialog, desk.context().view.model);
    if (parsed.ok) askPlan(desk, { ...dialog, asked: undefined }, parsed.whatIf);
    else show(desk, { ...dialog, hint: 'first say what is to be asked' });
  });
}

export function confirmWhatIf(desk: Desk, dialog: WhatIfDialog): void {
  const { asked, plan } = dialog;
  if (dialog.stage === 'choose') {
    chooseWhatIf(desk);
    return;
  }
  const { view } = desk.context();
  const why = whyNotConfirm(desk.context(), dialog) ?? whyNotApply(dialog);
  if (why !== undefined || asked === undefined || plan.state !== 'shown') {
    show(desk, { ...dialog, hint: why ?? 'there is nothing to apply' });
    return;
  }
  const { commands, seen } = applied(asked, plan.plan, view.model);
  desk.set({ overlay: undefined });
  send(desk, commands, whatIfTitle(asked), seen);
}

/** Esc: from the plan back to the changes; from there, and from a plan asked with one key, out. */
export function backFromWhatIf(desk: Desk): void {
  withWhatIf(desk, (dialog) => {
    if (dialog.stage === 'choose' || dialog.direct) desk.set({ overlay: undefined });
    // Another id: an answer that is still on its way is not wanted any more.
    else show(desk, { ...dialog, id: desk.nextId(), stage: 'choose', hint: undefined, leaving: false });
  });
}

export function stepWhatIf(desk: Desk, by: 1 | -1): void {
  withWhatIf(desk, (dialog) => {
    if (dialog.stage === 'choose') show(desk, choiceBeside(dialog, by));
    else scroll(desk, 'line', by);
  });
}

export function scroll(desk: Desk, how: 'line' | 'page', by: 1 | -1): void {
  withWhatIf(desk, (dialog) => {
    if (dialog.stage !== 'plan') return;
    const { size, view } = desk.context();
    const { body } = layoutOf(size);
    const world = { ...view, now: desk.clock.now() };
    show(desk, scrolledPlan(dialog, world, Math.min(body.width, whatIfWidth), body.height, how, by));
  });
}

export function turnWhatIf(desk: Desk, by: 1 | -1): void {
  withWhatIf(desk, (dialog) => {
    if (dialog.stage === 'plan')
      show(desk, { ...dialog, focus: by > 0 ? 'confirm' : 'cancel', hint: undefined });
  });
}

/** Tab: completes what is typed; in a plan, the other button. */
export function completeWhatIf(desk: Desk): void {
  withWhatIf(desk, (dialog) => {
    if (dialog.stage === 'plan') {
      show(desk, { ...dialog, focus: dialog.focus === 'cancel' ? 'confirm' : 'cancel', hint: undefined });
      return;
    }
    const { text } = dialog.texts[dialog.kind];
    show(desk, retyped(dialog, typed(completed(dialog.kind, text, desk.context().view.model))));
  });
}

export function leaveFromWhatIf(desk: Desk): void {
  withWhatIf(desk, (dialog) => {
    if (dialog.leaving) desk.leave();
    else show(desk, { ...dialog, leaving: true });
  });
}

/** Is a plan waited for? Then the spinner turns. */
export function isPlanning({ stage, plan }: WhatIfDialog): boolean {
  return stage === 'plan' && plan.state === 'asking';
}
