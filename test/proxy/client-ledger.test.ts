import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientLedger, type LedgerClient } from '../../src/proxy/client-ledger.ts';

function ledgerAt(limit?: number) {
  const clock = { ms: 1_000_000 };
  const ledger = new ClientLedger(() => clock.ms, limit);
  const addresses = () => ledger.observed([]).clients.map(({ address }) => address);
  return { ledger, clock, addresses, second: () => Math.floor(clock.ms / 1_000) };
}

describe('the clients that are kept in mind', () => {
  it('are those with connections, however long ago they came', () => {
    const { ledger, clock } = ledgerAt();
    ledger.came('10.0.0.1');
    ledger.came('10.0.0.1');
    ledger.came('2001:db8::7');
    clock.ms += 3_600_000;
    expect(ledger.present).toBe(2);
    expect(ledger.observed([]).clients).toEqual([
      { address: '10.0.0.1', connections: 2, backends: [] },
      { address: '2001:db8::7', connections: 1, backends: [] },
    ]);
  });

  it('are those that left within a minute', () => {
    const { ledger, clock, addresses } = ledgerAt();
    ledger.left(ledger.came('10.0.0.1')!);
    expect(ledger.present).toBe(0);
    clock.ms += 60_000;
    expect(addresses()).toEqual(['10.0.0.1']);
    clock.ms += 1_000;
    expect(addresses()).toEqual([]);
  });

  it('are none of a unix socket', () => {
    const { ledger } = ledgerAt();
    expect(ledger.came('')).toBeUndefined();
    expect(ledger.observed([])).toEqual({ clients: [], missed: 0 });
  });
});

describe('the backends of a client', () => {
  const backendsOf = (ledger: ClientLedger, using: readonly (readonly [LedgerClient, string])[] = []) =>
    ledger.observed(using).clients[0]!.backends;

  it('are those that its streams of the last minute went to, each once', () => {
    const { ledger, clock, second } = ledgerAt();
    const client = ledger.came('10.0.0.1')!;
    client.used('web', second());
    clock.ms += 50_000;
    for (const backend of ['api', 'pay', 'api', 'pay']) client.used(backend, second());
    expect(backendsOf(ledger)).toEqual(['pay', 'web', 'api']);
    clock.ms += 20_000;
    client.used('pay', second());
    expect(backendsOf(ledger)).toEqual(['pay', 'api']);
    clock.ms += 3_600_000;
    expect(backendsOf(ledger)).toEqual([]);
  });

  it('are those of streams under way, too', () => {
    const { ledger } = ledgerAt();
    const client = ledger.came('10.0.0.1')!;
    expect(backendsOf(ledger, [[client, 'db']])).toEqual(['db']);
  });
});

describe('a full ledger', () => {
  it('counts connections that it has no room for, and forgets their number after two minutes', () => {
    const { ledger, clock } = ledgerAt(2);
    const [one] = ['10.0.0.1', '10.0.0.2'].map((address) => ledger.came(address)!);
    expect([ledger.came('10.0.0.3'), ledger.came('10.0.0.3')]).toEqual([undefined, undefined]);
    expect(ledger.came('10.0.0.1')).toBe(one);
    expect(ledger.observed([]).missed).toBe(2);
    clock.ms += 60_000;
    expect(ledger.observed([]).missed).toBe(2);
    clock.ms += 120_000;
    expect(ledger.observed([]).missed).toBe(0);
  });

  it('has room again for as many as are long gone', () => {
    const { ledger, clock, addresses } = ledgerAt(100);
    for (let i = 0; i < 100; i += 1) {
      const client = ledger.came(`10.0.0.${i}`)!;
      if (i % 10 !== 0) ledger.left(client);
    }
    clock.ms += 61_000;
    for (let i = 0; i < 200; i += 1) ledger.left(ledger.came(`10.0.1.${i}`) ?? ledger.came('10.0.0.0')!);
    expect(addresses().filter((address) => address.startsWith('10.0.0.'))).toHaveLength(10);
    expect(addresses().filter((address) => address.startsWith('10.0.1.')).length).toBeGreaterThan(80);
  });
});

it('knows at all times how many different clients there are, as a plain count would', () => {
  const step = fc.record({ address: fc.nat(5), leaves: fc.boolean(), ms: fc.nat(40_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { ledger, clock } = ledgerAt();
      const open: LedgerClient[] = [];
      for (const { address, leaves, ms } of steps) {
        clock.ms += ms;
        if (leaves && open.length > 0) ledger.left(open.shift()!);
        else open.push(ledger.came(`10.0.0.${address}`)!);
        const present = new Set(open.map((client) => client.address));
        expect(ledger.present).toBe(present.size);
        const observed = ledger.observed([]).clients.filter(({ connections }) => connections > 0);
        expect(observed.reduce((sum, { connections }) => sum + connections, 0)).toBe(open.length);
        expect(new Set(observed.map((client) => client.address))).toEqual(present);
      }
    }),
  );
});
