import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { NativeHandle } from '../../../src/engine/embedded/channel-messages.ts';
import { type Arrival, createInstanceLane } from '../../../src/engine/embedded/instance-lane.ts';

/** As Node sends: what carries a handle waits while there is a queue. */
class FakeChild extends EventEmitter {
  _handleQueue: unknown[] | null = null;
  readonly sent: unknown[] = [];
  broken = false;
  send(message: unknown, handle: unknown, _options: unknown, told: (error: Error | null) => void): boolean {
    if (this.broken) {
      told(new Error('too many references'));
      return false;
    }
    if (this._handleQueue) this._handleQueue.push(message);
    else {
      this.sent.push(message);
      if (handle) this._handleQueue = [];
    }
    return true;
  }
  answers(cmd: 'NODE_HANDLE_ACK' | 'NODE_HANDLE_NACK'): void {
    this.emit('internalMessage', { cmd });
  }
}

function world() {
  const child = new FakeChild();
  const closed: number[] = [];
  const events: string[] = [];
  const lane = createInstanceLane('default/2', 'default', child as unknown as ChildProcess, {
    room: () => void events.push('room'),
    lost: ({ at }) => void events.push(`lost ${at}`),
  });
  const arrival = (at: number): Arrival => ({
    entry: 7,
    client: undefined,
    at,
    handle: { close: () => void closed.push(at), listen: () => 0 },
  });
  return { child, closed, events, lane, arrival };
}

describe('the lane to an instance', () => {
  it('knows its number', () => {
    expect(world().lane.number).toBe(2);
  });

  it('has many sockets under way at once, and closes each when it is confirmed', () => {
    const { child, closed, lane, arrival } = world();
    for (const at of [1, 2, 3]) lane.hand(arrival(at));
    expect(child.sent).toEqual([7, 7, 7]);
    child.answers('NODE_HANDLE_ACK');
    child.answers('NODE_HANDLE_ACK');
    expect(closed).toEqual([1, 2]);
    expect(lane.end().map(({ at }) => at)).toEqual([3]);
    expect(lane.hasRoom).toBe(false);
  });

  it('is full at a bounded number, and says when there is room', () => {
    const { child, events, lane, arrival } = world();
    for (let at = 0; at < 200; at += 1) lane.hand(arrival(at));
    expect([lane.hasRoom, events]).toEqual([false, []]);
    child.answers('NODE_HANDLE_ACK');
    expect([lane.hasRoom, events]).toEqual([true, ['room']]);
  });

  it('gives back what did not arrive', () => {
    const { child, closed, events, lane, arrival } = world();
    lane.hand(arrival(1));
    child.answers('NODE_HANDLE_NACK');
    expect([closed, events, lane.end()]).toEqual([[], ['lost 1', 'room'], []]);
  });

  it('gives back what could not be sent, and confirms the others as they are', () => {
    const { child, closed, events, lane, arrival } = world();
    lane.hand(arrival(1));
    child.broken = true;
    lane.hand(arrival(2));
    child.broken = false;
    lane.hand(arrival(3));
    child.answers('NODE_HANDLE_ACK');
    expect([closed, events]).toEqual([[1], ['lost 2', 'room']]);
    child.answers('NODE_HANDLE_ACK');
    expect([closed, lane.end()]).toEqual([[1, 3], []]);
  });

  it('tells in order with what it hands over, and knows when a handle has arrived or never will', async () => {
    const { child, lane, arrival } = world();
    const handle: NativeHandle = { close() {}, listen: () => 0 };
    lane.hand(arrival(1));
    const arrived = lane.tell({ turn: 1, way: 'handed' }, handle);
    const never = lane.tell({ turn: 2, way: 'handed' }, handle);
    await lane.tell({ leave: true });
    expect(child.sent).toEqual([7, { turn: 1, way: 'handed' }, { turn: 2, way: 'handed' }, { leave: true }]);
    child.answers('NODE_HANDLE_ACK');
    child.answers('NODE_HANDLE_ACK');
    await arrived;
    expect(lane.end()).toEqual([]);
    await never;
    await lane.tell({ leave: true });
    expect(child.sent).toHaveLength(4);
  });
});
