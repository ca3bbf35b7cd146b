import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ReadSize } from '../../src/proxy/read-size.ts';
import { BufferPool, smallRead } from '../../src/proxy/relay-buffers.ts';
import type { ServerSocket } from '../../src/proxy/server-socket.ts';

const MiB = 1024 * 1024;

function setUp() {
  let target: Buffer | undefined;
  const server: ServerSocket = {
    socket: {} as Socket,
    onBytes: () => true,
    readInto(buffer) {
      target = buffer;
    },
  };
  const size = new ReadSize(server);
  /** Reads that fill what is read into, or `each` bytes. */
  const read = (bytes: number, each?: number) => {
    for (let left = bytes; left > 0; ) {
      const length = each ?? target?.length ?? smallRead;
      size.fit(length);
      left -= length;
    }
  };
  return { size, read, target: () => target };
}

describe('the read size of a relay', () => {
  it('stays shared for small messages, and grows with full reads', () => {
    const { size, read, target } = setUp();
    read(100 * MiB, 4_000);
    expect(target()).toBeUndefined();
    read(smallRead);
    expect([target()?.length, size.owns(target()!)]).toEqual([smallRead, true]);
    read(7 * MiB);
    expect(target()?.length).toBe(smallRead);
    read(2 * MiB);
    expect(target()?.length).toBe(256 * 1024);
    size.end(true);
    expect(target()).toBeUndefined();
  });

  it('bears a few small reads, and goes back after many', () => {
    const { read, target } = setUp();
    read(10 * MiB);
    read(15 * 100, 100);
    read(256 * 1024);
    read(15 * 100, 100);
    expect(target()?.length).toBe(256 * 1024);
    read(100, 100);
    expect(target()).toBeUndefined();
  });

  it('leaves a source alone that has no buffer to choose', () => {
    const size = new ReadSize({ socket: {} as Socket, onBytes: () => true });
    for (let i = 0; i < 10_000; i++) size.fit(smallRead);
    expect(size.owns(Buffer.alloc(1))).toBe(false);
    size.end(true);
  });
});

describe('a buffer pool', () => {
  it('lends what was given back, makes no more than its limit, and replaces what was forsaken', () => {
    const pool = new BufferPool(10, 2);
    const [one, two] = [pool.take()!, pool.take()!];
    expect(pool.take()).toBeUndefined();
    pool.give(one);
    expect(pool.take()).toBe(one);
    pool.forsake();
    const three = pool.take();
    expect([three?.length, three === one || three === two]).toEqual([10, false]);
    expect(pool.take()).toBeUndefined();
  });
});
