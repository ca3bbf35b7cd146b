// From `b` to a block that stands: the question, the runtime's preview, the guard's refusal, and `y` from everywhere.

import { describe, expect, it } from 'vitest';
import type { AttachState } from '../../src/client/runtime-client.ts';
import { answerTo } from './connection-rows.ts';
import { kernelWorld, serviceWorld, unconfirmed, withoutNft } from './kernel-worlds.ts';
import { consoleIn, small } from './picture.ts';
import { settled } from './scripted-client.ts';
import { noon } from './worlds.ts';

const preview = {
  title: 'Block 192.0.2.99',
  lines: [
    { tone: 'now' as const, text: '3 connections of 192.0.2.99, 12 requests in the last minute' },
    { tone: 'then' as const, text: 'all its packets are dropped for 1 h' },
    { tone: 'warning' as const, text: 'connections it has stand still, and time out' },
  ],
};

async function asking(address = '192.0.2.99', model = kernelWorld()) {
  const seat = await consoleIn(model, small);
  seat.press('6', 'b');
  seat.type(address);
  seat.clock.advance(300);
  await settled();
  return seat;
}

const last = <T>(list: readonly T[]): T => list.at(-1)!;

describe('blocking an address', () => {
  it('asks the runtime what it would do once the address stands, and sends it once', async () => {
    const seat = await asking();
    expect(seat.client.previews).toHaveLength(1);
    await last(seat.client.previews).answer(preview);
    await expect(`${seat.show()}\n`).toMatchFileSnapshot('pictures/block-dialog-80x24.txt');
    seat.press('enter', 'right', 'enter');
    seat.type('scans for y');
    seat.clock.advance(300);
    await settled();
    await last(seat.client.previews).answer(preview);
    seat.press('enter', 'enter');
    expect(seat.client.commands).toHaveLength(0);
    seat.press('right', 'enter');
    expect(seat.client.commands.map(({ value }) => value)).toEqual([
      {
        kind: 'block',
        address: '192.0.2.99',
        forMs: 24 * 3_600_000,
        why: 'scans for y',
        confirmMs: 30_000,
      },
    ]);
    seat.console.dispose();
  });

  it('does nothing by default', async () => {
    const seat = await asking();
    await last(seat.client.previews).answer(preview);
    seat.press('down', 'down', 'down', 'down', 'enter');
    expect(seat.client.commands).toHaveLength(0);
    expect(seat.show()).not.toContain('Block 192.0.2.99');
    seat.console.dispose();
  });

  it.each([
    ['300.1.x', '"300.1.x" is not an address or a network'],
    ['', 'an address is missing'],
  ])('sends no %j', async (address, words) => {
    const seat = await asking(address);
    expect(seat.client.previews).toHaveLength(0);
    seat.press('up', 'enter');
    expect(seat.client.commands).toHaveLength(0);
    expect(seat.show()).toContain(words);
    seat.console.dispose();
  });

  it('waits for the preview of what is typed now', async () => {
    const seat = await asking();
    await last(seat.client.previews).answer(preview);
    seat.type('9');
    seat.press('up', 'enter');
    expect(seat.client.commands).toHaveLength(0);
    expect(seat.show()).toContain('the preview is still on its way');
    seat.console.dispose();
  });

  it('tells whom it would lock out, and takes the address once more to do it all the same', async () => {
    const seat = await asking();
    await last(seat.client.previews).answer(preview);
    seat.press('up', 'y');
    await last(seat.client.commands).answer({
      result: 'refused',
      code: 'lock-out',
      text: 'your own ssh comes from 192.0.2.99',
    });
    expect(seat.show()).toContain('▼ refused: your own ssh comes from 192.0.2.99');
    expect(seat.show()).toContain('type 192.0.2.99 to block it all the same');
    seat.press('y');
    expect(seat.client.commands).toHaveLength(1);
    expect(seat.show()).toContain('type 192.0.2.99 once more');
    seat.type('192.0.2.99');
    await expect(`${seat.show()}\n`).toMatchFileSnapshot('pictures/block-lock-out-80x24.txt');
    seat.press('down', 'right', 'enter');
    expect(last(seat.client.commands).value).toMatchObject({ address: '192.0.2.99', force: '192.0.2.99' });
    seat.console.dispose();
  });

  it('asks for the name again where the address is another', async () => {
    const seat = await asking();
    await last(seat.client.previews).answer(preview);
    seat.press('up', 'y');
    await last(seat.client.commands).answer({ result: 'refused', code: 'lock-out', text: 'yours' });
    seat.press('down', 'down');
    seat.type('1');
    expect(seat.show()).not.toContain('refused: yours');
    seat.console.dispose();
  });

  it('takes the address of a connection', async () => {
    const seat = await consoleIn(kernelWorld(), small);
    seat.press('2');
    seat.client.sendTable(answerTo(last(seat.client.queries)));
    seat.press('j', 'b');
    expect(seat.show()).toContain('Block 10.2.0.1');
    expect(last(seat.client.previews).value).toMatchObject({ kind: 'block', address: '10.2.0.1' });
    seat.press('escape', 'j', 'b');
    expect(seat.show()).toContain('Block 2001:db8::2');
    seat.console.dispose();
  });

  it('is for operators, and for kernels that can be changed', async () => {
    const seat = await consoleIn(kernelWorld(), small);
    const viewer: AttachState = { state: 'live', since: noon, role: 'viewer', actor: 'eve' };
    seat.client.attachTo(viewer);
    seat.press('6', 'b');
    expect(seat.show()).toContain('eve has the role viewer here; this takes an operator');
    seat.console.dispose();
    const model = kernelWorld();
    model.kernel.set('kernel', withoutNft);
    const other = await consoleIn(model, small);
    other.press('6', 'b');
    expect(other.show()).toContain('the program nft is not there');
    other.console.dispose();
  });

  it('keeps pasted text an address, never keys', async () => {
    const seat = await consoleIn(kernelWorld(), small);
    seat.press('6', 'b');
    seat.console.paste(' 198.51.100.7\u001b\n');
    seat.clock.advance(300);
    expect(last(seat.client.previews).value).toMatchObject({ address: '198.51.100.7' });
    seat.console.dispose();
  });
});

describe('a block that nobody confirmed', () => {
  it('is told of on every screen, with the seconds left, and y keeps it', async () => {
    const model = kernelWorld();
    unconfirmed(model);
    const seat = await consoleIn(model, small);
    for (const key of ['1', '2', '3', '4', '5', '6', '7', '8']) {
      seat.press(key);
      expect(seat.show().split('\n')[2]).toContain('27 s left to keep the block of 192.0.2.66: y keeps it');
      expect(seat.show().split('\n').at(-1)).toContain('y keep');
    }
    seat.press('y');
    expect(seat.client.commands.map(({ value }) => value)).toEqual([
      { kind: 'confirm-block', address: '192.0.2.66' },
    ]);
    seat.console.dispose();
  });

  it('is the one under the cursor where several wait', async () => {
    const model = kernelWorld();
    unconfirmed(model);
    unconfirmed(model, '192.0.2.67');
    const seat = await consoleIn(model, small);
    expect(seat.show()).toContain('(and 1 more)');
    seat.press('6', 'v', 'j', 'y');
    expect(last(seat.client.commands).value).toEqual({ kind: 'confirm-block', address: '192.0.2.67' });
    seat.console.dispose();
  });

  it('is not there: y says so', async () => {
    const seat = await consoleIn(kernelWorld(), small);
    seat.press('y');
    expect(seat.show()).toContain('there is no block that waits to be confirmed');
    expect(seat.client.commands).toHaveLength(0);
    seat.console.dispose();
  });
});

describe('unblocking', () => {
  it('takes the one under the cursor, and shows what it would do', async () => {
    const seat = await consoleIn(kernelWorld(), small);
    seat.press('6', 'v', 'j', 'B');
    expect(seat.show()).toContain('Unblock 198.51.100.0/24');
    await last(seat.client.previews).answer({
      title: '',
      lines: [{ tone: 'then', text: 'it is let in again' }],
    });
    seat.press('y');
    expect(last(seat.client.commands).value).toEqual({ kind: 'unblock', address: '198.51.100.0/24' });
    seat.console.dispose();
  });

  it('takes one that is typed', async () => {
    const seat = await consoleIn(kernelWorld(), small);
    seat.press('6', 'B');
    seat.type('203.0.113.9');
    seat.clock.advance(300);
    expect(last(seat.client.previews).value).toEqual({ kind: 'unblock', address: '203.0.113.9' });
    seat.console.dispose();
  });
});

describe('an endpoint of a service', () => {
  async function onEndpoint(back: number) {
    const seat = await consoleIn(serviceWorld(), small);
    seat.press('3', 'G', ...new Array<string>(back).fill('k'));
    seat.feed();
    return seat;
  }

  it('stands under its server, with its share', async () => {
    const seat = await onEndpoint(3);
    expect(seat.client.topics.has('kernel')).toBe(true);
    await expect(`${seat.show()}\n`).toMatchFileSnapshot('pictures/backends-endpoints-80x24.txt');
    seat.console.dispose();
  });

  it('is drained by d, with a preview, and Cancel by default', async () => {
    const seat = await onEndpoint(3);
    seat.press('d');
    expect(seat.show()).toContain('Drain 10.1.0.5:8080 of shop/pods');
    const command = { kind: 'endpoint', server: 'shop/pods', endpoint: '10.1.0.5:8080', admin: 'drain' };
    expect(last(seat.client.previews).value).toEqual(command);
    await last(seat.client.previews).answer({ title: '', lines: [{ tone: 'now', text: '82 connections' }] });
    seat.press('y');
    expect(last(seat.client.commands).value).toEqual(command);
    seat.console.dispose();
  });

  it('is readied by r; what it is already, it is not made again', async () => {
    const seat = await onEndpoint(1);
    seat.press('d');
    expect(seat.show()).toContain('10.1.0.7:8080 is draining already');
    seat.press('m');
    expect(seat.show()).toContain('10.1.0.7:8080 is an endpoint of shop/pods: d drains it, r readies it');
    seat.press('r');
    expect(last(seat.client.commands).value).toMatchObject({ endpoint: '10.1.0.7:8080', admin: 'ready' });
    seat.console.dispose();
  });

  it('shows its drift in the detail of its server', async () => {
    const seat = await onEndpoint(1);
    seat.press('enter');
    expect(seat.show()).toContain('≠ 10.1.0.7:8080 drain, configured ready');
    expect(seat.show()).toContain('3 endpoints, 2 ready, picked at random by nftables');
    seat.console.dispose();
  });
});
