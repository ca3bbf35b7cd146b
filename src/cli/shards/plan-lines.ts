// A what-if as people read it: which routes move, which clients, how even it is then. Pure.
import type { Evenness } from '../../domain/evenness.ts';
import { safe } from '../../domain/safe.ts';
import type { BackendChange, ShardChange, ShardPlan } from '../../domain/shard-plan.ts';
import { type Shade, shaded } from '../table.ts';
import { age, count } from '../wording.ts';

interface Line {
  readonly text: string;
  readonly shade?: Shade;
}

/** Of each list; --json has all. */
const shown = 8;
const barWidth = 20;

/** `tableSizes`: slots of each shard's table, where they are known. */
export function planText(
  plan: ShardPlan,
  color: boolean,
  tableSizes: ReadonlyMap<string, number> = new Map(),
): string {
  const sections: readonly (readonly [string, readonly Line[]])[] = [
    ['What if', plan.changes.map((text) => ({ text: safe(text) }))],
    ['Routes', routeLines(plan)],
    ['Clients', clientLines(plan, tableSizes)],
    ['Servers', plan.servers.flatMap((backend) => backendLines(backend, plan.overMs))],
    [
      'Plan',
      [
        {
          text: plan.from === plan.to ? `${safe(plan.from)} stays` : `${safe(plan.from)} → ${safe(plan.to)}`,
        },
      ],
    ],
  ];
  return sections
    .flatMap(([title, lines]) =>
      lines.map(
        ({ text, shade = 'plain' }, at) =>
          `${(at === 0 ? title : '').padEnd(9)}${shaded(text, shade, color)}`,
      ),
    )
    .join('\n');
}

function routeLines({ routes, omitted = {} }: ShardPlan): readonly Line[] {
  const some = (
    name: keyof ShardPlan['routes'],
    [one, many]: readonly [string, string],
    texts: readonly string[],
    warning = false,
  ): readonly Line[] => {
    const all = texts.length + (omitted[name] ?? 0);
    if (all === 0) return [];
    const listed = texts.slice(0, shown).map((text) => safe(text));
    const more = all > listed.length ? [`and ${all - listed.length} more (--json)`] : [];
    const text = `${warning ? '▲ ' : ''}${all} ${all === 1 ? one : many}: ${[...listed, ...more].join('; ')}`;
    return [{ text, ...(warning && { shade: 'warning' }) }];
  };
  const lines = [
    ...some(
      'moved',
      ['moves', 'move'],
      routes.moved.map(({ route, from, to }) => `${route} ${shardsText(from)} → ${shardsText(to)}`),
    ),
    ...some('orphaned', ['is served by no shard then', 'are served by no shard then'], routes.orphaned, true),
    ...some(
      'doublyServed',
      ['is served by several shards then', 'are served by several shards then'],
      routes.doublyServed.map(({ route, shards }) => `${route} by ${shards.join(' and ')}`),
      true,
    ),
    ...some(
      'conflicts',
      ['is refused then', 'are refused then'],
      routes.conflicts.map(
        ({ route, status: { shard, reason, message } }) => `${route} by ${shard} (${reason}: ${message})`,
      ),
      true,
    ),
    ...some(
      'activated',
      ['is admitted then', 'are admitted then'],
      routes.activated.map(({ route, shard }) => `${route} by ${shard}`),
    ),
    ...some('added', ['is new', 'are new'], routes.added),
    ...some('removed', ['is gone', 'are gone'], routes.removed, true),
  ];
  return lines.length > 0 ? lines : [{ text: 'none moves' }];
}

function shardsText(shards: readonly string[]): string {
  return shards.length === 0 ? 'no shard' : shards.join('+');
}

function clientLines(
  { shards, overMs, missed, omitted }: ShardPlan,
  tableSizes: ReadonlyMap<string, number>,
): readonly Line[] {
  if (shards.length === 0) return [{ text: 'none moves' }];
  return [
    ...shards.flatMap((shard) => shardLines(shard, overMs, tableSizes.get(shard.shard))),
    ...(omitted?.shards === undefined
      ? []
      : [{ text: `and ${count(omitted.shards, 'more shard')} (--json)` }]),
    ...(missed > 0
      ? [{ text: `${count(missed, 'more client')} seen than are kept in mind`, shade: 'muted' as const }]
      : []),
  ];
}

function shardLines(change: ShardChange, overMs: number, tableSize: number | undefined): readonly Line[] {
  const { shard, instancesBefore, instancesAfter, observed, moved, before, after } = change;
  const instances =
    instancesBefore === instancesAfter
      ? count(instancesAfter, 'instance')
      : `${instancesBefore} → ${count(instancesAfter, 'instance')}`;
  const head = `${safe(shard)}, ${instances}: ${movesText(moved, observed, overMs)}`;
  if (moved === 0 && instancesBefore === instancesAfter) return [{ text: head }];
  const most = Math.max(1, ...before, ...after);
  const bars = Array.from({ length: Math.max(before.length, after.length) }, (_, at) => {
    const name = `${shard}/${at + 1}`;
    return `  ${safe(name)}  ${barText(before[at], most)} → ${barText(after[at], most)}`.trimEnd();
  });
  return [
    { text: head, shade: moved > 0 ? 'warning' : 'plain' },
    ...(observed > 0 ? bars.map((text) => ({ text })) : []),
    ...evennessLines(change.evennessBefore, change.evennessAfter),
    ...(tableSize === undefined ? [] : [unseenLine(change.slotsMoved / tableSize)]),
  ];
}

/** "moves 33.1 % of 910 clients seen in the last minute (301)" */
export function movesText(moved: number, observed: number, overMs: number): string {
  const seen = `seen in the last ${overMs === 60_000 ? 'minute' : age(overMs)}`;
  if (observed === 0) return `no clients ${seen}`;
  if (moved === 0) return `moves none of ${count(observed, 'client')} ${seen}`;
  return `moves ${shareText(moved / observed)} of ${count(observed, 'client')} ${seen} (${moved})`;
}

/** One decimal; what is not nothing never looks like nothing, nor what is not all like all. */
export function shareText(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  if (percent < 100 && percent >= 99.95) return '> 99.9 %';
  return `${Number.isInteger(percent) ? percent : percent.toFixed(1)} %`;
}

/** The table's slots say what to expect of whoever comes next. */
function unseenLine(share: number): Line {
  return { text: `  of clients not seen yet: ${shareText(share)}`, shade: 'muted' };
}

function barText(clients: number | undefined, most: number): string {
  if (clients === undefined) return `${'–'.padStart(6)}${' '.repeat(barWidth + 1)}`;
  return `${String(clients).padStart(6)} ${'█'.repeat(Math.round((clients / most) * barWidth)).padEnd(barWidth)}`;
}

function evennessLines(before: Evenness | undefined, after: Evenness | undefined): readonly Line[] {
  if (after === undefined) return [];
  const then = `${evennessText(after)} (chance alone ${after.chance.toFixed(2)})`;
  const text = before === undefined ? then : `${evennessText(before)} → ${then}`;
  return [{ text: `  evenness, max/mean: ${text}`, shade: 'muted' }];
}

export function evennessText({ maxOverMean }: Evenness): string {
  return maxOverMean.toFixed(2);
}

function backendLines(
  { backend, observed, moved, before, after }: BackendChange,
  overMs: number,
): readonly Line[] {
  const then = new Map(after.map(({ server, clients }) => [server, clients]));
  const names = [...new Set([...before, ...after].map(({ server }) => server))];
  const now = new Map(before.map(({ server, clients }) => [server, clients]));
  const listed = names
    .slice(0, shown)
    .map((server) => `${safe(server)} ${now.get(server) ?? '–'} → ${then.get(server) ?? '–'}`);
  const more = names.length > shown ? [`and ${names.length - shown} more (--json)`] : [];
  return [
    {
      text: `${safe(backend)}: ${movesText(moved, observed, overMs)}`,
      shade: moved > 0 ? 'warning' : 'plain',
    },
    ...(observed > 0 ? [{ text: `  ${[...listed, ...more].join(' · ')}` }] : []),
  ];
}
