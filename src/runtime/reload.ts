// A reload: the configuration is read, and put in force as a whole, or not at all.

import { addressText } from '../domain/address-text.ts';
import type { Plan } from '../domain/plan.ts';
import { safe } from '../domain/safe.ts';
import type { Engine } from '../engine/engine.ts';
import { EngineError } from '../engine/engine.ts';
import type { Certificates, ReadyMaterial } from './certificates/certificates.ts';
import type { Done, Refused } from './commands.ts';
import type { Happening } from './journal.ts';
import type { RouteStates } from './route-states.ts';
import { refuse } from './server-commands.ts';
import type { ServerStates } from './server-states.ts';

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

export interface Reload {
  readonly possible: boolean;
  run(): Promise<Done>;
  /** Puts a plan in force that is loaded already. */
  apply(plan: Plan): Promise<Done>;
}

export function createReload(options: {
  readonly load: LoadPlan | undefined;
  readonly engine: Engine;
  readonly states: ServerStates;
  readonly routes: RouteStates;
  readonly certificates: Certificates;
  planInForce(): Plan;
  inForce(plan: Plan): void;
  happened(happening: Happening): void;
}): Reload {
  const { load, engine, states, routes, certificates } = options;
  return {
    possible: load !== undefined,
    async run() {
      const loaded = await load!();
      if (!loaded.ok)
        return refuse('bad-configuration', faultsText(loaded.errors), 'the old plan goes on serving');
      return this.apply(loaded.plan);
    },
    async apply(plan) {
      const before = options.planInForce();
      const fixed = fixedFault(before, plan);
      if (fixed) return refuse('bad-configuration', fixed, 'restart the runtime for that');
      const impossible = overrideFault(routes, plan);
      if (impossible) return impossible;
      const prepared = await certificates.prepare(plan);
      if (!prepared.ok)
        return refuse('bad-configuration', faultsText(prepared.problems), 'the old plan goes on serving');
      // The states take the plan over first, so that the wishes are those of the new servers; taken back on a refusal.
      states.adopt(plan);
      routes.adopt(plan);
      try {
        const tls = { routes: routes.wishes(), material: prepared.material };
        await engine.apply(plan, states.wishes(), tls);
      } catch (error) {
        states.adopt(before);
        routes.adopt(before);
        const text = error instanceof Error ? error.message : String(error);
        return error instanceof EngineError && error.code === 'unknown'
          ? { result: 'unknown', text: `the engine did not confirm the new plan: ${text}` }
          : refuse('bad-configuration', text, 'the old plan goes on serving');
      }
      certificates.adopt(prepared);
      options.inForce(plan);
      tellFileWarnings(prepared, options.happened);
      const same = plan.hash === before.hash;
      return {
        result: 'done',
        severity: 'good',
        after: `plan ${plan.hash}`,
        text: same ? `reloaded, nothing changed (plan ${plan.hash})` : `plan ${before.hash} → ${plan.hash}`,
      };
    },
  };
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
