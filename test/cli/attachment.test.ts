import { expect, it } from 'vitest';
import { runtimeUrl } from '../../src/cli/attachment.ts';

it.each([
  [{ attach: 'unix:/a' }, { SLUICE_ATTACH: 'unix:/b' }, 'unix:/a'],
  [{}, { SLUICE_ATTACH: 'wss://edge:7443' }, 'wss://edge:7443'],
  [{}, { SLUICE_ATTACH: '', XDG_RUNTIME_DIR: '/run/user/7' }, 'unix:/run/user/7/sluice/control.sock'],
  [{ attach: 'ssh://anna@edge-1' }, {}, 'ssh://anna@edge-1'],
  [{}, {}, 'unix:/run/sluice/control.sock'],
])('%j with %j attaches to %s', (options, env, url) => {
  expect(runtimeUrl({ options, env })).toBe(url);
});

it.each(['edge-1', 'http://edge-1', 'ssh:edge-1', 'unix:', ''])(
  'refuses %j and says what to write',
  (attach) => {
    expect(() => runtimeUrl({ options: { attach }, env: {} })).toThrow(
      expect.objectContaining({ ending: 'usage', hint: expect.stringContaining('unix:PATH') }),
    );
  },
);
