import { describe, expect, it } from 'vitest';
import type { NftError } from '../../../src/nft/process/nft.ts';
import { answerOf, usableOf } from '../../../src/nft/process/nft-errors.ts';
import { unreadableText } from '../../../src/nft/process/well-formed.ts';

const failed = (stderr: string, code = 1) =>
  ({ kind: 'ended', code, signal: null, stdout: '', stderr }) as const;

function faultOf(end: Parameters<typeof answerOf>[0]): NftError {
  try {
    answerOf(end, 1_000);
  } catch (error) {
    return error as NftError;
  }
  throw new Error('it was taken for an answer');
}

describe('what became of a run of nft', () => {
  it('is its output', () => {
    expect(answerOf({ kind: 'ended', code: 0, signal: null, stdout: '{}', stderr: '# Warning' }, 1)).toBe(
      '{}',
    );
  });

  it.each([
    // As 1.0.6 says them.
    ['internal:0:0-0: Error: Could not process rule: No such file or directory\n\n\n', 'refused'],
    ['Error: No such file or directory\nlist table inet sluice\n                ^^^^^^\n', 'refused'],
    [
      'Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted\n',
      'not-permitted',
    ],
    ['exec of "nft" failed: No such file or directory\n', 'missing'],
  ])('%j is "%s", in one line and without places', (stderr, code) => {
    const fault = faultOf(failed(stderr, 1));
    expect(fault.code).toBe(code);
    expect(fault.message).not.toMatch(/\n|internal:|\^/);
    expect(fault.message).not.toBe('');
  });

  it('tells of a program that is missing, hangs, dies, or says too much', () => {
    expect(faultOf({ kind: 'not-started', code: 'ENOENT', message: 'spawn nft ENOENT' }).code).toBe(
      'missing',
    );
    expect(faultOf({ kind: 'timeout' })).toMatchObject({
      code: 'timeout',
      message: 'nft did not answer within 1 s, and was ended',
    });
    expect(faultOf({ kind: 'ended', code: null, signal: 'SIGSEGV', stdout: '', stderr: '' })).toMatchObject({
      code: 'nonsense',
      message: 'nft was ended by SIGSEGV',
    });
    expect(faultOf({ kind: 'too-long', limit: 1_048_576 }).message).toContain('1 MB');
  });

  it('is one safe line for people, with a remedy', () => {
    const fault = faultOf(failed('Error: \u001b[31mOperation not permitted\u202e\n'));
    const usable = usableOf(fault, 'read');
    expect(usable.no).toContain('nftables cannot be read: the kernel says "\\x1b[31mOperation');
    expect(usable.remedy).toContain('CAP_NET_ADMIN');
    expect(usableOf(faultOf({ kind: 'not-started', code: 'ENOENT', message: '' }), 'changed')).toEqual({
      no: 'nftables cannot be changed: there is no program nft',
      remedy: 'install the package nftables',
    });
  });
});

describe('what nft cannot read', () => {
  it.each([
    [{ add: { table: { name: 'a\0b' } } }, 'a\0b'],
    [[{ comment: 'x\ud800' }], 'x\ud800'],
    [{ 'a\0': 1 }, 'a\0'],
    [{ packets: Number.NaN }, 'NaN'],
    [{ name: 'fine 🎈', of: [null, true, 1, 'x'] }, undefined],
  ])('%j has %j', (value, found) => {
    expect(unreadableText(value)).toBe(found);
  });
});
