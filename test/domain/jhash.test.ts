import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jhash } from '../../src/domain/jhash.ts';

const ascii = (text: string) => Array.from(text, (char) => char.charCodeAt(0));

describe("Jenkins' hash", () => {
  // What lookup3.c prints for these in its driver5: hashlittle is the kernel's jhash with the seed as initval.
  it.each<readonly [string, number, number]>([
    ['', 0, 0xdeadbeef],
    ['', 0xdeadbeef, 0xbd5b7dde],
    ['Four score and seven years ago', 0, 0x17770551],
    ['Four score and seven years ago', 1, 0xcd628161],
  ])('of %j with seed %d is the published one', (text, seed, hash) => {
    expect(jhash(ascii(text), seed)).toBe(hash);
  });

  it('is an unsigned number of 32 bits that depends on every byte, on the length and on the seed', () => {
    const bytes = fc.array(fc.nat(255), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (octets, seed, at, flip) => {
        const hash = jhash(octets, seed);
        expect(hash).toBe(hash >>> 0);
        const place = at % octets.length;
        const others = [
          jhash(
            octets.map((octet, i) => (i === place ? octet ^ flip : octet)),
            seed,
          ),
          jhash([...octets, 0], seed),
          jhash(octets, seed + 1),
        ];
        expect(others).not.toContain(hash);
      }),
      { seed: 1 },
    );
  });
});
