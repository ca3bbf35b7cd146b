import { expect, it } from 'vitest';
import { createIdentifier, failureDelayMs } from '../../../src/runtime/control/identify.ts';
import { testClock } from '../fixture.ts';

const hello = { versions: [1], client: { name: 'test' } };

it('ID4: each failure of a peer is answered later than the one before, and others are not kept waiting', async () => {
  const clock = testClock();
  const identify = createIdentifier(
    {
      address: { kind: 'ip', host: '127.0.0.1', port: 0 },
      tls: { cert: '', key: '', clientCa: 'ca' },
      origins: [],
    },
    clock,
  );
  const waits: number[] = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    let answered = false;
    void identify({ from: '10.0.0.1', unix: false }, hello).then(() => {
      answered = true;
    });
    let waited = 0;
    for (; !answered; waited += 100) {
      clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    waits.push(waited);
  }
  expect(waits).toEqual([400, 800, 1_600, 3_200]);
  expect(failureDelayMs(50)).toBe(10_000);
  let other = 0;
  void identify({ from: '10.0.0.2', unix: false }, hello).then(() => {
    other = 1;
  });
  clock.advance(400);
  await new Promise((resolve) => setImmediate(resolve));
  expect(other).toBe(1);
});

it('ID1: believes a name on a unix socket, made safe', async () => {
  const identify = createIdentifier({ address: { kind: 'unix', path: '/x' }, origins: [] }, testClock());
  expect(await identify({ from: 'local', unix: true }, { ...hello, user: 'anna\u001b[2J' })).toMatchObject({
    identity: { actor: { name: 'anna\\x1b[2J', from: 'local' }, role: 'operator' },
  });
});

it.each([
  [true, '10.0.0.9', 'local, ssh from 10.0.0.9'],
  [true, '::ffff:10.0.0.9', 'local, ssh from 10.0.0.9'],
  [true, 'fe80::1%eth0', 'local, ssh from fe80::1'],
  [true, 'evil\u001b[2J', 'local'],
  [false, '10.0.0.9', 'local'],
])('ID1: says from where an ssh session comes, on a unix socket (%s): %j', async (unix, ssh, from) => {
  const identify = createIdentifier({ address: { kind: 'unix', path: '/x' }, origins: [] }, testClock());
  expect(await identify({ from: 'local', unix }, { ...hello, ssh })).toMatchObject({
    identity: { actor: { from } },
  });
});
