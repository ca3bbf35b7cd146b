import { describe, expect, it } from 'vitest';
import { idOfName, serverIds } from '../../src/config/server-ids.ts';

describe('stable ids', () => {
  it('differ by name, and are what they always were', () => {
    expect([idOfName('app1'), idOfName('app2')]).toEqual([idOfName('app1'), idOfName('app2')]);
    expect(idOfName('pod1')).toBe(1287782377);
    expect(new Set(Array.from({ length: 2_000 }, (_, index) => idOfName(`app${index}`))).size).toBe(2_000);
  });

  it('tell a collision, with the remedy', () => {
    const servers = [{ name: 'a', id: idOfName('b') }, { name: 'b' }];
    expect(serverIds(servers, ['servers']).findings).toMatchObject([
      {
        path: ['servers', 1, 'name'],
        message: expect.stringContaining('that of the server "a"'),
        remedy: expect.stringContaining('id:'),
      },
    ]);
  });
});
