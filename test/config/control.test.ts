import { describe, expect, it } from 'vitest';
import { defaultControlPath, lackOf, parseControlUrl } from '../../src/config/control.ts';

describe('where consoles attach', () => {
  const none = { tls: false, clientCa: false, tokens: false };
  it.each([
    ['unix:/a', none, undefined],
    ['ws://127.0.0.1:7443', none, undefined],
    ['ws://[::1]:7443/', none, undefined],
    ['ws://0.0.0.0:7443', { ...none, tls: true, tokens: true }, 'not encrypted'],
    ['ws://:7443', none, 'not encrypted'],
    ['wss://127.0.0.1:7443', none, 'needs a certificate'],
    ['wss://127.0.0.1:7443', { ...none, tls: true }, undefined],
    ['wss://10.0.0.1:7443', { ...none, tls: true }, 'nobody is asked'],
    ['wss://10.0.0.1:7443', { ...none, tokens: true }, 'needs a certificate'],
    ['wss://10.0.0.1:7443', { ...none, tls: true, tokens: true }, undefined],
    ['wss://[::]:7443', { ...none, tls: true, clientCa: true }, undefined],
  ])('%s with %o lacks: %s', (text, has, lack) => {
    const url = parseControlUrl(text);
    expect(url.ok).toBe(true);
    if (url.ok) expect(lackOf(url.value, has)?.message).toEqual(lack && expect.stringContaining(lack));
  });

  it.each([
    'ws:127.0.0.1:1',
    'ws://host.example:1',
    'wss://10.0.0.1',
    'ws://unix:/a',
    'ssh://x',
    '/run/x',
    '',
  ])('%j is refused', (text) => expect(parseControlUrl(text).ok).toBe(false));

  it.each([
    [undefined, '/run/sluice/control.sock'],
    ['', '/run/sluice/control.sock'],
    ['relative', '/run/sluice/control.sock'],
    ['/run/user/7/', '/run/user/7/sluice/control.sock'],
  ])('is by default, with the runtime folder %j, %s', (folder, path) =>
    expect(defaultControlPath(folder)).toBe(path),
  );
});
