// Read buffers of relays. Most relays share one; those that move a lot get a large one of their own for as long as they do.

/** Reads beyond this are bulk. A string up to this size is copied by `write` itself (data-plane.md, "What works" 1). */
export const smallRead = 16 * 1024;

/** Filled and emptied within one callback, so every socket of the process can use it. */
export const sharedBuffer = Buffer.allocUnsafeSlow(64 * 1024);

const bulkSize = 256 * 1024;
/** Readers that stall can keep this many of them, and no more memory. */
const maxBulkBuffers = 64;
const spares: Buffer[] = [];
let made = 0;

/** Undefined when all are in use. */
export function takeBulkBuffer(): Buffer | undefined {
  const spare = spares.pop();
  if (spare !== undefined || made === maxBulkBuffers) return spare;
  made += 1;
  return Buffer.allocUnsafeSlow(bulkSize);
}

/** Nothing may still be written from it. */
export function giveBulkBuffer(buffer: Buffer): void {
  spares.push(buffer);
}

/** A write from it was never finished, so nobody may fill it again: another one may take its place. */
export function forsakeBulkBuffer(): void {
  made -= 1;
}
