import { expect, it } from 'vitest';
import { engineFolder } from '../../src/cli/engine-folder.ts';
import type { Address } from '../../src/domain/plan.ts';
import { plan } from '../runtime/fixture.ts';

const tcp = (port: number, host = '127.0.0.1'): Address => ({ kind: 'ip', host, port });
const unix = (path: string): Address => ({ kind: 'unix', path });
const of = (addresses: readonly Address[], file = '/etc/sluice/a.yaml', name = 'edge-1') =>
  engineFolder(
    plan({ settings: { name, control: addresses.map((address) => ({ address, origins: [] })) } }),
    file,
    '/run/sluice',
  );

it('lies beside the control socket, else in the run-time folder', () => {
  expect(of([tcp(7443), unix('/srv/edge/control.sock')])).toMatch(/^\/srv\/edge\/engine-[0-9a-f]{8}$/);
  expect(of([tcp(7443)])).toMatch(/^\/run\/sluice\/engine-[0-9a-f]{8}$/);
});

it.each([
  ['control socket', [unix('/run/sluice/control.sock')]],
  ['fixed address', [tcp(7443)]],
  ['fixed address beside one that is not', [tcp(0), tcp(7443)]],
])('is found again by its %s, wherever the configuration lies', (_, addresses) => {
  expect(of(addresses, '/tmp/moved.yaml', 'renamed')).toBe(of(addresses));
});

it('is one for each configuration, where no address is fixed', () => {
  expect(of([tcp(0)], '/etc/sluice/b.yaml')).not.toBe(of([tcp(0)]));
  expect(of([tcp(0), tcp(0, '::1')])).toBe(of([tcp(0)]));
});

it.each([
  [tcp(7443), tcp(7444)],
  [tcp(7443), tcp(7443, '::1')],
  [unix('/run/sluice/a.sock'), unix('/run/sluice/b.sock')],
  [tcp(7443), tcp(0)],
])('is another one for %j than for %j', (one, other) => {
  expect(of([one])).not.toBe(of([other]));
});
