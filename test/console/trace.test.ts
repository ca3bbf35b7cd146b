// Where would this request go: from a connection, from a route, and typed.

import { describe, expect, it } from 'vitest';
import {
  openTrace,
  questionOf,
  retypedTrace,
  traceOfConnection,
  traceOfRoute,
} from '../../src/console/dialogs/trace.ts';
import { typed } from '../../src/console/typed-text.ts';
import type { ConnectionRow } from '../../src/domain/connection.ts';
import { answerTo, manyConnections } from './connection-rows.ts';
import { consoleIn } from './picture.ts';
import { shardsWorld, tracedShop } from './shard-worlds.ts';

const model = shardsWorld();
const row = manyConnections[0]!;

function like(change: Partial<ConnectionRow>, without: readonly (keyof ConnectionRow)[] = []): ConnectionRow {
  return Object.fromEntries(
    Object.entries({ ...row, ...change }).filter(([key]) => !without.includes(key as keyof ConnectionRow)),
  ) as unknown as ConnectionRow;
}

describe('the question of a connection', () => {
  it.each([
    ['plain HTTP', like({}), { url: 'http://shop.apps.example.com:80/cart', from: '10.2.0.0' }],
    [
      'IPv6 over TLS',
      like({ client: '[2001:db8::7]:61002', bind: ':443', tls: 'edge', sni: 'shop.apps.example.com' }),
      { url: 'https://shop.apps.example.com:443/cart', from: '2001:db8::7' },
    ],
    [
      'another SNI',
      like({ bind: ':443', tls: 'edge', sni: 'www.example.com' }),
      { url: 'https://shop.apps.example.com:443/cart', from: '10.2.0.0', sni: 'www.example.com' },
    ],
    [
      'passed through',
      like({ bind: ':443', mode: 'tcp', tls: 'passthrough', sni: 'pay.apps.example.com' }, ['host', 'path']),
      { url: 'https://pay.apps.example.com:443/', from: '10.2.0.0' },
    ],
    ['a unix socket', like({ client: 'unix:' }), { url: 'http://shop.apps.example.com:80/cart' }],
  ])('of %s', (_, connection, question) => expect(traceOfConnection(connection, model)).toEqual(question));

  it('of a route is its own host', () => {
    expect(traceOfRoute(model.route.get('api')!)).toEqual({ url: 'https://api.apps.example.com/v2' });
    expect(traceOfRoute({ ...model.route.get('media')!, host: '*.example.com' })).toEqual({
      url: 'http://any.example.com/',
    });
  });
});

describe('a URL', () => {
  it.each([
    ['https://http://a.example.com:8080/x', 'http://a.example.com:8080/x'],
    ['https://HTTPS://a.example.com/', 'HTTPS://a.example.com/'],
    ['https://a.example.com/?to=http://b/', 'https://a.example.com/?to=http://b/'],
  ])('that is pasted behind a scheme takes its place: %s', (text, url) => {
    const dialog = retypedTrace(openTrace(1, { url: 'https://' }, 'url'), typed(text));
    expect(questionOf(dialog).url).toBe(url);
    expect(dialog.texts.url.at).toBe(url.length);
  });
});

describe('a trace', () => {
  it('is asked at once of a connection', async () => {
    const seat = await consoleIn(shardsWorld());
    seat.press('2');
    seat.client.sendTable(answerTo(seat.client.queries.at(-1)!, seat.clock.now()));
    seat.press('T');
    expect(seat.client.traces[0]!.value).toEqual({
      url: 'http://shop.apps.example.com:80/cart',
      from: '10.2.0.0',
    });
    await seat.client.traces[0]!.answer(tracedShop);
    expect(seat.show()).toContain('● default/2 → shop (edge) → web → app1');
    expect(seat.show()).toContain('slot 40,211 of 65,537');
    expect(seat.show()).toContain('not :80: http only');
    seat.press('escape');
    expect(seat.show()).not.toContain('Trace');
    seat.console.dispose();
  });

  it('asks for the client of a route first, and can be asked again', async () => {
    const seat = await consoleIn(shardsWorld());
    seat.press('4');
    seat.feed();
    seat.press('T');
    expect(seat.show()).toContain('https://shop.apps.example.com/');
    seat.type('10.2.0.7');
    seat.press('enter');
    expect(seat.client.traces[0]!.value).toEqual({
      url: 'https://shop.apps.example.com/',
      from: '10.2.0.7',
    });
    await seat.client.traces[0]!.fail('there is no bind of mode tls');
    expect(seat.show()).toContain('▲ there is no bind of mode tls');
    seat.press('e', 'ctrl+u', 'down');
    seat.type('www.example.com');
    seat.press('enter');
    expect(seat.client.traces[1]!.value).toEqual({
      url: 'https://shop.apps.example.com/',
      sni: 'www.example.com',
    });
    // The first one's late answer is not the second one's.
    await seat.client.traces[1]!.answer({ ...tracedShop, ok: false, result: 'ends with 503' });
    expect(seat.show()).toContain('▼ ends with 503');
    seat.press('enter');
    expect(seat.show()).not.toContain('ends with');
    seat.console.dispose();
  });

  it('says what is wrong with a question before it is asked', async () => {
    const seat = await consoleIn(shardsWorld());
    seat.press('T');
    seat.press('ctrl+u', 'enter');
    expect(seat.client.traces).toEqual([]);
    expect(seat.show()).toContain('Where would this request go?');
    expect(seat.show()).toContain('▲ ');
    seat.console.dispose();
  });

  it('is found in the palette', async () => {
    const seat = await consoleIn(shardsWorld());
    seat.press('7', ':');
    seat.type('trace');
    seat.press('enter');
    expect(seat.show()).toContain('Where would this request go?');
    seat.console.dispose();
  });

  it('scrolls where there are many steps', async () => {
    const seat = await consoleIn(shardsWorld(), { columns: 60, rows: 15 });
    seat.press('T');
    seat.type('shop.apps.example.com/');
    seat.press('enter');
    await seat.client.traces[0]!.answer(tracedShop);
    expect(seat.show()).toMatch(/▾ ↓ \d+ more lines/);
    for (let page = 0; page < 9; page += 1) seat.press('pagedown');
    expect(seat.show()).toContain('not app3: down');
    seat.press('k');
    expect(seat.show()).toMatch(/▴ ↑ \d+ above/);
    seat.console.dispose();
  });
});
