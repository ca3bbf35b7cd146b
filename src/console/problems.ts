// What is wrong now, worst first: the one line that the eye finds on every screen. Made from the model, and from totals,
// which every screen has.

import type { ServerEntity } from '../domain/model.ts';
import { stateOf } from './backend-states.ts';
import { chosenTime, count, duration, percent, plural } from './format.ts';
import { kernelProblems } from './kernel-problems.ts';
import { bad, type Problem, warning } from './problem.ts';
import { leftOf } from './screens/drain-line.ts';
import { checkSentence } from './server-look.ts';
import { instanceProblems, shardProblems } from './shard-problems.ts';
import { tlsProblems } from './tls-problems.ts';
import { serversOf, type View } from './view.ts';

export function problemsOf(view: View): Problem[] {
  return [
    ...serving(view),
    ...health(view),
    ...overload(view),
    ...drains(view),
    ...kernelProblems(view),
    ...shardProblems(view),
    ...tlsProblems(view),
    ...drift(view),
  ].sort((a, b) => b.severity - a.severity || b.at - a.at);
}

function serving(view: View): Problem[] {
  const { model, now } = view;
  const problems: Problem[] = [];
  for (const { name, state, text } of model.bind.values()) {
    if (state === 'failed') problems.push(bad(3, `bind ${name} failed${text ? `: ${text}` : ''}`, now));
    // It accepts, but not as configured.
    else if (text !== undefined)
      problems.push({ ...warning(`bind ${name}: ${text}`, now), short: `bind ${name}` });
  }
  problems.push(...instanceProblems(view));
  return problems;
}

/** Many servers of one backend that are down are one problem, or they would hide all others. */
const downTogether = 3;

function health(view: View): Problem[] {
  const without: string[] = [];
  const problems = [...view.model.backend.values()].flatMap(({ name }) => {
    const servers = serversOf(view, name);
    if (servers.length === 0) {
      // Where nothing sends to it nobody is answered 503.
      if (stateOf(view, name).severity > 0) without.push(name);
      return [];
    }
    const down = servers.filter(({ admin, operational }) => admin !== 'maint' && operational === 'down');
    const latest = servers.reduce(
      (at, server) => Math.max(at, server.operationalSince, server.adminSince),
      0,
    );
    const { taking } = stateOf(view, name);
    const together = down.length >= downTogether;
    const amount = `${down.length} of ${servers.length} down`;
    const none = together
      ? `${name} takes no new clients: ${amount}`
      : `${name}: no server takes new clients`;
    return [
      ...(taking === 0 ? [bad(3, none, latest)] : []),
      // Told once: a line has room for two problems, and the second may be another backend's.
      ...(together
        ? taking === 0
          ? []
          : [bad(2, `${name}: ${amount}`, latest)]
        : down.map((server) => downProblem(server, view.now))),
      ...servers.flatMap(failing),
    ];
  });
  // A cluster may have many of them, all the time.
  const [first] = without;
  if (first !== undefined)
    problems.push(
      bad(
        3,
        without.length === 1 ? `${first} has no servers` : `${without.length} backends have no servers`,
        0,
      ),
    );
  return problems;
}

function downProblem({ key, operationalSince, check }: ServerEntity, now: number): Problem {
  // A check that succeeds again is on its way to "up": why it fails is then no longer so.
  const why = check === undefined || check.ok ? '' : ` · ${checkSentence(check)}`;
  const short = `${key} down ${duration(now - operationalSince)}`;
  return { ...bad(2, `${short}${why}`, operationalSince), short };
}

function failing({ key, admin, operational, check, checkProgress }: ServerEntity): Problem[] {
  if (admin === 'maint' || operational === 'down' || checkProgress?.towards !== 'down') return [];
  const why = check === undefined ? '' : `: ${checkSentence(check)}`;
  return [warning(`${key} failing ${checkProgress.done} of ${checkProgress.of}${why}`, check?.at ?? 0)];
}

/** Over so many of the newest seconds, or the line would come and go with every burst. */
const overloadSeconds = 5;
const errorShareFrom = 0.05;

/** All servers may be up while clients wait or are refused: that is not "all well". */
function overload(view: View): Problem[] {
  const { traffic, heardAt } = view;
  const { past, backends } = traffic;
  const newest = past.slice(-overloadSeconds).filter(({ at }) => heardAt - at < 2 * overloadSeconds * 1_000);
  if (newest.length < overloadSeconds) return [];
  const queued = Math.min(...newest.map(({ totals }) => totals.queued));
  const sum = (of: (status: readonly number[]) => number) =>
    newest.reduce((total, { totals: { status } }) => total + (status === null ? 0 : of(status)), 0);
  const failed = sum((status) => status[4]!);
  const answers = sum((status) => status.reduce((all, each) => all + each, 0));
  // Of which backend, where this screen knows it.
  const where = [...backends.values()].filter((backend) => backend.queued > 0).map(({ name }) => name);
  return [
    ...(answers > 0 && failed / answers >= errorShareFrom
      ? [warning(`${percent(failed / answers)} of the answers are 5xx${whoseFailures(view)}`, heardAt)]
      : []),
    ...(queued > 0
      ? [
          warning(
            `${count(queued)} wait in the queue${where.length === 1 ? ` of ${where[0]}` : 's'}`,
            heardAt,
          ),
        ]
      : []),
  ];
}

/** A route that was moved away, or that no shard serves, fails while every backend is well: said where backends are sampled. */
function whoseFailures({ model, traffic: { totals, backends } }: View): string {
  const failed = totals?.status?.[4] ?? 0;
  if (failed === 0 || [...model.backend.keys()].some((name) => !backends.has(name))) return '';
  const ofBackends = [...backends.values()].reduce((sum, { status }) => sum + (status?.[4] ?? 0), 0);
  return ofBackends < failed / 2 ? ', most where no route matches' : '';
}

function drains({ model, now }: View): Problem[] {
  const problems: Problem[] = [];
  for (const job of model.drain.values()) {
    const { server, phase, deadlineAt, killRate } = job;
    const left = leftOf(job);
    if (phase === 'overdue')
      problems.push(
        warning(`drain ${server} overdue ${duration(now - deadlineAt)}, ${left} left`, deadlineAt),
      );
    if (phase === 'killing')
      problems.push(
        warning(`drain ${server} ends ${killRate} in ${chosenTime(1_000)}, ${left} left`, deadlineAt),
      );
  }
  return problems;
}

/** What a drain job or a watched switch changed is no surprise while it lasts: it is shown itself. */
function drift({ model }: View): Problem[] {
  const amount = [...model.drift.values()].filter((entry) => {
    if ('shard' in entry || entry.field === 'labels') return true;
    return 'route' in entry
      ? model.switch.get(entry.route)?.phase !== 'watching'
      : entry.field !== 'admin' || !model.drain.has(entry.server);
  }).length;
  if (amount === 0) return [];
  const differ = `${plural(amount, 'override')} ${amount === 1 ? 'differs' : 'differ'} from the configuration`;
  // The last of its kind, whenever it came: somebody wanted it so.
  return [warning(differ, 0)];
}
