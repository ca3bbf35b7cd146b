// Instances as the engine tells of them, in the model and in the journal: who died, who serves again, who left. A process that
// leaves has a key of its own beside its successor's.

import type { Clock } from '../domain/clock.ts';
import type { Disposer } from '../domain/event.ts';
import type { InstanceEntity } from '../domain/model.ts';
import type { Plan } from '../domain/plan.ts';
import { spokenDuration } from '../domain/units.ts';
import type { Happening } from './journal.ts';
import type { ModelStore } from './model-store.ts';
import { inOrder, wantsInstance } from './plan-in-force.ts';
import { countText } from './wording.ts';

export interface InstanceEvents {
  changed(next: InstanceEntity): void;
  close: Disposer;
  /** The runtime is stopping the engine: one that goes is no accident from now on. */
  stopping(): void;
}

const gatherMs = 300;

export function createInstanceEvents(options: {
  readonly store: ModelStore;
  readonly clock: Clock;
  planInForce(): Plan;
  happened(happening: Happening): void;
  /** For the journal, and for who sits at the runtime's terminal. */
  warned(text: string): void;
}): InstanceEvents {
  const { store, clock, planInForce, happened, warned } = options;
  const { model } = store;
  let stopping = false;
  /** Names whose death was told, and whose return is to be. */
  const dead = new Set<string>();
  /** By text, who is to be warned of: what happens to all at once is told once. */
  const warnings = new Map<string, string[]>();
  let cancelWarnings: Disposer | undefined;

  /** Does the plan that runs want one of this name? */
  const wanted = (name: string): boolean => wantsInstance(planInForce(), name);

  const tell = (subject: string, severity: Happening['severity'], text: string): void =>
    happened({ subject, from: 'engine', severity, text });

  function warn(name: string, text: string): void {
    warnings.set(text, [...(warnings.get(text) ?? []), name]);
    cancelWarnings ??= clock.after(gatherMs, () => {
      cancelWarnings = undefined;
      for (const [said, names] of warnings) warned(`${namesText(names)}: ${said}`);
      warnings.clear();
    });
  }

  function put(next: InstanceEntity): void {
    const ended = next.state === 'gone' && !stopping && (next.id !== next.name || !wanted(next.name));
    if (ended) store.remove('instance', next.id);
    else if (model.instance.has(next.id)) store.set('instance', next.id, next);
    else
      store.replace(
        'instance',
        inOrder([...model.instance.values(), next], planInForce()).map((each) => [each.id, each]),
      );
    // It goes on under another key; a successor under its own comes, or does not.
    const own = model.instance.get(next.name);
    if (next.id !== next.name && own?.pid === next.pid) store.remove('instance', next.name);
  }

  function tellDeath(next: InstanceEntity, pid: number): void {
    const { id, crashes, retryAt, text } = next;
    dead.add(id);
    const why = text ? `: ${text}` : '';
    const left = retryAt === undefined ? 0 : Math.max(0, retryAt - clock.now());
    const later = left >= 1_000 ? `, next start in ${spokenDuration(Math.round(left / 1_000) * 1_000)}` : '';
    tell(
      id,
      'bad',
      crashes > 1
        ? `${id} died ${countText(crashes, 'time')} in a row${later} (pid ${pid})${why}`
        : `${id} died${later} (pid ${pid})${why}`,
    );
  }

  return {
    changed(next) {
      const before = model.instance.get(next.id);
      put(next);
      const { id, name, pid, state, text } = next;
      // It serves, but not as configured: it cannot write its log, say.
      if (state === 'serving' && text !== undefined && text !== before?.text) warn(id, text);
      if (state === before?.state && pid === before.pid) {
        if (state === 'gone' && next.crashes > before.crashes) tellDeath(next, pid);
        return;
      }
      if (state === 'gone') {
        const was = before?.pid ?? pid;
        if (stopping || before?.state === 'leaving' || id !== name || !wanted(name))
          tell(name, 'note', `${name} (pid ${was}) left${text && !stopping ? `: ${text}` : ''}`);
        else tellDeath(next, was);
      } else if (state === 'serving' && dead.delete(id))
        // A new instance has the server states from the engine: that is its side of the seam.
        tell(id, 'good', `${id} serves again (pid ${pid})`);
    },
    stopping() {
      stopping = true;
    },
    close: () => cancelWarnings?.(),
  };
}

function namesText(names: readonly string[]): string {
  return names.length === 1 ? `instance ${names[0]}` : `instances ${names.join(', ')}`;
}
