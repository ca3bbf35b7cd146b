// Read buffers of relays. Most relays share one; those that move a lot get a large one of their own for as long as they do.

/** Reads beyond this are bulk. A string up to this size is copied by `write` itself (data-plane.md, "What works" 1). */
export const smallRead = 16 * 1024;

/** Filled and emptied within one callback, so every socket of the process can use it. */
export const sharedBuffer = Buffer.allocUnsafeSlow(64 * 1024);

const bulkSize = 256 * 1024;
const spares: Buffer[] = [];
const maxSpares = 32;

export function takeBulkBuffer(): Buffer {
  return spares.pop() ?? Buffer.allocUnsafeSlow(bulkSize);
}

/** Nothing may still be written from it. */
export function giveBulkBuffer(buffer: Buffer): void {
  if (spares.length < maxSpares) spares.push(buffer);
}
