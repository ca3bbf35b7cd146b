import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LoadResult, Problem } from '../../../src/config/problem.ts';
import type { Outcome } from '../../../src/domain/command.ts';
import { safe } from '../../../src/domain/safe.ts';
import { followedSource } from '../../../src/runtime/watch/follow-folder.ts';
import type { Origin, PlanSource } from '../../../src/runtime/watch/plan-source.ts';
import { scratch } from '../../support/scratch.ts';
import { plan, testClock } from '../fixture.ts';

let place = scratch();
beforeEach(() => {
  place = scratch();
});
afterEach(() => place.remove());

const problem = (message: string): Problem => ({
  file: 'routes.d/a.yaml',
  line: 3,
  path: '',
  message: safe(message),
  imported: true,
});

const { imported: _, ...ownProblem } = problem('of the configuration');

/** A runtime whose folder comes to what a test says. */
function followed() {
  const clock = testClock();
  const origin: Origin = {
    text: 'in force',
    files: [],
    folder: {
      path: place.folder,
      filesFolder: place.path('.kept'),
      watched: {
        imported: {
          configuration: { namespaces: [], routes: [], backends: [] },
          places: new Map(),
          from: '',
        },
        contents: new Map(),
        warnings: [],
        held: new Map(),
      },
    },
  };
  const state = {
    inForce: 'one',
    folder: 'one',
    problems: [] as Problem[],
    outcome: undefined as Outcome | undefined,
    loads: 0,
    reloads: 0,
    told: [] as string[],
    texts: [] as string[],
  };
  const loaded = (text: string): LoadResult => {
    state.texts.push(text);
    return { ok: true, plan: plan({ hash: state.folder }), warnings: state.problems, source: text };
  };
  const source: PlanSource = {
    load: async (text = 'the file') => loaded(text),
    async loadBeside({ text }) {
      state.loads++;
      return loaded(text);
    },
    inForce() {},
    originOf: () => origin,
    latest: () => origin,
    clear: async () => {},
  };
  const { load, follow } = followedSource(source, { clock, lookEvery: 1_000, quiet: 10 });
  const watching = follow({
    hash: () => state.inForce,
    async reload(begin) {
      state.reloads++;
      begin();
      if (state.outcome) return state.outcome;
      const result = await load();
      if (result.ok) state.inForce = result.plan.hash;
      return { result: 'done', seq: 1, text: 'reloaded' };
    },
    warned: (text) => void state.told.push(text),
  });
  let turn = 0;
  /** The next look that loads. */
  async function look(): Promise<void> {
    const before = state.loads;
    await vi.waitFor(() => {
      clock.advance(1_000);
      expect(state.loads).toBeGreaterThan(before);
    });
  }
  /** A look that finds another folder. */
  async function changed(): Promise<void> {
    writeFileSync(place.path(`${++turn}.yaml`), '');
    await look();
  }
  return { state, load, watching, changed, look };
}

describe('a followed folder', () => {
  it('is put in force where it comes to another plan, and only then', async () => {
    const { state, watching, changed } = followed();
    await changed();
    expect(state.reloads).toBe(0);
    state.folder = 'two';
    await changed();
    await vi.waitFor(() => expect([state.reloads, state.inForce]).toEqual([1, 'two']));
    await changed();
    expect(state.reloads).toBe(1);
    watching.close();
  });

  it('leaves edits of the configuration that nobody has loaded', async () => {
    const { state, load, watching, changed } = followed();
    state.folder = 'two';
    await changed();
    await vi.waitFor(() => expect(state.inForce).toBe('two'));
    expect(new Set(state.texts)).toEqual(new Set(['in force']));
    await load();
    expect(state.texts.at(-1)).toBe('the file');
    watching.close();
  });

  it('tells what is wrong once, and again only after it was right', async () => {
    const { state, watching, changed } = followed();
    state.problems = [problem('broken'), ownProblem];
    await changed();
    await changed();
    await vi.waitFor(() => expect(state.told).toEqual(['routes.d/a.yaml:3: broken']));
    state.problems = [];
    await changed();
    state.problems = [problem('broken')];
    await changed();
    await vi.waitFor(() => expect(state.told).toHaveLength(2));
    watching.close();
  });

  it('does not tell more than anybody reads', async () => {
    const { state, watching, changed } = followed();
    state.problems = Array.from({ length: 30 }, (_, index) => problem(`broken ${index}`));
    await changed();
    await vi.waitFor(() => expect(state.told).toHaveLength(21));
    expect(state.told.at(-1)).toContain('10 more');
    watching.close();
  });

  it('tries again what came to nothing, and says so once', async () => {
    const { state, watching, changed, look } = followed();
    state.folder = 'two';
    state.outcome = { result: 'refused', code: 'busy', text: 'not now' };
    await changed();
    await look();
    await look();
    expect(state.told).toEqual([`${place.folder}: not now`]);
    state.outcome = undefined;
    await look();
    await vi.waitFor(() => expect(state.inForce).toBe('two'));
    watching.close();
  });
});
