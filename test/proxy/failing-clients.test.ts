import { beforeEach, describe, expect, it } from 'vitest';
import { FailingClients } from '../../src/proxy/failing-clients.ts';

let clients: FailingClients;
beforeEach(() => {
  clients = new FailingClients();
});
const fail = (client: string, times: number, mono = 0) => {
  for (let time = 0; time < times; time += 1) clients.failed(client, mono);
};

describe('FailingClients', () => {
  it('counts an address that only fails once in five seconds', () => {
    fail('10.0.0.1', 150);
    fail('10.0.0.2', 3);
    expect(clients.counted).toBe(2);
    fail('10.0.0.1', 10, 4_999);
    expect(clients.counted).toBe(2);
    fail('10.0.0.1', 10, 5_000);
    expect(clients.counted).toBe(3);
  });

  it('counts in full what fails at an address that gets through as well, before and after', () => {
    fail('10.0.0.1', 4);
    clients.succeeded('10.0.0.1', 10);
    expect(clients.counted).toBe(4);
    clients.succeeded('10.0.0.1', 20);
    fail('10.0.0.1', 3, 30);
    expect(clients.counted).toBe(7);
  });

  it('keeps no more than so many addresses', () => {
    for (let client = 0; client < 10_000; client += 1)
      clients.failed(`10.0.${client >> 8}.${client & 255}`, 0);
    expect(clients.counted).toBe(10_000);
    // Forgotten with the others when there were too many: it counts again.
    fail('10.0.0.0', 1);
    expect(clients.counted).toBe(10_001);
  });
});
