// Bob Jenkins' hash as Linux has it (include/linux/jhash.h): what nftables' `jhash` expression computes, so that a table
// asked here and one in the kernel give a client the same slot.

const initial = 0xdeadbeef;

/** Unsigned 32 bits. `seed` is nft's `jhash … seed`. */
export function jhash(bytes: ArrayLike<number>, seed: number): number {
  let length = bytes.length;
  let at = 0;
  let a = (initial + length + seed) | 0;
  let b = a;
  let c = a;
  while (length > 12) {
    a = (a + word(bytes, at)) | 0;
    b = (b + word(bytes, at + 4)) | 0;
    c = (c + word(bytes, at + 8)) | 0;
    a = (a - c) ^ rotated(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotated(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotated(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotated(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotated(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotated(b, 4);
    b = (b + a) | 0;
    at += 12;
    length -= 12;
  }
  if (length === 0) return c >>> 0;
  a = (a + rest(bytes, at, length)) | 0;
  if (length > 4) b = (b + rest(bytes, at + 4, length - 4)) | 0;
  if (length > 8) c = (c + rest(bytes, at + 8, length - 8)) | 0;
  c = ((c ^ b) - rotated(b, 14)) | 0;
  a = ((a ^ c) - rotated(c, 11)) | 0;
  b = ((b ^ a) - rotated(a, 25)) | 0;
  c = ((c ^ b) - rotated(b, 16)) | 0;
  a = ((a ^ c) - rotated(c, 4)) | 0;
  b = ((b ^ a) - rotated(a, 14)) | 0;
  c = ((c ^ b) - rotated(b, 24)) | 0;
  return c >>> 0;
}

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** Little-endian, as the kernel reads it on every machine that we run on (x86-64, arm64). */
function word(bytes: ArrayLike<number>, at: number): number {
  return rest(bytes, at, 4);
}

function rest(bytes: ArrayLike<number>, at: number, length: number): number {
  let value = 0;
  for (let i = Math.min(length, 4) - 1; i >= 0; i--) value = (value << 8) | bytes[at + i]!;
  return value;
}
