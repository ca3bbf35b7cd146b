import { describe, expect, it } from 'vitest';
import { CliFailure, exitCodes, explain } from '../../src/cli/failure.ts';
import { AttachError } from '../../src/client/runtime-client.ts';
import { EngineError } from '../../src/engine/engine.ts';

describe('exit codes', () => {
  it.each([
    [new CliFailure('usage', 'no such file'), 2],
    [new AttachError('no-runtime', 'nobody there'), 3],
    [new AttachError('lost', 'gone'), 3],
    [new AttachError('not-permitted', 'no'), 4],
    [new AttachError('incompatible', 'too old'), 1],
    [new EngineError('bind-failed', 'port 80 is taken'), 1],
    [new Error('anything'), 1],
    ['even a string', 1],
  ])('%s exits %d', (error, code) => {
    const explained = explain(error);
    expect(exitCodes[explained.ending]).toBe(code);
    expect(explained.message).not.toBe('');
  });

  it('hints at what to start when no runtime is there', () => {
    expect(explain(new AttachError('no-runtime', 'x')).hint).toContain('sluice run');
  });

  it.each([
    ['no-runtime', 'DEPTH_ZERO_SELF_SIGNED_CERT', /--ca/],
    ['no-runtime', 'ECONNREFUSED', /sluice run/],
    ['not-permitted', 'EACCES', /the user/],
    ['not-permitted', 'ENOTHING', /--token-file/],
  ] as const)('hints for %s after %s', (code, cause, hint) => {
    const error = new AttachError(code, 'x', { cause: Object.assign(new Error('y'), { code: cause }) });
    expect(explain(error).hint).toMatch(hint);
  });
});
