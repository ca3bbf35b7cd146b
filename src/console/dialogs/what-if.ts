// What if: a change is typed, the runtime says what it would do to routes and clients, and exactly that is applied, or not.
// Bound to the plan that it was made from: when another comes into force meanwhile, it is planned again. Pure.
//
//   choose ──Enter──► plan ─┬─ y / the button → confirmed (the commands go)
//     ▲                │    └─ Cancel          → closed
//     └────── Esc ─────┘

import type { Command, Preview } from '../../domain/command.ts';
import type { Model, ServerEntity } from '../../domain/model.ts';
import type { ShapeChange } from '../../domain/shape.ts';
import type { ShardPlan, WhatIf } from '../../domain/shard-plan.ts';
import { type TypedText, typed } from '../typed-text.ts';
import { parseWhatIf, type WhatIfKind, whatIfKinds } from './what-if-text.ts';

export type PlanSeen =
  /** `before`: what was shown until now; it stays, greyed, so that nothing jumps. */
  | { readonly state: 'asking'; readonly since: number; readonly before?: ShardPlan | undefined }
  | {
      readonly state: 'shown';
      readonly plan: ShardPlan;
      /** The plan in force when it came: another one, and this is not true any more. */
      readonly inForce: string | undefined;
    }
  | { readonly state: 'failed'; readonly reason: string };

export interface WhatIfDialog {
  /** Tells the answer to one question from that to the one before it. */
  readonly id: number;
  readonly stage: 'choose' | 'plan';
  readonly kind: WhatIfKind;
  readonly texts: Readonly<Record<WhatIfKind, TypedText>>;
  /** Asked with one key, without a choice: Esc then leads out. */
  readonly direct: boolean;
  readonly asked: WhatIf | undefined;
  readonly plan: PlanSeen;
  readonly focus: 'cancel' | 'confirm';
  /** Lines of the plan that are scrolled out at the top. */
  readonly top: number;
  readonly hint?: string | undefined;
  /** `q` was pressed once: the next one leaves. */
  readonly leaving?: boolean;
}

export interface WhatIfSubject {
  readonly shard?: string | undefined;
  readonly route?: string | undefined;
}

/** The objects that the cursor is on are typed already. */
export function openWhatIf(id: number, model: Model, subject: WhatIfSubject, kind: WhatIfKind): WhatIfDialog {
  const shard = subject.shard ?? firstOf(model.shard) ?? '';
  const entity = model.shard.get(shard);
  const server = hashedServers(model)[0]?.key ?? '';
  const weight = model.server.get(server as ServerEntity['key'])?.weight;
  return {
    id,
    stage: 'choose',
    kind,
    texts: {
      scale: typed(entity === undefined ? '' : `${shard} ${entity.instances + 1}`),
      relabel: typed(subject.route === undefined ? '' : `${subject.route} `),
      select: typed(entity === undefined ? '' : `${shard} ${entity.routeSelector}`),
      weight: typed(weight === undefined ? '' : `${server} ${Math.floor(weight / 2)}`),
      remove: typed(server),
      reload: typed(''),
    },
    direct: false,
    asked: undefined,
    plan: { state: 'asking', since: 0 },
    focus: 'cancel',
    top: 0,
  };
}

function firstOf(entities: ReadonlyMap<string, unknown>): string | undefined {
  return entities.keys().next().value;
}

/** Of backends whose clients are spread by their address: only there a weight moves clients. */
export function hashedServers(model: Model): ServerEntity[] {
  return [...model.server.values()].filter(
    ({ backend }) => model.backend.get(backend)?.algorithm === 'source',
  );
}

export function choiceBeside(dialog: WhatIfDialog, by: 1 | -1): WhatIfDialog {
  const at = whatIfKinds.indexOf(dialog.kind) + by;
  const kind = whatIfKinds[(at + whatIfKinds.length) % whatIfKinds.length]!;
  return { ...dialog, kind, hint: undefined };
}

export function typedOf(dialog: WhatIfDialog): TypedText | undefined {
  return dialog.stage === 'choose' && dialog.kind !== 'reload' ? dialog.texts[dialog.kind] : undefined;
}

export function retyped(dialog: WhatIfDialog, text: TypedText): WhatIfDialog {
  return { ...dialog, texts: { ...dialog.texts, [dialog.kind]: text }, hint: undefined };
}

export function parsedOf(dialog: WhatIfDialog, model: Model): ReturnType<typeof parseWhatIf> {
  return parseWhatIf(dialog.kind, dialog.texts[dialog.kind].text, model);
}

/** Why the plan cannot be applied as things stand; undefined where it can. */
export function whyNotApply({ plan }: WhatIfDialog): string | undefined {
  if (plan.state === 'asking') return 'the plan is still on its way';
  if (plan.state === 'failed') return 'there is no plan to apply';
  return undefined;
}

/** Exactly what was shown: refused by the runtime where its plan is another one by then. */
export function applied(
  asked: WhatIf,
  plan: ShardPlan,
  model: Model,
): { readonly commands: readonly Command[]; readonly seen: readonly Preview['from'][] } {
  if ('reload' in asked)
    return { commands: [{ kind: 'reload', from: plan.from, to: plan.to }], seen: [undefined] };
  const shapes = asked.changes.filter(
    (change): change is ShapeChange => change.kind !== 'weight' && change.kind !== 'remove',
  );
  const commands: Command[] =
    shapes.length === 0 ? [] : [{ kind: 'reshape', changes: shapes, from: plan.from }];
  const seen: Preview['from'][] = commands.map(() => undefined);
  for (const change of asked.changes) {
    if (change.kind !== 'weight' && change.kind !== 'remove') continue;
    const server = model.server.get(change.server);
    commands.push(
      change.kind === 'weight'
        ? { kind: 'weight', server: change.server, weight: change.weight }
        : { kind: 'maint', server: change.server },
    );
    seen.push(server && { admin: server.admin, weight: server.weight });
  }
  return { commands, seen };
}
