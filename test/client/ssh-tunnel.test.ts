import { expect, it } from 'vitest';
import { parseSshUrl } from '../../src/client/ssh-tunnel.ts';

it.each([
  ['ssh://edge-1', { host: 'edge-1', path: '/run/x.sock' }],
  ['ssh://edge-1/', { host: 'edge-1', path: '/run/x.sock' }],
  ['ssh://anna@edge-1.example.com', { user: 'anna', host: 'edge-1.example.com', path: '/run/x.sock' }],
  [
    'ssh://anna@10.0.0.1:2222/run/user/7/sluice/control.sock',
    { user: 'anna', host: '10.0.0.1', port: '2222', path: '/run/user/7/sluice/control.sock' },
  ],
  ['ssh://anna@[::1]:22/a', { user: 'anna', host: '::1', port: '22', path: '/a' }],
])('%s', (url, target) => {
  expect(parseSshUrl(url, '/run/x.sock')).toEqual(target);
});

it.each([
  ['ssh:', /write ssh:/],
  ['ssh:edge-1', /write ssh:/],
  ['ssh:///run/x.sock', /write ssh:/],
  ['ssh://anna:secret@edge-1', /holds no password/],
  ['ssh://-oProxyCommand=x', /host has signs/],
  ['ssh://-oProxyCommand=x@edge-1', /user has signs/],
  ['ssh://a%20b@edge-1', /user has signs/],
  ['ssh://edge-1%0a', /host has signs/],
  ['ssh://edge-1/run/a:b', /path of the control socket/],
  ['ssh://edge-1/run/%25h', /path of the control socket/],
  ['ssh://edge-1/run/$HOME', /path of the control socket/],
  ['ssh://edge-1/run/', /path of the control socket/],
  ['ssh://edge-1/run/x?token=1', /path of the control socket/],
])('refuses %s', (url, message) => {
  expect(() => parseSshUrl(url, '/run/x.sock')).toThrow(message);
});

it('does not repeat a password', () => {
  expect(() => parseSshUrl('ssh://anna:secret@edge-1', '/x')).not.toThrow(/secret/);
});
