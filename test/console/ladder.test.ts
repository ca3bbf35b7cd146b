// The ladder of each kind of connection, as a drawn picture: one look must tell the modes apart, without colour.

import { describe, expect, it } from 'vitest';
import type { Line } from '../../src/console/frame.ts';
import { connectionDetail } from '../../src/console/screens/connection-detail.ts';
import { ladder } from '../../src/console/screens/ladder.ts';
import { widthOf } from '../../src/console/text.ts';
import type { View } from '../../src/console/view.ts';
import type { ConnectionDetail } from '../../src/domain/connection.ts';
import { emptyModel } from '../../src/domain/model.ts';
import * as ladders from './ladders.ts';
import { utcTimeOfDay } from './picture.ts';

const textOf = (lines: readonly Line[]) =>
  lines
    .map(({ spans }) =>
      spans
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    )
    .join('\n');
const pictureOf = (detail: ConnectionDetail, width = 80) => textOf(ladder(detail, width));

describe('a ladder', () => {
  it.each(Object.entries(ladders))('of %s is drawn with its facts', async (name, detail) => {
    const open = { id: detail.id, detail, gone: false, top: 0 };
    const lines = connectionDetail(
      { model: emptyModel() as View['model'], timeOfDay: utcTimeOfDay } as View,
      open,
      80,
    );
    await expect(`${textOf(lines)}\n`).toMatchFileSnapshot(`pictures/ladder-${name}.txt`);
  });

  it('has double lines exactly where TLS is', () => {
    expect(pictureOf(ladders.plainHttp)).not.toMatch(/[═╪]/);
    expect(pictureOf(ladders.tcp)).not.toMatch(/[═╪]/);
    expect(pictureOf(ladders.tcp)).toContain('┼');
    // edge: the request is encrypted, the answer of the server is not.
    expect(pictureOf(ladders.edge)).toMatch(/══ GET \/cart ═+▶│/);
    expect(pictureOf(ladders.edge)).toMatch(/│◀─ 200, head ─+│/);
    expect(pictureOf(ladders.reencrypt)).toMatch(/│◀═ 200, head ═+│/);
    expect(pictureOf(ladders.passthrough)).toMatch(/│◀═ ServerHello, TLSv1\.3 ═+╪═+│/);
  });

  it.each([60, 80, 120, 200])('keeps its life lines straight at %i columns', (width) => {
    for (const detail of Object.values(ladders)) {
      const rows = ladder(detail, width).slice(1);
      const lives = rows.map(({ spans }) => {
        const cells = [...spans.map(({ text }) => text).join('')];
        return cells.lastIndexOf('│');
      });
      expect(new Set(lives).size).toBe(1);
      for (const { spans } of rows)
        expect(widthOf(spans.map(({ text }) => text).join(''))).toBeLessThanOrEqual(width);
    }
  });

  it('tells times from the request on, where the accept is long ago', () => {
    const picture = pictureOf(ladders.keptAlive);
    expect(picture).toMatch(/GET \/cart .* 27\.73 s/);
    expect(picture).toMatch(/200 .* \+9 ms/);
    expect(picture).toMatch(/complete .* \+11 ms/);
  });

  it('says who sent a FIN, and who an RST', () => {
    const picture = pictureOf(ladders.wrongAuthority);
    expect(picture).toMatch(/│╳─ RST ─+│ +5\.2 ms/);
    expect(picture).toMatch(/│── FIN ─+▶│ +│ +6\.0 ms/);
    expect(pictureOf(ladders.refusedHello)).toMatch(/│◀─ FIN ─+│/);
  });

  it('tells the whole cause of a handshake that failed', () => {
    const words = pictureOf(ladders.refusedHello).replace(/[\s│╳─]+/g, ' ');
    expect(words).toContain('TLS handshake failed no route and no certificate');
    expect(words).toContain('alert unrecognized_name');
  });

  it('warns of a server that was not verified', () => {
    expect(pictureOf(ladders.unverified)).toContain('▲ not verified');
    expect(pictureOf(ladders.reencrypt)).toContain('verified web.internal');
  });

  it('shows names of the network as text', () => {
    const { edge } = ladders;
    const hostile = {
      ...edge.clientTls!,
      sni: '\u001b]0;owned\u0007\u202eevil',
      alpn: '\u001b[2J',
      cipher: '\u0000',
    };
    const picture = pictureOf({ ...edge, clientTls: hostile });
    expect(picture.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(picture).toContain('\\x1b');
  });

  it('tells the regular end of a connection, and that one with a regular stream goes on', () => {
    const view = { model: emptyModel(), timeOfDay: utcTimeOfDay } as unknown as View;
    const endOf = (detail: ConnectionDetail) =>
      /^ *end +(.*)$/m.exec(
        textOf(connectionDetail(view, { id: 'a', detail, gone: false, top: 0 }, 80)),
      )?.[1];
    expect(endOf({ ...ladders.passthrough, phase: 'ended', termination: '--' })).toBe('--  ended normally');
    expect(endOf({ ...ladders.edge, phase: 'idle', termination: '----' })).toBe('running');
  });

  it('draws what the runtime says where the facts are not known', () => {
    const { clientTls: _, serverTls: __, ...bare } = ladders.reencrypt;
    const steps = bare.steps.map((step) => ({ ...step, text: step.text || `about ${step.what}` }));
    const picture = pictureOf({ ...bare, steps });
    expect(picture).toContain('about client-hello');
    expect(picture).toMatch(/◀═ about handshake ═+▶/);
    expect(picture).toMatch(/◀═ about server-handshake ═+▶/);
  });
});
