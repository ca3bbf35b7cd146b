import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { explainRules } from '../../../src/cli/nft/explain.ts';
import { wrapped } from '../../../src/cli/nft/explain-lines.ts';
import type { GlobalOptions } from '../../../src/cli/options.ts';
import { fakeTerminal } from '../terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-explain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const of = { family: 'ip', table: 'filter' };
const drop = { drop: null };
const saddr = { payload: { protocol: 'ip', field: 'saddr' } };
const ruleset = {
  nftables: [
    { metainfo: { version: '1.0.6' } },
    { table: { family: 'ip', name: 'filter', handle: 1 } },
    { set: { ...of, name: 'blocked', type: 'ipv4_addr', elem: ['192.0.2.7'] } },
    { chain: { ...of, name: 'input', type: 'filter', hook: 'input', prio: 0, policy: 'accept' } },
    { chain: { ...of, name: 'evil\x1b[2J' } },
    {
      rule: {
        ...of,
        chain: 'input',
        handle: 2,
        expr: [{ match: { op: '==', left: saddr, right: '192.168.1.100' } }, drop],
      },
    },
    { rule: { ...of, chain: 'evil\x1b[2J', handle: 3, expr: [{ teleport: '\x1b]0;x' }, drop] } },
  ],
};

let files = 0;
function file(content: string): string {
  files += 1;
  const path = join(folder, `${files}.json`);
  writeFileSync(path, content);
  return path;
}

async function explained(
  path: string,
  options: object = {},
  more: Partial<GlobalOptions> = {},
): Promise<string> {
  const terminal = fakeTerminal();
  await explainRules({ terminal, options: more as GlobalOptions, env: {}, version: '0' }, path, options);
  return terminal.printed.join('\n');
}

describe('sluice nft explain', () => {
  it('tells each rule as nft writes it and in plain English, and what it did not understand', async () => {
    const text = await explained(file(JSON.stringify(ruleset)));
    expect(text).toBe(`table ip filter
  Rules for IPv4: 2 chains, 2 rules.

  chain input: filter, hook input, priority 0, policy accept
    Sees every packet addressed to this machine, of IPv4.
    What no rule decides is accepted.

    ip saddr 192.168.1.100 drop
      Drops every packet from 192.168.1.100 addressed to this machine.

  chain evil\\x1b[2J
    No rule of its table leads here: it sees nothing.

    ▲ ⟨{"teleport":"\\u001b]0;x"}⟩ drop
      Does ⟨{"teleport":"\\u001b]0;x"}⟩ with every packet that comes to this
      chain (no rule of its table leads here), then drops it.

  set blocked: ipv4_addr, 1 element
    A set of ipv4_addr; 1 element.

2 rules, 1 not wholly understood: marked ▲, with ⟨ ⟩ around what nft says.`);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('tells one table or chain alone', async () => {
    const path = file(JSON.stringify(ruleset.nftables));
    const text = await explained(path, { table: 'ip filter', chain: 'input' });
    expect(text).toContain('192.168.1.100');
    expect(text).not.toContain('teleport');
    await expect(explained(path, { chain: 'nosuch' })).rejects.toThrow('there is no chain nosuch');
    await expect(explained(path, { table: 'inet filter' })).rejects.toThrow('there is no table inet filter');
  });

  it('is a document with --json', async () => {
    const document = JSON.parse(await explained(file(JSON.stringify(ruleset)), {}, { json: true })) as object;
    expect(document).toMatchObject({
      rules: 2,
      notUnderstood: 1,
      tables: [
        {
          family: 'ip',
          name: 'filter',
          chains: [
            {
              name: 'input',
              rules: [
                {
                  handle: 2,
                  text: 'ip saddr 192.168.1.100 drop',
                  explanation: ['Drops every packet from 192.168.1.100 addressed to this machine.'],
                  understood: true,
                },
              ],
            },
            { rules: [{ understood: false }] },
          ],
        },
      ],
    });
  });

  it.each([
    ['{"nftables":', /is no JSON/],
    ['{"a":1}', /has no list "nftables"/],
    ['\0', /binary/],
  ])('refuses %j, and says why', async (content, words) => {
    await expect(explained(file(content))).rejects.toThrow(words);
  });

  it('refuses a file that is not there', async () => {
    await expect(explained(join(folder, 'nosuch'))).rejects.toThrow(/nosuch cannot be read/);
  });
});

describe('wrapped', () => {
  it('breaks at blanks alone', () => {
    expect(wrapped(`${'a'.repeat(70)} ${'b'.repeat(90)} c`, 2, 4)).toEqual([
      `  ${'a'.repeat(70)}`,
      `    ${'b'.repeat(90)}`,
      '    c',
    ]);
  });
});
