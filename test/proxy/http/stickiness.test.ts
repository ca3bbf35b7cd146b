import { describe, expect, it } from 'vitest';
import type { ServerWish } from '../../../src/domain/server-state.ts';
import { findCookie } from '../../../src/proxy/http/persistence-cookie.ts';
import { RequestHead } from '../../../src/proxy/http/request-head.ts';
import { okAnswer, openClient, rawServer, recorder, startPlane } from './http-plane.ts';

const request = (cookie: string) =>
  `GET / HTTP/1.1\r\nHost: a\r\n${cookie === '' ? '' : `Cookie: ${cookie}\r\n`}\r\n`;

async function twoServers() {
  const first = recorder(okAnswer);
  const second = recorder(okAnswer);
  const servers = [await rawServer(first.onConnection), await rawServer(second.onConnection)];
  const made = await startPlane({ servers, backend: { cookie: { name: 'SRV' } } });
  const wish = (server: string, more: Partial<ServerWish>) =>
    made.plane.setServers([
      { server: `app/${server}`, admin: 'ready', operational: 'up', weight: 100, ...more } as ServerWish,
    ]);
  return { ...made, first, second, wish };
}

describe('the persistence cookie', () => {
  it('is set where the client brings none, and keeps it there', async () => {
    const { port, streams, second } = await twoServers();
    const client = await openClient(port);
    client.write(request(''));
    await client.untilText('ok');
    expect(client.received).toMatch(
      /\r\nSet-Cookie: SRV=s[12]; path=\/\r\nCache-Control: private\r\n\r\nok$/,
    );
    for (let i = 0; i < 3; i += 1) {
      const known = await openClient(port);
      known.write(request('a=1; SRV=s2; b=2'));
      await known.untilText('ok');
      expect(known.received).toBe(okAnswer);
    }
    expect(streams.map(({ termination }) => termination)).toEqual(['--NI', '--VN', '--VN', '--VN']);
    expect(streams.slice(1).map(({ server }) => server)).toEqual(['app/s2', 'app/s2', 'app/s2']);
    expect(second.heard.join('')).toContain('Cookie: a=1; b=2\r\n');
    expect(second.heard.join('')).not.toContain('SRV');
  });

  it('that names no server is replaced', async () => {
    const { port, streams } = await twoServers();
    const client = await openClient(port);
    client.write(request('SRV=nobody'));
    await client.untilText('ok');
    expect(client.received).toContain('Set-Cookie: SRV=s');
    expect(streams[0]?.termination).toBe('--II');
  });

  it('holds in drain, not in maint', async () => {
    const { port, streams, wish } = await twoServers();
    wish('s2', { admin: 'drain' });
    const client = await openClient(port);
    client.write(request('SRV=s2'));
    await client.untilText('ok');
    wish('s2', { admin: 'maint' });
    client.write(request('SRV=s2'));
    await client.untilText('Set-Cookie: SRV=s1');
    await client.until(() => streams.length === 2);
    expect(streams.map(({ server, termination }) => [server, termination])).toEqual([
      ['app/s2', '--VN'],
      ['app/s1', '--DI'],
    ]);
  });

  it('makes an idle connection count for the server it names', async () => {
    const { port, plane } = await twoServers();
    const client = await openClient(port);
    client.write(request('SRV=s2'));
    await client.untilText('ok');
    expect(plane.sample(true).servers.map(({ sticky }) => sticky)).toEqual([0, 1]);
    expect([...plane.connections].map(({ stickyTo, phase }) => [stickyTo, phase])).toEqual([
      ['app/s2', 'idle'],
    ]);
    expect(plane.killOnServer('app/s2', 5)).toBe(1);
    await client.untilEnded();
    client.socket.end();
    while (plane.openConnections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(plane.sample(true).servers.map(({ sticky }) => sticky)).toEqual([0, 0]);
  });
});

describe('a cookie in a request', () => {
  it.each([
    ['Cookie: SRV=a\r\n', 'a', ''],
    ['Cookie: x=y; SRV=a\r\n', 'a', 'Cookie: x=y\r\n'],
    ['Cookie: SRV=a; x=y\r\n', 'a', 'Cookie: x=y\r\n'],
    ['Cookie: xSRV=a; SRVx=b\r\n', undefined, 'Cookie: xSRV=a; SRVx=b\r\n'],
    ['Cookie: SRV=a\r\nCookie: z=1;SRV=b\r\n', 'a', 'Cookie: z=1\r\n'],
    ['Cookie: SRV=\r\n', '', ''],
    ['Cookie: \r\n', undefined, 'Cookie: \r\n'],
  ])('%j is %j, and leaves %j', (lines, value, left) => {
    const text = `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;
    const head = new RequestHead();
    head.parse(text, 10_000);
    const found = findCookie(text, head.cookies, 'SRV');
    let rest = text;
    for (const { from, to, text: instead } of found.edits.reverse())
      rest = rest.slice(0, from) + instead + rest.slice(to);
    expect(found.value).toBe(value);
    expect(rest).toBe(`GET / HTTP/1.1\r\nHost: a\r\n${left}\r\n`);
  });
});
