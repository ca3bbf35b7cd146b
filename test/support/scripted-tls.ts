// The scripted engine's side of TLS: which mode each route is in, and the files it was given last.

import type { Plan } from '../../src/domain/plan.ts';
import type { RouteWish, Termination, TlsMaterial } from '../../src/domain/tls.ts';
import type { TlsInForce } from '../../src/engine/engine.ts';

export interface ScriptedTls {
  readonly terminations: ReadonlyMap<string, Termination>;
  readonly material: TlsMaterial | undefined;
  /** A plan is taken: without `tls` what holds goes on. */
  adopt(plan: Plan, tls: TlsInForce | undefined): void;
  wish(plan: Plan, wishes: readonly RouteWish[]): void;
  use(material: TlsMaterial): void;
}

export function createScriptedTls(): ScriptedTls {
  let terminations: ReadonlyMap<string, Termination> = new Map();
  let wished: ReadonlyMap<string, Termination> = new Map();
  let material: TlsMaterial | undefined;

  /** Wishes for routes without TLS, or that the plan does not know, are passed over. */
  function set(plan: Plan, next: ReadonlyMap<string, Termination>): void {
    terminations = new Map(
      plan.routes.flatMap(({ name, tls }) =>
        tls === undefined ? [] : [[name, next.get(name) ?? tls.termination] as const],
      ),
    );
    wished = new Map([...next].filter(([name]) => terminations.has(name)));
  }

  return {
    get terminations() {
      return terminations;
    },
    get material() {
      return material;
    },
    adopt(plan, tls) {
      set(plan, tls === undefined ? wished : modesOf(tls.routes));
      material = tls?.material ?? material;
    },
    wish: (plan, wishes) => set(plan, new Map([...wished, ...modesOf(wishes)])),
    use(next) {
      material = next;
    },
  };
}

/** Of an engine that is started without TLS. */
export const nothingOfTls: TlsInForce = {
  routes: [],
  material: { files: [], tickets: { secret: '', epoch: 0 } },
};

const modesOf = (wishes: readonly RouteWish[]) =>
  new Map(wishes.map(({ route, termination }) => [route, termination]));
