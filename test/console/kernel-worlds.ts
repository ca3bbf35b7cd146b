// What the kernel does, as tests show it: a ruleset answered window by window as a runtime would, blocks, services, counters.

import type {
  BlockEntity,
  KernelEntity,
  KernelSample,
  RulesetQuery,
  RulesetRow,
  RulesetWindow,
} from '../../src/domain/kernel.ts';
import type { MutableModel } from '../../src/domain/model.ts';
import { addBackend, changeServer, noon, wellWorld } from './worlds.ts';

export const usableKernel: KernelEntity = {
  read: true,
  change: true,
  conntrack: true,
  accounting: true,
  table: { state: 'in-force' },
};

export const withoutNft: KernelEntity = {
  read: { no: 'the program nft is not there', remedy: 'install the package nftables' },
  change: { no: 'the program nft is not there', remedy: 'install the package nftables' },
  conntrack: { no: 'the program conntrack is not there', remedy: 'install the package conntrack' },
  accounting: {
    no: 'net.netfilter.nf_conntrack_acct is 0',
    remedy: 'sysctl -w net.netfilter.nf_conntrack_acct=1',
  },
  table: { state: 'none' },
};

const minute = 60_000;

export function block(address: string, more: Partial<BlockEntity> = {}): BlockEntity {
  return {
    address,
    why: 'scans for logins',
    by: 'anna',
    at: noon - 5 * minute,
    until: noon + 12 * minute,
    ...more,
  };
}

export function kernelWorld(): MutableModel {
  const model = wellWorld();
  model.kernel.set('kernel', usableKernel);
  for (const entry of [
    block('192.0.2.7'),
    block('198.51.100.0/24', { why: '', by: 'bob', until: noon + 26 * 60 * minute, at: noon - 50 * minute }),
    block('2001:db8:dead:beef::/64', { why: 'abuse report 4711', at: noon - 90 * minute }),
  ])
    model.block.set(entry.address, entry);
  const { until: _, ...forGood } = block('203.0.113.9', {
    why: 'until the ticket is closed',
    at: noon - 99 * minute,
  });
  model.block.set('203.0.113.9', forGood);
  return model;
}

export function unconfirmed(model: MutableModel, address = '192.0.2.66'): void {
  model.block.set(address, block(address, { at: noon - 3_000, confirmBy: noon + 27_000 }));
}

/** A backend whose one server is a service with three endpoints, one of them drained. */
export function serviceWorld(): MutableModel {
  const model = kernelWorld();
  addBackend(model, 'shop', ['pods', 'old']);
  changeServer(model, 'shop/pods', {
    address: '10.96.0.10:80',
    service: {
      pick: 'random',
      inForce: true,
      endpoints: ['10.1.0.5:8080', '10.1.0.6:8080', '10.1.0.7:8080'].map((address, index) => ({
        address,
        weight: index === 0 ? 2 : 1,
        admin: index === 2 ? 'drain' : 'ready',
        configuredAdmin: 'ready',
        ...(index === 2 ? { adminBy: 'anna' } : {}),
      })),
    },
  });
  model.drift.set('shop/pods 10.1.0.7:8080', {
    key: 'shop/pods 10.1.0.7:8080',
    server: 'shop/pods',
    endpoint: '10.1.0.7:8080',
    field: 'endpoint',
    configured: 'ready',
    running: 'drain',
    by: 'anna',
    at: noon - minute,
  });
  return model;
}

export function kernelSample(model: MutableModel): KernelSample {
  return {
    endpoints: [...model.server.values()].flatMap(({ key, service }) =>
      (service?.endpoints ?? []).map(({ address, admin, weight }) => ({
        server: key,
        endpoint: address,
        connections: admin === 'drain' ? 3 : 41 * weight,
        newConnections: admin === 'drain' ? 0 : 6.2 * weight,
        totalConnections: 12_044,
      })),
    ),
    blocks: [...model.block.keys()].map((address, index) => ({
      address,
      packets: [12_044, 0, 88, null, 3][index % 5]!,
      bytes: [722_640, 0, 5_280, null, 180][index % 5]!,
      packetRate: [31, 0, 0.4, null, 0][index % 5]!,
    })),
    compared: [
      compared('bind', ':80', 120_211, 12_700_000_000, 92_700_000_000, 3),
      compared('shard', 'default', 120_211, 12_700_000_000, 92_700_000_000, 3),
      compared('instance', 'default/1', 60_101, 6_300_000_000, 46_000_000_000, 0),
      {
        kind: 'server',
        name: 'db/pg1',
        proxy: { connections: 41, bytesIn: 1_000, bytesOut: 9_000 },
        kernel: null,
        why: 'it is reached by a unix socket, where the kernel counts nothing',
      },
      compared('server', 'web/app1', 4_000, 1_200_000, 80_000_000, -12),
    ],
    comparedSince: noon - 62 * minute,
  };
}

function compared(
  kind: 'bind' | 'shard' | 'instance' | 'server',
  name: string,
  connections: number,
  bytesIn: number,
  bytesOut: number,
  more: number,
): KernelSample['compared'][number] {
  return {
    kind,
    name,
    proxy: { connections, bytesIn, bytesOut },
    kernel: {
      connections: connections + more,
      bytesIn: Math.round(bytesIn * 1.08),
      bytesOut: Math.round(bytesOut * 1.04),
      packetsIn: Math.round(bytesIn / 700),
      packetsOut: Math.round(bytesOut / 1_200),
    },
  };
}

type Sketch = Partial<RulesetRow> & Pick<RulesetRow, 'key' | 'kind' | 'depth' | 'text'>;

function row(sketch: Sketch): RulesetRow {
  const counted = sketch.packets !== undefined;
  return {
    ours: sketch.key.startsWith('inet sluice'),
    counts: counted ? 'packets' : 'none',
    explanation: [],
    understood: true,
    children: 0,
    ...(counted ? { bytes: sketch.packets! * 60, packetRate: 0, byteRate: 0 } : {}),
    ...sketch,
  };
}

export function smallRuleset(): RulesetRow[] {
  return [
    row({ key: 'inet sluice', kind: 'table', depth: 0, text: 'inet sluice', children: 8 }),
    row({
      key: 'inet sluice block',
      kind: 'chain',
      depth: 1,
      text: 'block',
      about: 'filter, hook prerouting, priority -310, policy accept',
      children: 1,
      explanation: ['Sees every packet that comes in, before all else; what no rule drops goes on.'],
    }),
    row({
      key: 'inet sluice block 12',
      kind: 'rule',
      depth: 2,
      text: 'ip saddr @blocked4 drop',
      packets: 12_044,
      bytes: 722_640,
      packetRate: 31,
      byteRate: 1_860,
      explanation: [
        'Drops every packet whose source is in the set "blocked4" (3 addresses, the next leaves in 12 min), before any other rule of this machine sees it.',
      ],
    }),
    row({
      key: 'inet sluice count',
      kind: 'chain',
      depth: 1,
      text: 'count',
      about: 'filter, hook input, priority -10, policy accept',
      children: 2,
    }),
    row({
      key: 'inet sluice count 20',
      kind: 'rule',
      depth: 2,
      text: 'tcp dport 443 counter name "bind_https"',
      packets: 8_120_331,
      bytes: 9_771_000_000,
      packetRate: 4_012,
      byteRate: 4_800_000,
      explanation: ['Counts every packet to TCP port 443, and lets it go on.'],
    }),
    row({
      key: 'inet sluice count 21',
      kind: 'rule',
      depth: 2,
      text: 'meta l4proto tcp ct state established accept',
      explanation: ['Accepts every TCP packet of a connection that is there already.'],
    }),
    row({
      key: 'inet sluice services',
      kind: 'chain',
      depth: 1,
      text: 'services',
      about: 'nat, hook output, priority -100, policy accept',
      counts: 'connections',
      children: 1,
    }),
    row({
      key: 'inet sluice services 31',
      kind: 'rule',
      depth: 2,
      text: 'ip daddr 10.96.0.10 tcp dport 80 dnat ip to numgen random mod 3 map { 0 : 10.1.0.5 . 8080, 1 : 10.1.0.6 . 8080 }',
      counts: 'connections',
      packets: 40_211,
      bytes: 2_412_660,
      packetRate: 12,
      explanation: [
        'Sends each new connection of this machine to 10.96.0.10 port 80 on to one of 2 endpoints, chosen at random.',
      ],
    }),
    row({
      key: 'inet sluice set blocked4',
      kind: 'set',
      depth: 1,
      text: 'set blocked4',
      about: 'ipv4_addr, 3 elements, next leaves in 12 min',
    }),
    row({
      key: 'inet sluice counter bind_https',
      kind: 'counter',
      depth: 1,
      text: 'counter bind_https',
      packets: 8_120_331,
      bytes: 9_771_000_000,
      packetRate: 4_012,
      about: 'bind :443',
    }),
    row({ key: 'ip nat', kind: 'table', depth: 0, text: 'ip nat', children: 2 }),
    row({
      key: 'ip nat DOCKER',
      kind: 'chain',
      depth: 1,
      text: 'DOCKER',
      children: 1,
    }),
    row({
      key: 'ip nat DOCKER 4',
      kind: 'rule',
      depth: 2,
      text: 'iifname "docker0" xt match "comment" counter return',
      packets: 0,
      bytes: 0,
      packetRate: null,
      counts: 'connections',
      understood: false,
      explanation: ['Of packets that came in by docker0: xt match "comment"; goes back to the chain before.'],
    }),
  ];
}

/** A table of kube-proxy's with so many rules in one chain. */
export function largeRuleset(rules: number): RulesetRow[] {
  return [
    ...smallRuleset(),
    row({ key: 'ip kube-proxy', kind: 'table', depth: 0, text: 'ip kube-proxy', children: 1 }),
    row({
      key: 'ip kube-proxy services',
      kind: 'chain',
      depth: 1,
      text: 'services',
      about: 'nat, hook prerouting, priority -100, policy accept',
      counts: 'connections',
      children: rules,
    }),
    ...Array.from({ length: rules }, (_, index) =>
      row({
        key: `ip kube-proxy services ${index + 100}`,
        kind: 'rule',
        depth: 2,
        text: `ip daddr 10.96.${index >> 8}.${index & 255} tcp dport 80 goto service-${index}`,
        counts: index % 3 === 0 ? 'connections' : 'none',
        ...(index % 3 === 0 ? { packets: index * 7, bytes: index * 420, packetRate: index % 17 } : {}),
        explanation: [`kube-proxy: Service shop/web-${index}, port http → one of 3 endpoints`],
      }),
    ),
  ];
}

export interface RulesetServer {
  (query: RulesetQuery): RulesetWindow;
  rows: readonly RulesetRow[];
  at: number;
}

/** Answers as a runtime would: folds, filters and orders, and sends the window alone. */
export function rulesetServer(rows: readonly RulesetRow[]): RulesetServer {
  const serve = (query: RulesetQuery): RulesetWindow => {
    const words = query.filter
      .toLowerCase()
      .split(' ')
      .filter((word) => word !== '');
    const folded = new Set(query.folded);
    const matches = (each: RulesetRow) =>
      words.every((word) =>
        `${each.key} ${each.text} ${each.explanation.join(' ')}`.toLowerCase().includes(word),
      );
    const isHidden = ({ key }: RulesetRow) =>
      [...folded].some((branch) => key.startsWith(`${branch} `) && key !== branch);
    const shown = serve.rows.filter((each) => !isHidden(each) && (words.length === 0 || matches(each)));
    const ordered = query.order === 'kernel' ? shown : byTraffic(shown);
    return {
      query,
      at: serve.at,
      rules: serve.rows.filter(({ kind }) => kind === 'rule').length,
      total: ordered.length,
      rows: ordered.slice(query.offset, query.offset + query.limit),
      mostPacketRate: Math.max(0, ...serve.rows.map(({ packetRate }) => packetRate ?? 0)),
    };
  };
  serve.rows = rows;
  serve.at = noon;
  return serve;
}

function byTraffic(rows: readonly RulesetRow[]): RulesetRow[] {
  const ordered: RulesetRow[] = [];
  let run: RulesetRow[] = [];
  const flush = () => {
    ordered.push(...run.sort((a, b) => (b.packetRate ?? 0) - (a.packetRate ?? 0)));
    run = [];
  };
  for (const each of rows) {
    if (each.kind === 'rule') run.push(each);
    else {
      flush();
      ordered.push(each);
    }
  }
  flush();
  return ordered;
}
