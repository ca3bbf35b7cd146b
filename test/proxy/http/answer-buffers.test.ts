import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AnswerBuffers } from '../../../src/proxy/http/answer-buffers.ts';
import { sharedSmallBuffer, sharedTlsBuffer, smallRead } from '../../../src/proxy/relay-buffers.ts';
import type { ServerSocket } from '../../../src/proxy/server-socket.ts';

const KiB = 1024;

function setUp(secure = false) {
  let target: Buffer = sharedSmallBuffer;
  const socket: ServerSocket = {
    socket: {} as Socket,
    onBytes: () => true,
    readInto(buffer) {
      target = buffer ?? sharedSmallBuffer;
    },
  };
  const buffers = new AnswerBuffers(secure);
  return {
    buffers,
    socket,
    target: () => target,
    size: () => target.length / KiB,
    lent: (length = target.length) => buffers.isLent(target, length),
    stall: () => buffers.stalled(socket),
    /** Reads that fill what is read into and are taken at once, or of `each` octets. */
    flow(octets: number, each?: number) {
      for (let left = octets; left > 0; ) {
        const length = each ?? target.length;
        buffers.flowed(socket, target, length);
        left -= length;
      }
    },
  };
}

describe('the buffers of an answer', () => {
  it('are the shared one for small reads, and grow with full ones', () => {
    const { buffers, flow, size, lent, target } = setUp();
    flow(KiB * KiB, 4_000);
    expect([target() === sharedSmallBuffer, lent()]).toEqual([true, false]);
    flow(smallRead);
    expect([size(), lent()]).toEqual([64, true]);
    flow(9 * KiB * KiB);
    expect([size(), lent()]).toEqual([256, true]);
    buffers.end(false);
    expect([target() === sharedSmallBuffer, lent()]).toEqual([true, false]);
  });

  it('are small again once the client stalls, and nobody else fills what it still reads from', () => {
    const one = setUp();
    const other = setUp();
    one.flow(smallRead);
    const wide = one.target();
    one.stall();
    expect([one.size(), one.lent()]).toEqual([16, true]);
    other.flow(smallRead);
    expect(other.target()).not.toBe(wide);
    one.buffers.drained();
    other.buffers.end(false);
    one.stall();
    expect(one.size()).toBe(16);
    one.buffers.end(false);
  });

  it('are one for all that is written over TLS, full or stalled', () => {
    const { buffers, socket, flow, stall, target, lent } = setUp(true);
    buffers.begin(socket, true);
    for (const step of [() => flow(9 * KiB * KiB), stall, () => buffers.drained(), () => buffers.end(true)]) {
      step();
      expect([target() === sharedTlsBuffer, lent(), lent(1_000)]).toEqual([true, true, false]);
    }
    const plain = new AnswerBuffers();
    plain.begin(socket, true);
    expect([target() === sharedSmallBuffer, plain.isLent(sharedTlsBuffer, smallRead)]).toEqual([true, false]);
  });

  it('are never lent again where a write from them was not finished', () => {
    const { buffers, flow, target, stall } = setUp();
    flow(smallRead);
    const left = target();
    stall();
    buffers.end(true);
    const others = Array.from({ length: 300 }, setUp);
    for (const other of others) other.flow(smallRead);
    const lent = others.map((other) => other.target());
    expect(lent).not.toContain(left);
    expect(new Set(lent).size).toBe(300);
    // The wide ones have an end: the last readers get small ones.
    expect(others.at(-1)!.size()).toBe(16);
    for (const other of others) other.buffers.end(false);
  });
});
