// The console: holds the state, hears the runtime, turns key presses into actions and all of it into frames.

import { createStore } from 'zustand/vanilla';
import type { ConnectionTable, RuntimeClient } from '../client/runtime-client.ts';
import type { Clock } from '../domain/clock.ts';
import type { ConnectionDetail } from '../domain/connection.ts';
import { createEmitter } from '../domain/event.ts';
import type { RulesetWindow } from '../domain/kernel.ts';
import { backendOf } from '../domain/plan.ts';
import type { SampleTopic } from '../domain/sample.ts';
import { actions } from './actions.ts';
import { composeFrame } from './compose-frame.ts';
import { queryOf, withTable } from './connection-table.ts';
import type { Console, KeyPress, Size } from './console.ts';
import type { Desk } from './desk.ts';
import { type PreflightSeen, type SwitchDialog, whyNotSwitch } from './dialogs/switch-dialog.ts';
import { localTimeOfDay } from './format.ts';
import { activeScopes, bindingFor, keyName, shownKey } from './keys.ts';
import { isLargeEnough, layoutOf } from './layout.ts';
import { settleCursor } from './list-cursor.ts';
import { rulesetPlace, rulesetQueryOf, withRuleset } from './ruleset-table.ts';
import { backendList, backendRows, backendsWithin } from './screens/backend-rows.ts';
import { connectionRows } from './screens/connections.ts';
import { overviewOrder } from './screens/overview.ts';
import { backendsInLines, shardsList, shardsRows } from './screens/shard-rows.ts';
import { bodyHeight, type KeyContext } from './selection.ts';
import { firstState, type State } from './state.ts';
import { createSubscriptions, type Wanted } from './subscriptions.ts';
import { noTraffic, type Traffic, withHistory, withoutTopic, withSample } from './traffic.ts';
import { typeInto, typePasted } from './typing.ts';
import { silenceMs, type View } from './view.ts';
import { isPlanning, planAgain, planAnew } from './what-if-questions.ts';

export interface ConsoleOptions {
  readonly client: RuntimeClient;
  readonly clock: Clock;
  readonly version: string;
  /** "16:04:11" of a wall-clock time; default: this machine's time zone. */
  readonly timeOfDay?: (at: number) => string;
}

/** Rows of the Overview change places at most this often. */
const settleEveryMs = 1_000;
/** A notice is read before a key may take it away. */
const noticeLeastMs = 700;

export function createConsole({
  client,
  clock,
  version,
  timeOfDay = localTimeOfDay,
}: ConsoleOptions): Console {
  const store = createStore<State>(() => firstState);
  const changed = createEmitter<void>();
  let traffic: Traffic = noTraffic;
  let size: Size = { columns: 80, rows: 24 };
  let frozen: View | undefined;
  /** What came meanwhile, newest only. */
  let heldBack: {
    table?: ConnectionTable;
    ruleset?: RulesetWindow;
    detail?: readonly [id: string, seen: ConnectionDetail | undefined];
  } = {};
  let lastId = 0;
  let disposed = false;
  let leave = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });

  function presentView(): View {
    const { attach, clockOffset, lastHeardAt, model } = client;
    const present = clock.now() + clockOffset;
    const heardAt = lastHeardAt > 0 ? lastHeardAt + clockOffset : present;
    const stale = model.runtime.size > 0 && (attach.state !== 'live' || present - heardAt > silenceMs);
    const { looked } = store.getState().routes;
    return {
      model,
      attach,
      traffic,
      present,
      heardAt,
      stale,
      now: stale ? heardAt : present,
      looked,
      timeOfDay,
    };
  }

  function view(): View {
    const now = presentView();
    if (frozen === undefined) return now;
    const { model, traffic: then, now: at } = frozen;
    return { ...now, model, traffic: then, now: at, frozenAt: at };
  }

  const context = (): KeyContext => ({ view: view(), state: store.getState(), size });

  const desk: Desk = {
    client,
    clock,
    get state() {
      return store.getState();
    },
    context,
    set: (change) => store.setState(change),
    say(kind, text, remedy) {
      store.setState({
        notice: { kind, text, at: clock.now(), ...(remedy === undefined ? {} : { remedy }) },
      });
    },
    nextId() {
      lastId += 1;
      return lastId;
    },
    toggleFreeze() {
      if (frozen === undefined) {
        const now = presentView();
        // Held apart: the client goes on changing its own maps.
        const model = Object.fromEntries(
          Object.entries(now.model).map(([type, entities]) => [
            type,
            new Map(entities as ReadonlyMap<string, unknown>),
          ]),
        ) as unknown as View['model'];
        frozen = { ...now, model };
      } else {
        const { table, ruleset, detail } = heldBack;
        frozen = undefined;
        heldBack = {};
        if (table) receiveTable(table);
        if (ruleset) receiveRuleset(ruleset);
        if (detail) receiveDetail(...detail);
      }
      changed.emit();
    },
    leave: () => leave(),
  };

  function receiveTable(table: ConnectionTable): void {
    const { connections, overlay } = store.getState();
    if (frozen !== undefined && connections.table !== undefined) {
      heldBack.table = table;
      return;
    }
    const rows = connectionRows(bodyHeight(size));
    const held = overlay?.kind === 'dialog';
    store.setState({ connections: withTable(connections, table, rows, clock.now(), held) });
  }

  function receiveRuleset(window: RulesetWindow): void {
    const { nftables, overlay } = store.getState();
    if (frozen !== undefined && nftables.window !== undefined) {
      heldBack.ruleset = window;
      return;
    }
    const place = rulesetPlace(layoutOf(size).body, nftables.explains);
    const held = overlay !== undefined && overlay.kind !== 'filter';
    store.setState({ nftables: withRuleset(nftables, window, place, clock.now(), held) });
  }

  function receiveDetail(id: string, detail: ConnectionDetail | undefined): void {
    const { connections } = store.getState();
    const { open } = connections;
    if (open?.id !== id) return;
    if (frozen !== undefined && open.detail !== undefined) {
      heldBack.detail = [id, detail];
      return;
    }
    store.setState({
      connections: {
        ...connections,
        open: detail === undefined ? { ...open, gone: true } : { ...open, detail, gone: false },
      },
    });
  }

  const subscriptions = createSubscriptions(client, clock, {
    sample(sample) {
      traffic = withSample(traffic, sample);
      changed.emit();
    },
    topicLeft(topic) {
      traffic = withoutTopic(traffic, topic);
    },
    history(points) {
      traffic = withHistory(traffic, points);
      changed.emit();
    },
    table: receiveTable,
    ruleset: receiveRuleset,
    connection: receiveDetail,
    preflight: (id, preflight) => receivePreflight(id, (since) => ({ state: 'seen', since, preflight })),
    preflightFailed: (id, reason) => receivePreflight(id, () => ({ state: 'failed', reason })),
  });

  /** Never held back by a frozen picture: somebody waits for it to decide. */
  function receivePreflight(id: number, next: (since: number) => PreflightSeen): void {
    const { overlay } = store.getState();
    if (overlay?.kind !== 'switch' || overlay.dialog.id !== id) return;
    const { preflight } = overlay.dialog;
    const since = preflight.state === 'failed' ? clock.now() : preflight.since;
    const dialog = { ...overlay.dialog, preflight: next(since) };
    // Why it could not be sent a moment ago is not left standing once that is over.
    const why = whyNotSwitch(overlay.dialog);
    const isOver = why !== undefined && dialog.hint === why && whyNotSwitch(dialog) !== why;
    store.setState({ overlay: { ...overlay, dialog: isOver ? { ...dialog, hint: undefined } : dialog } });
  }

  /** What was found before an attachment broke may be of a runtime that is no more. */
  function checkAgain(): void {
    const { overlay } = store.getState();
    if (overlay?.kind !== 'switch' || overlay.dialog.stage !== 'check') return;
    const preflight = { state: 'asking', since: clock.now() } as const;
    store.setState({
      overlay: { ...overlay, dialog: { ...overlay.dialog, id: desk.nextId(), preflight, hint: undefined } },
    });
  }

  /** Not under something that is open. */
  function settleOverview(): void {
    const { overview, overlay, screen } = store.getState();
    if (screen !== 'overview' || overlay !== undefined || frozen !== undefined) return;
    if (clock.now() - overview.orderedAt < settleEveryMs) return;
    const order = overviewOrder(presentView());
    if (
      order.length === overview.order.length &&
      order.every((name, index) => name === overview.order[index])
    )
      return;
    store.setState({ overview: { ...overview, order, orderedAt: clock.now() } });
  }

  function wanted(): Wanted {
    const { screen, connections, nftables, overlay } = store.getState();
    const showsRules = screen === 'nftables' && nftables.pane === 'rules' && isLargeEnough(size);
    const showsTable = screen === 'connections' && connections.open === undefined && isLargeEnough(size);
    return {
      topics: topicsOf(store.getState(), client.model),
      servers: screen === 'backends' || screen === 'shards' ? serversWanted(context()) : undefined,
      history: screen === 'overview',
      table: showsTable ? queryOf(connections, connectionRows(bodyHeight(size))) : undefined,
      ruleset: showsRules
        ? rulesetQueryOf(nftables, rulesetPlace(layoutOf(size).body, nftables.explains))
        : undefined,
      connection: screen === 'connections' ? connections.open?.id : undefined,
      preflight:
        overlay?.kind === 'switch' && overlay.dialog.stage === 'check' ? wantedBy(overlay.dialog) : undefined,
    };
  }

  const forget = [
    client.changes((changes) => {
      settleOverview();
      if (changes.length === 0 || changes.some(({ type }) => type === 'instance'))
        subscriptions.want(wanted());
      planAgain(desk);
      changed.emit();
    }),
    client.attachChanges(({ state }) => {
      if (state === 'live') {
        subscriptions.attachedAgain();
        checkAgain();
        planAnew(desk);
      }
      changed.emit();
    }),
    store.subscribe(() => {
      if (!disposed) subscriptions.want(wanted());
      changed.emit();
    }),
  ];

  // Durations run, spinners turn: a slow beat while nothing else happens.
  let stopBeat = () => {};
  function beat(): void {
    const { waiting, overlay } = store.getState();
    const busy =
      waiting.length > 0 ||
      (overlay?.kind === 'dialog' && overlay.dialog.preview.state === 'asking') ||
      (overlay?.kind === 'switch' && isProbing(overlay.dialog)) ||
      (overlay?.kind === 'what-if' && isPlanning(overlay.dialog)) ||
      (overlay?.kind === 'trace' && overlay.dialog.seen.state === 'asking') ||
      (overlay?.kind === 'block' && overlay.dialog.preview.state === 'asking');
    stopBeat = clock.after(busy ? 250 : 1_000, () => {
      settleOverview();
      subscriptions.want(wanted());
      changed.emit();
      beat();
    });
  }

  subscriptions.want(wanted());
  settleOverview();
  beat();

  function press(key: KeyPress): void {
    if (key.alt && isOneByte(key)) {
      // Esc and the key after it, come as one over a slow line: no binding has Alt.
      press({ key: 'escape' });
      press({ ...key, alt: false });
      return;
    }
    const state = store.getState();
    if (state.notice !== undefined && clock.now() - state.notice.at >= noticeLeastMs)
      store.setState({ notice: undefined });
    const name = keyName(key);
    const scopes = activeScopes({ state });
    if (typeInto(desk, key)) return;
    const binding = bindingFor(name, scopes);
    if (binding === undefined) return;
    const why = binding.whyNot?.(context());
    if (why !== undefined) desk.say('note', `${shownKey(binding.keys[0]!)} ${binding.title}: ${why}`);
    else actions[binding.command](desk);
  }

  return {
    subscribe: (listener) => changed.event(() => listener()),
    frame(next) {
      if (next.columns !== size.columns || next.rows !== size.rows) {
        size = { columns: Math.max(1, Math.floor(next.columns)), rows: Math.max(1, Math.floor(next.rows)) };
        subscriptions.want(wanted());
      }
      return composeFrame(context(), version, clock.now());
    },
    press,
    paste: (text) => typePasted(desk, text),
    left,
    dispose() {
      disposed = true;
      stopBeat();
      for (const stop of forget) stop();
      subscriptions.close();
      leave();
    },
  };
}

/** Keys that a terminal sends as one byte; what is sent as a sequence tells Esc apart by itself. */
function isOneByte({ key }: KeyPress): boolean {
  return [...key].length === 1 || key === 'enter' || key === 'tab';
}

/** The totals always: they are few bytes, and a header that says "live" must hear the runtime every second. */
function topicsOf(
  { screen, nftables, overlay }: State,
  model: RuntimeClient['model'],
): readonly SampleTopic[] {
  const instances = model.instance.size;
  const asks = overlay?.kind === 'what-if';
  // So that every screen tells of an imbalance; where there is none to tell of, or very many, only those that show them.
  const spread: readonly SampleTopic[] = instances > 1 && instances <= instancesAlways ? ['instances'] : [];
  switch (screen) {
    case 'overview':
      return ['totals', 'backends', 'binds', ...(instances > 1 ? (['instances'] as const) : [])];
    case 'backends':
      return [
        'totals',
        'backends',
        'servers',
        ...spread,
        ...(hasServices(model) ? (['kernel'] as const) : []),
      ];
    case 'nftables':
      return ['totals', ...spread, ...(nftables.pane === 'rules' ? [] : (['kernel'] as const))];
    case 'routes':
      return ['totals', 'routes', ...spread];
    case 'shards':
      // What comes to a route that would move is said beside it.
      return ['totals', 'instances', 'backends', 'servers', ...(asks ? (['routes'] as const) : [])];
    case 'connections':
    case 'certificates':
    case 'journal':
      return ['totals', ...spread];
  }
}

/** Asked with each change: one look at each server is less than a sample of what nobody has. */
function hasServices({ server }: RuntimeClient['model']): boolean {
  for (const { service } of server.values()) if (service !== undefined) return true;
  return false;
}

/** So many instances are sampled whatever is shown: a few hundred bytes a second. */
const instancesAlways = 16;

function wantedBy({ id, route, choice }: SwitchDialog): NonNullable<Wanted['preflight']> {
  return { id, route, termination: choice };
}

function isProbing({ stage, preflight }: SwitchDialog): boolean {
  return (
    stage === 'check' &&
    (preflight.state === 'asking' ||
      (preflight.state === 'seen' && preflight.preflight.verdict === 'running'))
  );
}

/** So many servers are sampled whether they are in sight or not. */
const serversAlways = 200;

/** With thousands of servers only those in sight are sampled, and those a screenful away. */
function serversWanted({ view, state, size }: KeyContext): Wanted['servers'] {
  if (view.model.server.size <= serversAlways) return undefined;
  if (state.screen === 'shards') {
    const rows = shardsRows(view);
    const list = shardsList(rows, bodyHeight(size));
    const { top } = settleCursor(state.shards.cursor, list);
    return {
      shown: backendsInLines(rows, top, top + list.rows),
      around: backendsInLines(rows, top - list.rows, top + 2 * list.rows),
    };
  }
  const { open, cursor } = state.backends;
  const rows = backendRows(view, state.backends);
  const height = bodyHeight(size);
  const { key, top } = settleCursor(cursor, backendList(rows, height - 1));
  // Beside a wide table stands the detail of what the cursor is on; it is in sight.
  const opened = open === undefined ? [] : [backendOf(open.server)];
  return {
    shown: [...opened, ...(key === undefined ? [] : backendsWithin(rows, top, top + height))],
    around: [...opened, ...backendsWithin(rows, top - height, top + 2 * height)],
  };
}
