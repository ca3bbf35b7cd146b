import { describe, expect, it } from 'vitest';
import { explainTermination, parseTermination, terminationLetters } from '../../src/domain/termination.ts';

const { who, phase, cookieIn, cookieOut } = terminationLetters;

describe('termination states', () => {
  it.each([
    ['--', 'ended normally'],
    ['----', 'ended normally'],
    ['sH--', "server timeout while waiting for the response's head"],
    ['SC--', 'server aborted or refused while connecting to the server'],
    ['CD--', 'client aborted while data was transferred'],
    ['sQ', 'server timeout while waiting in the queue'],
    ['cR--', "client timeout while waiting for the request's head"],
    [
      'KHVN',
      "killed by an operator while waiting for the response's head; the client's cookie named a usable server; the answer carried no cookie",
    ],
    ['--NI', 'ended normally; the client sent no cookie; a cookie was inserted into the answer'],
  ] as const)('%s: %s', (state, words) => expect(explainTermination(state)).toBe(words));

  it('has other words for every state, and reads back the letters of each', () => {
    const seen = new Map<string, string>();
    for (const a of Object.keys(who))
      for (const b of Object.keys(phase))
        for (const c of Object.keys(cookieIn))
          for (const d of Object.keys(cookieOut)) {
            const state = parseTermination(a + b + c + d);
            expect(state).toBe(a + b + c + d);
            seen.set(explainTermination(state!), state!);
          }
    expect(seen.size).toBe(12 * 8 * 8 * 7);
  });

  it.each(['', 's', 'sH-', 'sHx-', 'xH--', 'sH---', 'toString'])('%j is none', (text) =>
    expect(parseTermination(text)).toBeUndefined(),
  );
});
