// What-if and trace, as one console may ask them: a few at once, and answered within bounds.

import type { ShardPlan, WhatIf } from '../../domain/shard-plan.ts';
import type { Trace, TraceQuestion } from '../../domain/trace.ts';
import type { Limits } from '../../protocol/limits.ts';
import { rpcErrors } from '../../protocol/rpc.ts';
import { boundedPlan, boundedTrace } from './bounded-answers.ts';
import { RpcRefusal } from './refusal.ts';
import type { ControlServices } from './services.ts';

export interface Questions {
  /** @throws RpcRefusal `notPlanned`, `notCapable`, `limit` */
  plan(whatIf: WhatIf): Promise<ShardPlan>;
  /** @throws RpcRefusal `invalidParams` */
  trace(question: TraceQuestion): Promise<Trace>;
}

export function createQuestions(
  services: Pick<ControlServices, 'shardPlan' | 'trace' | 'store'>,
  limits: Pick<Limits, 'whatIfs' | 'listed'>,
): Questions {
  let underWay = 0;
  return {
    async plan(whatIf) {
      const can = services.store.model.runtime.get('runtime')?.capabilities.shards ?? true;
      if (can !== true) throw new RpcRefusal(rpcErrors.notCapable, can.no);
      if (underWay >= limits.whatIfs)
        throw new RpcRefusal(rpcErrors.limit, `more than ${limits.whatIfs} what-ifs at once`);
      underWay += 1;
      try {
        const plan = await services.shardPlan(whatIf);
        if ('fault' in plan) throw new RpcRefusal(rpcErrors.notPlanned, plan.fault);
        return boundedPlan(plan, limits.listed);
      } finally {
        underWay -= 1;
      }
    },
    async trace(question) {
      const trace = await services.trace(question);
      if ('fault' in trace) throw new RpcRefusal(rpcErrors.invalidParams, trace.fault);
      return boundedTrace(trace, limits.listed);
    },
  };
}
