import { describe, expect, it } from 'vitest';
import { blockOn, confirmTime } from '../../../src/cli/nft/block.ts';
import type { GlobalOptions } from '../../../src/cli/options.ts';
import type { VerbContext } from '../../../src/cli/program.ts';
import { fakeClient } from '../client.ts';
import { type FakeTerminal, fakeTerminal } from '../terminal.ts';

const address = '192.0.2.7';
const plain = { for: 0, why: '' };
const context = (terminal: FakeTerminal, options: GlobalOptions = {}): VerbContext => ({
  terminal,
  env: {},
  version: '0',
  options,
});

function blocking(terminal: FakeTerminal, client = withBlock()) {
  return { client, done: blockOn(context(terminal), client, address, plain, 30_000) };
}

/** Its runtime blocks, and waits for a confirmation. */
function withBlock() {
  const client = fakeClient(undefined, () =>
    client.set('block', address, { address, why: '', by: 'anna', at: 0, confirmBy: Date.now() + 30_000 }),
  );
  return client;
}

describe('how long a block may wait to be confirmed', () => {
  const script = context(fakeTerminal());
  const person = context(fakeTerminal({ isTty: true, answers: [] }));

  it('is said by whoever cannot be asked', () => {
    expect(() => confirmTime(script, address, plain)).toThrow(/nobody can be asked/);
    expect(() =>
      confirmTime(context(person.terminal as FakeTerminal, { yes: true }), address, plain),
    ).toThrow();
    expect(confirmTime(script, address, { ...plain, keep: true })).toBe(0);
    expect(confirmTime(script, address, { ...plain, confirm: 60_000 })).toBe(60_000);
    expect(confirmTime(person, address, plain)).toBe(30_000);
  });

  it('is one answer, and force names the same address', () => {
    expect(() => confirmTime(script, address, { ...plain, keep: true, confirm: 60_000 })).toThrow(
      /two answers/,
    );
    expect(() => confirmTime(script, address, { ...plain, keep: true, force: '192.0.2.8' })).toThrow(
      /192\.0\.2\.8/,
    );
  });
});

describe('a block on a terminal', () => {
  it('stands after a second yes', async () => {
    const { client, done } = blocking(fakeTerminal({ isTty: true, answers: [true, true] }));
    await done;
    expect(client.executed.map(({ kind }) => kind)).toEqual(['block', 'confirm-block']);
  });

  it('is taken back after a no', async () => {
    const { client, done } = blocking(fakeTerminal({ isTty: true, answers: [true, false] }));
    await expect(done).rejects.toMatchObject({ ending: 'refused' });
    expect(client.executed.map(({ kind }) => kind)).toEqual(['block', 'unblock']);
  });

  it('is not tried without the first', async () => {
    const { client, done } = blocking(fakeTerminal({ isTty: true, answers: [false] }));
    await expect(done).rejects.toMatchObject({ ending: 'refused' });
    expect(client.executed).toEqual([]);
  });

  it('says in a script how it is confirmed', async () => {
    const terminal = fakeTerminal();
    const { client, done } = blocking(terminal);
    await done;
    expect(client.executed).toHaveLength(1);
    expect(terminal.noted.join()).toContain(`sluice nft confirm ${address}`);
  });
});
