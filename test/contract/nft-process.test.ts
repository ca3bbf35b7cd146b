// The nft program as it is, in a namespace; and stand-ins for it that hang, die and talk nonsense.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system-clock.ts';
import type { NftCommand } from '../../src/nft/json.ts';
import { createLastWord } from '../../src/nft/process/last-word.ts';
import type { NftErrorCode } from '../../src/nft/process/nft.ts';
import { createNft } from '../../src/nft/process/run-nft.ts';
import { createNetwork, type Namespace, type Network, nftablesFault } from '../support/namespaces.ts';
import { isAlive, until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';

const fault = nftablesFault('nft');
const why = fault === undefined ? '' : ` (${fault})`;

const table = (name: string): NftCommand => ({ add: { table: { family: 'inet', name } } });

describe.skipIf(fault !== undefined)(`nft${why}`, () => {
  let network: Network;
  let here: Namespace;
  beforeAll(() => {
    network = createNetwork('nft');
    here = network.namespace('here');
  });
  afterAll(() => network.remove());
  const nft = (...before: readonly string[]) =>
    createNft({ command: [...here.prefix, ...before, 'nft'], clock: systemClock });
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

  it('can be used by root, and by nobody with the capability', async () => {
    expect(await nft().usable()).toEqual({ read: true, change: true });
    const capable = nft(...asNobody, '--inh-caps=+net_admin', '--ambient-caps=+net_admin');
    expect(await capable.usable()).toMatchObject({ read: true });
  });

  it('cannot be used by nobody, and it is said why and what helps', async () => {
    const { read, change } = await nft(...asNobody).usable();
    expect(read).toMatchObject({ no: expect.stringContaining('Operation not permitted') });
    expect(read).toMatchObject({ remedy: expect.stringContaining('CAP_NET_ADMIN') });
    expect(change).toMatchObject({ no: expect.stringContaining('cannot be changed') });
    await expect(nft(...asNobody).list('ruleset')).rejects.toMatchObject({ code: 'not-permitted' });
  });

  it('does all of a transaction or nothing', async () => {
    await nft().transact([table('first'), table('second')]);
    await expect(
      nft().transact([table('third'), { delete: { table: { family: 'inet', name: 'nowhere' } } }]),
    ).rejects.toMatchObject({
      name: 'NftError',
      code: 'refused',
      message: expect.not.stringContaining('\n'),
    });
    await nft().transact([table('fourth')], 'check');
    const names = (await nft().list('tables')).flatMap((object) =>
      object !== null && typeof object === 'object' && 'table' in object
        ? [(object.table as { name: string }).name]
        : [],
    );
    expect(names).toEqual(['first', 'second']);
    expect(await nft().text('table', 'inet', 'first')).toContain('table inet first { # handle');
  });

  it.each(['a\0b', 'x\ud800'])('is not given %j, which it would take for nothing at all', async (name) => {
    await expect(nft().transact([table(name)])).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('nft cannot read'),
    });
  });

  it('tells of changes, a burst once', async () => {
    let told = 0;
    const ends: string[] = [];
    const stop = nft().monitor(
      () => {
        told += 1;
      },
      (text) => ends.push(text),
    );
    // One that nothing caused, once it listens.
    await until('it listens', () => told === 1);
    here.rules(Array.from({ length: 2_000 }, (_, index) => `add table inet burst${index}`).join('\n'));
    await until('it tells', () => told >= 2);
    stop();
    expect(told).toBeLessThan(20);
    here.rules('flush ruleset');
    expect(ends).toEqual([]);
  });

  it('tells when its monitor ends', async () => {
    const ends: string[] = [];
    const stop = nft(...asNobody).monitor(
      () => {},
      (text) => ends.push(text),
    );
    await until('it ended', () => ends.length > 0);
    expect(ends[0]).toContain('nft monitor ended: ');
    stop();
  });
});

describe('a program that is not nft', () => {
  let place: Scratch;
  beforeAll(() => {
    place = scratch();
  });
  afterAll(() => place.remove());

  function standIn(name: string, script: string, timeoutMs = 5_000) {
    writeFileSync(place.path(name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return createNft({ command: [place.path(name)], clock: systemClock, timeoutMs });
  }

  it.each<readonly [string, string, NftErrorCode]>([
    ['nonsense', 'echo "table inet x {"', 'nonsense'],
    ['nothing', 'exit 0', 'nonsense'],
    ['other', `echo '{"rules":[]}'`, 'nonsense'],
    ['dying', 'kill -SEGV $$', 'nonsense'],
    ['failing', 'echo "Error: no buffer space available" >&2; exit 1', 'refused'],
    ['endless', 'exec cat /dev/zero', 'refused'],
  ])('%s is an error, not an answer', async (name, script, code) => {
    await expect(standIn(name, script).list('ruleset')).rejects.toMatchObject({ name: 'NftError', code });
  });

  it('is ended by its pid where it hangs, even where its own child holds its output open', async () => {
    const nft = standIn('hanging', `echo $$ > ${place.path('pid')}; sleep 3 & wait`, 300);
    await expect(nft.list('tables')).rejects.toMatchObject({ code: 'timeout' });
    expect(isAlive(Number(readFileSync(place.path('pid'), 'utf8')))).toBe(false);
  });

  it('is ended where it hangs and the runtime ends, and not started after that', async () => {
    const lastWord = createLastWord(systemClock);
    const script = `echo x >> ${place.path('started')}; exec sleep 60`;
    writeFileSync(place.path('for-ever'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const nft = createNft({ command: [place.path('for-ever')], clock: systemClock, lastWord });
    const asked = nft.list('ruleset');
    lastWord.within(200);
    await expect(asked).rejects.toThrow('nft did not answer before the runtime ended');
    await expect(nft.list('ruleset')).rejects.toMatchObject({ code: 'timeout' });
    expect(readFileSync(place.path('started'), 'utf8')).toBe('x\n');
  });

  it('is asked again where a change spoilt the answer', async () => {
    const nft = standIn(
      'busy',
      `test -e ${place.path('was')} && { echo '{"nftables":[]}'; exit 0; }; touch ${place.path('was')}; echo "Error: Interrupted system call" >&2; exit 1`,
    );
    expect(await nft.list('tables')).toEqual([]);
  });

  it('may be missing', async () => {
    const nft = createNft({ command: [place.path('absent')], clock: systemClock });
    expect(await nft.usable()).toMatchObject({
      read: {
        no: expect.stringContaining('there is no program nft'),
        remedy: expect.stringContaining('install'),
      },
    });
    const ends: string[] = [];
    nft.monitor(
      () => {},
      (text) => ends.push(text),
    );
    await until('it ended', () => ends.length > 0);
  });
});
