import { expect, it } from 'vitest';
import { listenFailure } from '../../../src/runtime/control/listen-failure.ts';
import { RuntimeError } from '../../../src/runtime/runtime-error.ts';

const systemError = (code: string, message: string) => Object.assign(new Error(message), { code });
const socket = { kind: 'unix', path: '/run/x.sock' } as const;

it.each([
  [systemError('EACCES', "mkdir '/run'"), socket, /unix:\/run\/x\.sock: this user may not .*control\.listen/],
  [systemError('EACCES', 'listen'), { kind: 'ip', host: '::1', port: 80 } as const, /port 80: this user/],
  [systemError('EADDRINUSE', 'in use ::1:80'), { kind: 'ip', host: '::1', port: 80 } as const, /in use/],
])('%s on %j', (error, address, text) => {
  expect(listenFailure(error, address)).toMatchObject({
    code: 'control-failed',
    message: expect.stringMatching(text),
  });
});

it('leaves alone what is explained already', () => {
  const known = new RuntimeError('control-unsafe', 'others may replace files there');
  expect(listenFailure(known, socket)).toBe(known);
});
