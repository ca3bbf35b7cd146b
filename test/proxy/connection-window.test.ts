import { describe, expect, it } from 'vitest';
import type { ConnectionOrder } from '../../src/domain/connection.ts';
import { parseFilter } from '../../src/domain/filter.ts';
import { ConnectionTable } from '../../src/proxy/connection-table.ts';
import { connectionDetail, connectionRow } from '../../src/proxy/connection-view.ts';
import {
  scanConnections as scanInSlices,
  type WindowQuery,
  type WindowRows,
} from '../../src/proxy/connection-window.ts';
import { LiveConnection } from '../../src/proxy/live-connection.ts';

function live(serial: number, fields: Partial<LiveConnection> = {}): LiveConnection {
  return Object.assign(
    new LiveConnection(serial, `10.0.0.${serial % 7}:4000`, 'web', 'http', 1_000, serial, () => {}),
    fields,
  );
}

const everything: WindowQuery = {
  matches: () => true,
  order: { by: 'age', descending: true },
  offset: 0,
  limit: 3,
  ended: false,
};

/** With all the time it needs. */
function scanConnections(...of: Parameters<typeof scanInSlices>) {
  const scan = scanInSlices(...of);
  return { ...scan, rows: (mono: number): WindowRows => scan.rows(mono, () => false)! };
}

function tableOf(count: number, fields: (serial: number) => Partial<LiveConnection> = () => ({})) {
  let mono = 1_000;
  const table = new ConnectionTable(undefined, () => mono);
  const connections = Array.from({ length: count }, (_, i) => live(i + 1, fields(i + 1)));
  for (const each of connections) table.add(each);
  return { table, connections, tick: (to: number) => (mono = to) };
}
const ids = ({ rows }: { rows: readonly { id: string }[] }) => rows.map(({ id }) => id);

describe('a window of the connection table', () => {
  const orders: [ConnectionOrder, number[]][] = [
    [{ by: 'age', descending: true }, [1, 2, 3]],
    [{ by: 'age', descending: false }, [9, 8, 7]],
    [{ by: 'bytesOut', descending: true }, [3, 6, 9]],
    [{ by: 'bytesIn', descending: false }, [1, 2, 3]],
    [{ by: 'requests', descending: true }, [9, 8, 7]],
    [{ by: 'client', descending: false }, [7, 1, 8]],
    [{ by: 'server', descending: true }, [5, 1, 2]],
    [{ by: 'phase', descending: true }, [4, 1, 2]],
    [{ by: 'idle', descending: true }, [2, 1, 3]],
  ];
  it.each(orders)('orders by %j', (order, expected) => {
    const { table } = tableOf(9, (serial) => ({
      bytesOut: serial % 3 === 0 ? 100 : 0,
      requests: serial,
      lastByteMono: serial === 2 ? 0 : 50,
      phase: serial === 4 ? 'idle' : 'data',
      ...(serial === 5 ? { server: 'app/one' as const } : {}),
    }));
    const scan = scanConnections(table, 'x', { ...everything, order });
    expect(ids(scan.rows(1_000))).toEqual(expected.map((serial) => `x-${serial}`));
  });

  it('shows only what matches, from the offset, and counts all', () => {
    const { table } = tableOf(10);
    const scan = scanConnections(table, 'x', {
      ...everything,
      matches: (row) => row.client === '10.0.0.1:4000',
      offset: 1,
    });
    expect(scan.rows(1_000)).toMatchObject({ total: 10, matched: 2, rows: [{ id: 'x-8' }] });
  });

  it('keeps the rows in place for a second, with fresh numbers, then orders anew', () => {
    const { table, connections } = tableOf(5);
    const scan = scanConnections(table, 'x', {
      ...everything,
      order: { by: 'bytesOut', descending: true },
      limit: 2,
    });
    expect(ids(scan.rows(1_000))).toEqual(['x-1', 'x-2']);
    connections[4]!.bytesOut = 50;
    connections[1]!.bytesOut = 20;
    expect(scan.rows(1_500).rows).toMatchObject([
      { id: 'x-1', bytesOut: 0 },
      { id: 'x-2', bytesOut: 20 },
    ]);
    expect(ids(scan.rows(2_000))).toEqual(['x-5', 'x-2']);
  });

  it('scans at once when it is asked something else', () => {
    const { table } = tableOf(5);
    const scan = scanConnections(table, 'x', everything);
    scan.rows(1_000);
    scan.update({ ...everything, order: { by: 'age', descending: false } });
    expect(ids(scan.rows(1_001))).toEqual(['x-5', 'x-4', 'x-3']);
  });

  it.each([false, true])('is the same window, made in slices or at once (with ended ones: %s)', (ended) => {
    const { table, connections } = tableOf(1_000, (serial) => ({ bytesOut: (serial * 7_919) % 997 }));
    for (const each of connections.slice(0, 20)) table.ended(each);
    const query: WindowQuery = {
      ...everything,
      matches: ({ bytesOut }) => bytesOut % 3 > 0,
      order: { by: 'bytesOut', descending: true },
      offset: 5,
      limit: 50,
      ended,
    };
    const scan = scanInSlices(table, 'x', query);
    let slices = 1;
    let window = scan.rows(2_000, () => true);
    for (; window === undefined; window = scan.rows(2_000, () => true)) slices += 1;
    expect(slices).toBeGreaterThan(50);
    expect(window).toEqual(scanConnections(table, 'x', query).rows(2_000));
    // In place again: not scanned for the next second.
    expect(scan.rows(2_500, () => true)).toMatchObject({ matched: window.matched });
  });

  it('is about the connections there were when its scan began, without those that ended since', () => {
    const { table, connections } = tableOf(40);
    const scan = scanInSlices(table, 'x', { ...everything, limit: 100 });
    expect(scan.rows(1_000, () => true)).toBeUndefined();
    table.ended(connections[0]!);
    table.ended(connections[39]!);
    for (let serial = 100; serial < 1_000; serial += 1) table.add(live(serial));
    const window = scan.rows(1_010, () => false)!;
    expect(ids(window)).toEqual(connections.slice(1, 39).map(({ serial }) => `x-${serial.toString(36)}`));
  });

  it('turns to another query in the middle of a scan', () => {
    const { table } = tableOf(40);
    const scan = scanInSlices(table, 'x', everything);
    expect(scan.rows(1_000, () => true)).toBeUndefined();
    scan.update({ ...everything, matches: (row) => row.client === '10.0.0.1:4000' });
    expect(scan.rows(1_000, () => false)).toMatchObject({ matched: 6 });
  });

  it('shows ended connections only when asked', () => {
    const { table, connections } = tableOf(3);
    const without = scanConnections(table, 'x', everything);
    const withEnded = scanConnections(table, 'x', { ...everything, ended: true });
    without.rows(1_000);
    table.ended(connections[0]!);
    expect(ids(without.rows(1_100))).toEqual(['x-2', 'x-3']);
    expect(withEnded.rows(1_100)).toMatchObject({
      total: 2,
      matched: 3,
      // Its age stands still, so the others are older by now.
      rows: [{ id: 'x-2' }, { id: 'x-3' }, { id: 'x-1', phase: 'ended' }],
    });
  });
});

describe('a filter over live connections', () => {
  const tls = (serial: number): Partial<LiveConnection> => {
    if (serial === 1) return {};
    const facts = { sni: `${serial}.example.com`, alpnOffered: [], versionsOffered: [] };
    const agreed = { version: serial === 4 ? 'TLSv1.2' : 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' };
    if (serial === 2) return { tls: facts, handshakeMono: 5, cause: 'no certificate' };
    if (serial === 3) return { tls: { ...facts, ...agreed, termination: 'passthrough' } };
    return { tls: { ...facts, ...agreed, resumed: serial === 4, termination: 'edge' } };
  };
  it.each([
    ['tls=edge', [4, 5]],
    ['tls=none', [1, 2]],
    ['sni~3.example', [3]],
    ['tlsversion=TLSv1.2', [4]],
    ['cipher~aes_128', [3, 4, 5]],
    ['resumed=yes', [4]],
    ['resumed=no', [5]],
    ['cause~certificate', [2]],
  ])('%s', (text, expected) => {
    const filter = parseFilter(text);
    const { table } = tableOf(5, tls);
    const query = { ...everything, limit: 9, matches: filter.ok ? filter.matches : () => false };
    const { rows } = scanConnections(table, 'x', query).rows(1_000);
    expect(rows.map(({ id }) => Number(id.slice(2)))).toEqual(expected);
  });
});

describe('a row', () => {
  it('tells a rate over the time between two looks, shared by all who look', () => {
    const connection = live(0, { bytesIn: 500, bytesOut: 500, lastByteMono: 900 });
    expect(connectionRow(connection, 'x', 1_000).rate).toBe(1_000);
    connection.bytesOut += 100;
    expect(connectionRow(connection, 'x', 1_100).rate).toBe(1_000);
    expect(connectionRow(connection, 'x', 1_500).rate).toBe(200);
    expect(connectionRow(connection, 'x', 9_000).rate).toBe(0);
  });

  it('tells of TLS what was decided', () => {
    const hello = { sni: 'shop.example.com', alpnOffered: [], versionsOffered: ['TLSv1.3'] };
    const undecided = connectionRow(live(0, { tls: hello, phase: 'handshake' }), 'x', 10);
    expect(undecided).toMatchObject({ phase: 'handshake', sni: 'shop.example.com' });
    expect(undecided).not.toHaveProperty('tls');
    const edge = live(0, { tls: { ...hello, termination: 'edge' } });
    expect(connectionRow(edge, 'x', 10)).toMatchObject({ tls: 'edge', sni: 'shop.example.com' });
    expect(connectionRow(live(0), 'x', 10)).not.toHaveProperty('sni');
  });

  it('stands still once the connection has ended', () => {
    const { table, connections, tick } = tableOf(1, () => ({ lastByteMono: 400, endMono: 990 }));
    table.ended(connections[0]!);
    tick(3_000);
    expect(connectionRow(connections[0]!, 'x', 3_000)).toMatchObject({ ageMs: 999, idleMs: 600, rate: 0 });
  });

  it("hides the last stream's termination while the next one runs", () => {
    const connection = live(1, { termination: 'sH--', endMono: 10 });
    expect(connectionRow(connection, 'x', 20)).toMatchObject({ termination: 'sH--' });
    connection.endMono = -1;
    expect(connectionRow(connection, 'x', 20)).not.toHaveProperty('termination');
  });
});

describe('the detail', () => {
  it('is a ladder in the order in which things happened', () => {
    const connection = live(10, {
      method: 'GET',
      path: '/cart',
      host: 'shop.example.com',
      requestMono: 20,
      headMono: 25,
      queuedMono: 25,
      serverQueuePlace: 3,
      assignedMono: 40,
      connectedMono: 60,
      responseMono: 90,
      endMono: 95,
      status: 200,
      server: 'app/one',
      serverAddress: '127.0.0.1:80',
      termination: '----',
      steps: [{ what: 'retry', atMs: 45, text: 'connection refused' }],
    });
    expect(connectionDetail(connection, 'x', 100).steps).toEqual([
      { what: 'accept', atMs: 0, text: '10.0.0.3:4000 on web' },
      { what: 'request', atMs: 15, text: 'GET /cart for shop.example.com' },
      { what: 'queue', atMs: 15, text: 'place 3 in the queue of app/one' },
      { what: 'retry', atMs: 45, text: 'connection refused' },
      { what: 'connect', atMs: 50, text: 'connected to app/one at 127.0.0.1:80' },
      { what: 'response', atMs: 80, text: '200' },
      { what: 'end', atMs: 85, text: '----' },
    ]);
  });

  it('holds the facts of both handshakes, where there were any', () => {
    const tls = {
      termination: 'reencrypt',
      alpnOffered: ['http/1.1'],
      versionsOffered: ['TLSv1.3'],
    } as const;
    const serverTls = { version: 'TLSv1.3', cipher: 'x', resumed: true, verified: true, handshakeMs: 2 };
    const detail = connectionDetail(live(0, { tls, serverTls }), 'x', 10);
    expect(detail).toMatchObject({ clientTls: tls, serverTls });
    const plain = connectionDetail(live(0), 'x', 10);
    expect(Object.keys(plain)).not.toEqual(expect.arrayContaining(['clientTls']));
    expect(Object.keys(plain)).not.toEqual(expect.arrayContaining(['serverTls']));
  });

  it('tells only what has happened', () => {
    const { steps, timers } = connectionDetail(live(10), 'x', 100);
    expect(steps.map(({ what }) => what)).toEqual(['accept']);
    expect(timers).toMatchObject({ TR: -1, Ta: 90 });
  });
});
