import { describe, expect, it } from 'vitest';
import { findingLines, forceText, probingText, verdictLine } from '../../../src/cli/tls/preflight-lines.ts';
import type { Preflight, PreflightFinding } from '../../../src/domain/preflight.ts';

const finding = (severity: PreflightFinding['severity'], over: Partial<PreflightFinding> = {}) => ({
  subject: 'web/app1',
  severity,
  text: 'speaks TLSv1.3',
  ...over,
});

const preflight = (over: Partial<Preflight> = {}): Preflight => ({
  route: 'shop',
  from: 'edge',
  to: 'reencrypt',
  connections: { passthrough: 0, edge: 0, reencrypt: 0 },
  findings: [],
  pending: 2,
  verdict: 'running',
  ...over,
});

describe('a finding', () => {
  it.each([
    ['good', '●'],
    ['note', '·'],
    ['warning', '▲'],
    ['unsafe', '▼'],
  ] as const)('that is %s has the sign %s', (severity, sign) => {
    expect(findingLines(finding(severity), 10, false)).toBe(`  ${sign} web/app1    speaks TLSv1.3`);
  });

  it('has its remedy under its text', () => {
    expect(findingLines(finding('unsafe', { remedy: 'name its CA' }), 8, false).split('\n')).toEqual([
      '  ▼ web/app1  speaks TLSv1.3',
      '              → name its CA',
    ]);
  });

  it('obeys nobody', () => {
    const lines = findingLines(finding('good', { text: 'CN=\u001b[2J', subject: 'a\u202e' }), 8, true);
    expect(lines).toContain('CN=\\x1b[2J');
    expect(lines).not.toContain('\u202e');
  });
});

describe('what it comes to', () => {
  it.each([
    [{ verdict: 'safe' }, '● safe to switch shop from edge to reencrypt'],
    [
      { verdict: 'safe', findings: [finding('warning'), finding('good')] },
      '▲ safe to switch shop from edge to reencrypt, with 1 warning',
    ],
    [
      { verdict: 'unsafe', findings: [finding('unsafe'), finding('good'), finding('unsafe')] },
      '▼ not safe to switch shop from edge to reencrypt: 2 findings of 3 would fail clients',
    ],
    [{}, '◌ probing shop from edge to reencrypt'],
    [{ from: 'reencrypt', verdict: 'safe' }, '● safe to switch shop, which is reencrypt already'],
  ] as const)('%j', (over, line) => expect(verdictLine(preflight(over), false)).toBe(line));

  it('says what is under way', () =>
    expect(probingText(preflight())).toBe('◌ probing shop for reencrypt: 2 probes under way'));

  it('tells how to force, in words that can be copied', () =>
    expect(forceText('shop', 'edge')).toBe('sluice tls switch shop edge --force shop'));
});
