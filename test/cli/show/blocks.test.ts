import { expect, it } from 'vitest';
import { blocks } from '../../../src/cli/show/blocks.ts';
import { renderTable } from '../../../src/cli/table.ts';
import type { BlockEntity, KernelEntity } from '../../../src/domain/kernel.ts';
import { emptyModel } from '../../../src/domain/model.ts';
import type { Sample } from '../../../src/domain/sample.ts';

const now = 1_000_000;
const kernel: KernelEntity = {
  read: true,
  change: true,
  conntrack: true,
  accounting: true,
  table: { state: 'in-force' },
};
const block = (address: string, over: Partial<BlockEntity> = {}): BlockEntity => ({
  ...{ address, why: 'scan', by: 'anna', at: now - 90_000 },
  ...over,
});

function lines(of: readonly BlockEntity[], state: KernelEntity = kernel, sample?: Sample): readonly string[] {
  const model = emptyModel();
  model.kernel.set('kernel', state);
  for (const one of of) model.block.set(one.address, one);
  return renderTable(blocks.columns(now), blocks.rows(model, sample), false)
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, ' | ').trimEnd());
}

it('says who, why, for how long yet and what was dropped; what is to be kept stands out', () => {
  const sample = {
    kernel: {
      endpoints: [],
      blocks: [{ address: '192.0.2.7', packets: 1_234, bytes: 70_000, packetRate: 2 }],
      compared: [],
      comparedSince: null,
    },
  } as unknown as Sample;
  expect(
    lines(
      [
        block('192.0.2.7', { until: now + 600_000 }),
        block('198.51.100.0/24', { until: now + 600_000, confirmBy: now + 27_000 }),
        block('2001:db8::/32', { why: 'evil \u001b[2J' }),
      ],
      kernel,
      sample,
    ),
  ).toEqual([
    'address | left | by | since | packets | bytes | /s | why',
    '192.0.2.7 | 10:00 | anna | 1:30 | 1.2 K | 70.0 K | 2 | scan',
    '198.51.100.0/24 | ▲ 27 s to keep | anna | 1:30 | – | – | – | scan',
    '2001:db8::/32 | no end | anna | 1:30 | – | – | – | evil \\x1b[2J',
  ]);
});

it.each([
  [
    { ...kernel, change: { no: 'there is no program nft', remedy: 'install nftables' } },
    '▼ there is no program nft; install nftables',
  ],
  [{ ...kernel, table: { state: 'failed', text: 'block: no room' } }, '▼ block: no room'],
] as const)('says where nobody is blocked in truth, and why', (state, why) => {
  expect(lines([block('192.0.2.7')], state)[1]).toContain(why);
});
