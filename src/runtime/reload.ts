// A reload: the configuration is read, and put in force as a whole, or not at all.

import { addressText } from '../domain/address-text.ts';
import type { Command } from '../domain/command.ts';
import type { Plan } from '../domain/plan.ts';
import { safe } from '../domain/safe.ts';
import type { Certificates, ReadyMaterial } from './certificates/certificates.ts';
import type { Done, Refused } from './commands.ts';
import type { Happening } from './journal.ts';
import type { PlanSwap } from './plan-swap.ts';
import type { RouteStates } from './route-states.ts';
import { refuse } from './server-commands.ts';
import type { HeldShapes } from './shape/held-shape.ts';
import { impossibleShape, type Plans, plansOf } from './shape/plans.ts';
import { overrideText } from './shape/shape-wording.ts';

export type LoadedPlan =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly errors: readonly LoadFault[] };

/** As much of a configuration's error as is told; the loader's own have more. */
export interface LoadFault {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** Of the file as it is, or of a text as if the file had it. */
export type LoadPlan = (text?: string) => Promise<LoadedPlan>;

/** What a command may say of the plan that it was decided on. */
export type ReloadTerms = Omit<Extract<Command, { kind: 'reload' }>, 'kind'>;

export interface Reload {
  readonly possible: boolean;
  run(terms?: ReloadTerms): Promise<Done>;
  /** Puts a configuration in force that is loaded already. @param held overrides of shape that hold with it */
  apply(configured: Plan, held?: HeldShapes): Promise<Done>;
  /** The plans that a reload would come to now. */
  ahead(): Promise<Plans | Refused>;
}

export function createReload(options: {
  readonly load: LoadPlan | undefined;
  readonly routes: RouteStates;
  readonly certificates: Certificates;
  readonly swap: PlanSwap;
  plans(): Plans;
  happened(happening: Happening): void;
}): Reload {
  const { load, routes, certificates, swap } = options;
  const goesOn = 'the old plan goes on serving';

  async function ahead(): Promise<Plans | Refused> {
    if (!load) return nothingToReload;
    const loaded = await load();
    if (!loaded.ok) return refuse('bad-configuration', faultsText(loaded.errors), goesOn);
    const next = plansOf(loaded.plan, options.plans().shape);
    return refusalOf(next) ?? next;
  }

  /** Why it cannot be put in force, as far as the plans themselves tell. */
  function refusalOf(next: Plans): Refused | undefined {
    const fixed = fixedFault(options.plans().configured, next.configured);
    if (fixed) return refuse('bad-configuration', fixed, 'restart the runtime for that');
    return shapeOverrideFault(next) ?? overrideFault(routes, next.running);
  }

  async function putInForce(next: Plans): Promise<Done> {
    const before = options.plans();
    const impossible = refusalOf(next);
    if (impossible) return impossible;
    const prepared = await certificates.prepare(next.running);
    if (!prepared.ok) return refuse('bad-configuration', faultsText(prepared.problems), goesOn);
    const swapped = await swap(next, prepared);
    if (swapped.result === 'unknown') return swapped;
    if (swapped.result === 'failed') return refuse('bad-configuration', swapped.text, goesOn);
    tellFileWarnings(prepared, options.happened);
    const [was, is] = [before.running.hash, next.running.hash];
    return {
      result: 'done',
      severity: 'good',
      after: `plan ${is}`,
      text:
        was !== is
          ? `plan ${was} → ${is}`
          : before.configured.hash === next.configured.hash
            ? `reloaded, nothing changed (plan ${is})`
            : `plan ${is} runs on`,
    };
  }

  return {
    possible: load !== undefined,
    ahead,
    apply: (configured, held = options.plans().shape) => putInForce(plansOf(configured, held)),
    async run({ from, to } = {}) {
      const { hash } = options.plans().running;
      if (from !== undefined && from !== hash) return changedSince(from, hash);
      const next = await ahead();
      if ('result' in next) return next;
      if (to !== undefined && to !== next.running.hash)
        return refuse(
          'changed-since',
          `the configuration comes to plan ${next.running.hash} now, and not to ${to} any more`,
          'look again, and decide anew',
        );
      return putInForce(next);
    },
  };
}

export const nothingToReload = refuse(
  'not-capable',
  'this runtime was started without a configuration file: there is nothing to reload',
);

/** Of a command that was decided on when another plan was in force. */
export function changedSince(from: string, now: string): Refused {
  return refuse(
    'changed-since',
    `plan ${from} is not in force any more: now plan ${now}`,
    'look again, and decide anew',
  );
}

/** Of files that are served nevertheless. */
export function tellFileWarnings(
  { warnings }: ReadyMaterial,
  happened: (happening: Happening) => void,
): void {
  for (const { file, message } of warnings)
    happened({ subject: file, from: 'certificates', severity: 'warning', text: message });
}

export function faultsText(errors: readonly LoadFault[]): string {
  const [first] = errors;
  if (!first) return 'the configuration cannot be read';
  const at = [first.file, first.line, first.column].filter((part) => part !== undefined).join(':');
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see \`sluice check\`)` : '';
  return safe(`${at && `${at}: `}${first.message}${more}`, 500);
}

/** An override that the new plan leaves no room for: dropping it unasked would change who ends clients' TLS. */
function overrideFault(routes: RouteStates, plan: Plan): Refused | undefined {
  for (const [route, { value, by }] of routes.overrides()) {
    const known = plan.routes.find(({ name }) => name === route);
    const conflict = known?.tls && known.tls.termination !== value && routes.conflict(route, value, plan);
    if (conflict)
      return refuse(
        'bad-configuration',
        `${route} is ${value} by ${by}, and with the new configuration it cannot be: ${conflict.text}`,
        `the old plan goes on serving; reset the route first: \`sluice reset ${route}\``,
      );
  }
  return undefined;
}

/** The same of the shape: more instances than a table has slots, say. */
function shapeOverrideFault({ shape, configured }: Plans): Refused | undefined {
  const impossible = impossibleShape(shape, configured);
  if (!impossible) return undefined;
  const { key, held, why } = impossible;
  return refuse(
    'bad-configuration',
    `${key} is ${overrideText(held.value)} by ${held.by}, and with the new configuration it cannot be: ${why}`,
    `the old plan goes on serving; drop the override first: \`sluice reset ${key}\``,
  );
}

/** What holds for the life of the process: silently ignoring a change of it would be worse than refusing. */
function fixedFault(before: Plan, after: Plan): string | undefined {
  const facts = ({ runtime }: Plan): Readonly<Record<string, string>> => ({
    name: runtime.name,
    stateFile: runtime.stateFile ?? 'none',
    journalFile: runtime.journalFile ?? 'none',
    control: runtime.control
      .map(({ address, ...rest }) => addressText(address) + JSON.stringify(rest))
      .join(' '),
  });
  const old = facts(before);
  const changed = Object.entries(facts(after)).find(([key, value]) => old[key] !== value);
  return changed && `runtime.${changed[0]} cannot change while it runs`;
}
