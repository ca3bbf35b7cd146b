// renew: a shard's instances replaced by new processes, one after another; the ones before finish what they carry.

import type { Command, Preview, PreviewLine } from '../../domain/command.ts';
import type { InstanceEntity } from '../../domain/model.ts';
import type { Plan } from '../../domain/plan.ts';
import { spokenDuration } from '../../domain/units.ts';
import { EngineError } from '../../engine/engine.ts';
import type { Done, Prepared, Refused } from '../commands.ts';
import { incapable, refuse } from '../server-commands.ts';
import { countText } from '../wording.ts';
import type { ShapeContext } from './shape-commands.ts';

export type Renew = Extract<Command, { kind: 'renew' }>;
/** In one line of the journal. */
const mostNamed = 8;

type Context = Pick<ShapeContext, 'engine' | 'plans'>;

export function renewFault({ shard }: Renew, { engine, plans }: Context): Refused | undefined {
  const unable = incapable(engine, 'shards');
  if (unable) return unable;
  return plans().running.shards.some(({ name }) => name === shard)
    ? undefined
    : refuse('no-such-shard', `there is no shard ${shard}`, 'see `sluice show shards`');
}

export function prepareRenew(command: Renew, context: Context): Prepared | Refused {
  const fault = renewFault(command, context);
  if (fault) return fault;
  const { shard } = command;
  const { engine } = context;
  return {
    result: 'prepared',
    before: pidsText(servingIn(shard, context)),
    async carryOut(): Promise<Done> {
      try {
        await engine.renew(shard);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        return error instanceof EngineError && error.code !== 'unknown'
          ? refuse('busy', text, 'what could not be replaced goes on serving')
          : { result: 'unknown', text };
      }
      const serving = servingIn(shard, context);
      const left = engine.snapshot().instances.filter((each) => each.shard === shard && isLeaving(each));
      const finishing =
        left.length === 0
          ? ''
          : left.length === 1
            ? '; 1 former process finishes what it carries'
            : `; ${left.length} former processes finish what they carry`;
      return {
        result: 'done',
        severity: 'good',
        after: pidsText(serving),
        text: `${shard}: ${countText(serving.length, 'instance')} replaced${finishing}`,
      };
    },
  };
}

const isLeaving = ({ state }: InstanceEntity): boolean => state === 'leaving';

function servingIn(shard: string, { engine }: Pick<Context, 'engine'>): InstanceEntity[] {
  return engine.snapshot().instances.filter((each) => each.shard === shard && each.state === 'serving');
}

function pidsText(instances: readonly InstanceEntity[]): string {
  if (instances.length === 0) return 'none serves';
  return instances.length > mostNamed
    ? `${instances.length} instances`
    : instances.map(({ name, pid }) => `${name} pid ${pid}`).join(', ');
}

export function renewPreview(command: Renew, context: Context, version: string): Preview {
  const { shard } = command;
  const title = `renew the instances of ${shard}`;
  const fault = renewFault(command, context);
  if (fault) return { title, lines: [{ tone: 'warning', text: fault.text }] };
  const now = servingIn(shard, context).map(
    (each): PreviewLine => ({
      tone: 'now',
      text: `${each.name} serves (pid ${each.pid}, ${each.version === version ? version : `of release ${each.version}`})`,
    }),
  );
  return {
    title,
    lines: [
      ...now,
      { tone: 'then', text: `each is replaced by a new process of ${version}, one after another` },
      { tone: 'then', text: 'clients keep the number of their instance; nobody is refused meanwhile' },
      { tone: 'then', text: leavingText(context.plans().running) },
      { tone: 'warning', text: 'it cannot be undone' },
    ],
  };
}

/** What becomes of the connections of a process that leaves. */
export function leavingText({ runtime: { grace } }: Plan): string {
  return grace === 0
    ? 'connections that are open there are ended'
    : `connections that are open there may finish; what is left after ${spokenDuration(grace)} is ended`;
}
