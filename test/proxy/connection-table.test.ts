import { describe, expect, it } from 'vitest';
import { ConnectionTable } from '../../src/proxy/connection-table.ts';
import { LiveConnection } from '../../src/proxy/live-connection.ts';

let killed = 0;
const connection = (serial: number) =>
  new LiveConnection(serial, '10.0.0.1:4000', 'web', 'http', 1_000, 0, () => {
    killed += 1;
  });
const serials = (list: Iterable<LiveConnection>) => [...list].map(({ serial }) => serial);

describe('the connection table', () => {
  it('iterates open connections, oldest first', () => {
    const table = new ConnectionTable();
    const [one, two, three] = [connection(1), connection(2), connection(3)];
    for (const each of [one, two, three]) table.add(each);
    table.ended(two);
    expect(serials(table)).toEqual([1, 3]);
    expect(table.size).toBe(2);
    expect(table.get(3)).toBe(three);
    expect(table.get(4)).toBeUndefined();
  });

  it('keeps an ended connection for a while, found by its serial', () => {
    let now = 100;
    const table = new ConnectionTable({ keepEndedMs: 5_000, keepEnded: 10 }, () => now);
    const one = connection(1);
    table.add(one);
    table.ended(one);
    expect(one).toMatchObject({ phase: 'ended', endedMono: 100 });
    now = 5_100;
    expect(serials(table.recentlyEnded())).toEqual([1]);
    expect(table.get(1)).toBe(one);
    now = 5_101;
    expect(serials(table.recentlyEnded())).toEqual([]);
    expect(table.get(1)).toBeUndefined();
  });

  it('lets the oldest ended ones go first when there are too many', () => {
    const table = new ConnectionTable({ keepEndedMs: 5_000, keepEnded: 3 }, () => 0);
    for (let serial = 1; serial <= 5; serial += 1) {
      const each = connection(serial);
      table.add(each);
      table.ended(each);
    }
    expect(serials(table.recentlyEnded()).sort()).toEqual([3, 4, 5]);
  });

  it('ends a connection once, and lets go of what would kill it', () => {
    let now = 1;
    const table = new ConnectionTable(undefined, () => now);
    const one = connection(1);
    table.add(one);
    table.ended(one);
    now = 2;
    table.ended(one);
    one.kill();
    expect(one.endedMono).toBe(1);
    expect(killed).toBe(0);
    expect(serials(table.recentlyEnded())).toEqual([1]);
  });
});
