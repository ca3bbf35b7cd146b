import { describe, expect, it } from 'vitest';
import { ClientWire, type ConnectionEnds } from '../../../src/proxy/http/client-wire.ts';
import { TimerWheel } from '../../../src/proxy/timers.ts';
import { fakeClock } from '../fake-clock.ts';
import { peer, socketPair, until } from '../sockets.ts';

const nobody = {
  clientBytes: () => {},
  clientEnded: () => {},
  clientDrained: () => {},
  clientTimedOut: () => {},
  clientClosed: () => {},
};

const noEnds = (): ConnectionEnds => ({
  clientFinMono: -1,
  ownFinMono: -1,
  resetMono: -1,
  resetBy: undefined,
  cause: undefined,
});

describe('a last answer', () => {
  it('that is not read in time is reset: its end would make what came look like all of it', async () => {
    const clock = fakeClock();
    const [far, near] = await socketPair();
    far.pause();
    const wire = new ClientWire(near, noEnds(), new TimerWheel(clock), nobody, false);
    // More than the kernels take: some of it stays with us.
    while (!wire.full) wire.write(Buffer.alloc(1_000_000));
    wire.linger(1_000);
    clock.advance(5_000);
    const client = peer(far);
    far.resume();
    await until(() => client.closed);
    expect(client).toMatchObject({ ended: false, error: 'ECONNRESET' });
  });

  it('that was sent whole ends regularly, though the client never ends its side', async () => {
    const clock = fakeClock();
    const [far, near] = await socketPair();
    const client = peer(far);
    const wire = new ClientWire(near, noEnds(), new TimerWheel(clock), nobody, false);
    wire.write('bye');
    wire.linger(1_000);
    await until(() => client.ended);
    clock.advance(5_000);
    await until(() => near.destroyed);
    expect(String(client.received())).toBe('bye');
    expect(client.error).toBeUndefined();
  });
});

describe('a lent buffer over TLS', () => {
  it('behind another write is copied, and the client is waited for', async () => {
    const [far, near] = await socketPair();
    const client = peer(far);
    let drained = 0;
    const clientDrained = () => {
      drained += 1;
    };
    const user = { ...nobody, clientDrained };
    const wire = new ClientWire(near, noEnds(), new TimerWheel(fakeClock()), user, true);
    const lent = Buffer.from('second, ');
    near.cork();
    wire.write('first, ');
    expect(wire.write(lent, true)).toBe(false);
    expect(wire.full).toBe(true);
    lent.fill('X');
    const again = Buffer.from('third');
    expect(wire.write(again, true)).toBe(false);
    again.fill('X');
    near.uncork();
    await until(() => drained > 0);
    expect([drained, wire.full]).toEqual([1, false]);
    await until(() => String(client.received()) === 'first, second, third');
    near.destroy();
  });
});
