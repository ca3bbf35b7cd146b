import { describe, expect, it } from 'vitest';
import { waitForDrain } from '../../src/cli/drain.ts';
import type { VerbContext } from '../../src/cli/program.ts';
import type { DrainJob, DrainPhase } from '../../src/domain/drain.ts';
import type { ServerEntity } from '../../src/domain/model.ts';
import { fakeClient } from './client.ts';
import { fakeTerminal } from './terminal.ts';

function job(phase: DrainPhase, streams: number): DrainJob {
  return {
    server: 'web/app1',
    phase,
    before: { admin: 'ready', weight: 100, overridden: false },
    startedAt: 0,
    deadlineAt: 0,
    then: 'wait',
    killRate: 10,
    by: 'anna',
    progress: { streamsAtStart: 5, streams, tunnels: 0, sticky: 0, queued: 0, arrivals: 0, killed: 0 },
  };
}

function begin({ json = false, isTty = false } = {}) {
  const terminal = fakeTerminal({ isTty });
  const client = fakeClient();
  const interrupted = new AbortController();
  const context: VerbContext = { terminal, env: {}, version: '0', options: { json } };
  client.set('server', 'web/app1', { key: 'web/app1', admin: 'drain' } as unknown as ServerEntity);
  return {
    terminal,
    client,
    end: waitForDrain(context, client, 'web/app1', interrupted.signal),
    interrupted,
  };
}

describe('drain --wait', () => {
  it('tells in lines what moved, and ends when it is drained', async () => {
    const { terminal, client, end } = begin();
    client.set('drain', 'web/app1', job('draining', 3));
    client.set('drain', 'web/app1', { ...job('draining', 3) });
    client.set('drain', 'web/app1', job('draining', 1));
    client.set('drain', 'web/app1', job('drained', 0));
    expect((await end).ending).toBe('done');
    expect(terminal.printed.map((line) => /(\d+ left|nothing left)/.exec(line)?.[0])).toEqual([
      '3 left',
      '1 left',
      'nothing left',
    ]);
  });

  it('updates one line on a terminal, and takes it away at the end', async () => {
    const { terminal, client, end } = begin({ isTty: true });
    client.set('drain', 'web/app1', job('draining', 3));
    client.set('drain', 'web/app1', job('drained', 0));
    await end;
    expect(terminal.printed).toEqual([]);
    expect(terminal.shown.at(-1)).toBe('');
    expect(terminal.shown.length).toBeGreaterThan(2);
  });

  it('prints one JSON document for each change', async () => {
    const { terminal, client, end } = begin({ json: true });
    client.set('drain', 'web/app1', job('draining', 3));
    client.set('drain', 'web/app1', job('drained', 0));
    await end;
    expect(terminal.printed.map((line) => (JSON.parse(line) as { drain: DrainJob }).drain.phase)).toEqual([
      'draining',
      'drained',
    ]);
  });

  it('ends when somebody gives the server back', async () => {
    const { client, end } = begin();
    client.set('drain', 'web/app1', job('draining', 3));
    client.set('server', 'web/app1', {
      key: 'web/app1',
      admin: 'ready',
      adminBy: 'bert',
    } as unknown as ServerEntity);
    client.set('drain', 'web/app1', null);
    expect(await end).toMatchObject({ ending: 'refused', text: expect.stringContaining('by bert') });
  });

  it('leaves the job alone when interrupted, and says so', async () => {
    const { client, end, interrupted } = begin();
    client.set('drain', 'web/app1', job('draining', 3));
    interrupted.abort();
    expect(await end).toMatchObject({
      ending: 'interrupted',
      text: expect.stringContaining('goes on, 3 left'),
    });
    expect(client.executed).toEqual([]);
  });

  it('survives a runtime that restarts, and ends when the attachment is closed for good', async () => {
    const { terminal, client, end } = begin({ isTty: true });
    client.become({ state: 'waiting', since: 0, attempt: 1, retryAt: 1, reason: 'lost' });
    expect(terminal.shown.at(-1)).toContain('reconnecting');
    client.become({ state: 'closed', code: 'not-permitted', reason: 'token revoked' });
    expect(await end).toMatchObject({ ending: 'no-runtime', text: expect.stringContaining('token revoked') });
  });
});
