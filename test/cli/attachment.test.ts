import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openAttachment, runtimeUrl } from '../../src/cli/attachment.ts';
import { fakeTerminal } from './terminal.ts';

it.each([
  [{ attach: 'unix:/a' }, { SLUICE_ATTACH: 'unix:/b' }, 'unix:/a'],
  [{}, { SLUICE_ATTACH: 'wss://edge:7443' }, 'wss://edge:7443'],
  [{}, { SLUICE_ATTACH: '', XDG_RUNTIME_DIR: '/run/user/7' }, 'unix:/run/user/7/sluice/control.sock'],
  [{ attach: 'ssh://anna@edge-1' }, {}, 'ssh://anna@edge-1'],
  [{}, {}, 'unix:/run/sluice/control.sock'],
])('%j with %j attaches to %s', (options, env, url) => {
  expect(runtimeUrl({ options, env })).toBe(url);
});

it.each([
  'edge-1',
  'http://edge-1',
  'ssh:edge-1',
  'unix:',
  '',
  'ws://[::1',
  'ws://\x1b[2J:1',
  'ws://a:99999',
])('refuses %j and says what to write', (attach) => {
  expect(() => runtimeUrl({ options: { attach }, env: {} })).toThrow(
    expect.objectContaining({ ending: 'usage', hint: expect.stringContaining('unix:PATH') }),
  );
});

it.each(['ws://anna:secret@edge-1:7443', 'wss://edge-1:7443/?token=secret'])(
  'refuses %s, which would show a secret, and does not repeat it',
  (attach) => {
    expect(() => runtimeUrl({ options: { attach }, env: {} })).toThrow(
      expect.objectContaining({
        ending: 'usage',
        message: expect.not.stringContaining('secret'),
        hint: expect.stringContaining('--token-file'),
      }),
    );
  },
);

describe('a token', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-token-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'secret', { mode: 0o600 });
  afterAll(() => rmSync(folder, { recursive: true }));
  const open = (attach: string) =>
    openAttachment(
      { options: { attach, tokenFile }, env: {}, terminal: fakeTerminal(), version: '1.0.0' },
      false,
    );

  it.each(['ws://192.0.2.1:1', 'ws://edge-1.invalid:1', 'ws://127.0.0.1.invalid:1'])(
    'is not sent to %s, where others could read it',
    async (url) => {
      await expect(open(url)).rejects.toMatchObject({
        ending: 'usage',
        message: expect.stringContaining('not encrypted'),
      });
    },
  );

  it.each(['ws://127.0.0.1:1', 'ws://localhost:1', 'ws://[::1]:1', 'wss://127.0.0.1:1'])(
    'may be sent to %s',
    async (url) => {
      await expect(open(url)).rejects.toMatchObject({ name: 'AttachError', code: 'no-runtime' });
    },
  );
});
