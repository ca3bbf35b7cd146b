import { describe, expect, it } from 'vitest';
import { jhash } from '../../../src/domain/jhash.ts';
import { flowOf } from '../../../src/nft/conntrack/flow-lines.ts';

/** As conntrack 1.4.7 wrote them. */
const translated =
  'ipv4     2 tcp      6 431999 ESTABLISHED src=10.1.0.3 dst=10.1.0.1 sport=36191 dport=80 packets=3 bytes=164 src=10.2.1.2 dst=10.1.0.3 sport=8080 dport=36191 packets=2 bytes=128 [ASSURED] mark=0 delta-time=1 [start=Mon Nov 23 02:47:27 2026] use=1 id=3667214564';
const unreplied =
  'ipv6     10 tcp      6 119 SYN_SENT src=fd00:1::3 dst=fd00:1::1 sport=32837 dport=80 [UNREPLIED] src=fd00:2:1::2 dst=fd00:1::3 sport=8080 dport=32837 mark=0 secctx=system_u:object_r:unlabeled_t:s0 zone=5 use=2 id=776734470';

describe('a line of conntrack', () => {
  it('is a connection with both its sides', () => {
    expect(flowOf(translated, 100_000)).toEqual({
      id: 3_667_214_564,
      family: 'ipv4',
      state: 'ESTABLISHED',
      timeoutS: 431_999,
      original: {
        source: '10.1.0.3',
        sourcePort: 36_191,
        destination: '10.1.0.1',
        destinationPort: 80,
        packets: 3,
        bytes: 164,
      },
      reply: {
        source: '10.2.1.2',
        sourcePort: 8_080,
        destination: '10.1.0.3',
        destinationPort: 36_191,
        packets: 2,
        bytes: 128,
      },
      startedAt: 99_000,
    });
  });

  it('may have no counts, no answer yet, a zone and more', () => {
    expect(flowOf(unreplied, 0)).toEqual({
      id: 776_734_470,
      family: 'ipv6',
      state: 'SYN_SENT',
      timeoutS: 119,
      original: { source: 'fd00:1::3', sourcePort: 32_837, destination: 'fd00:1::1', destinationPort: 80 },
      reply: { source: 'fd00:2:1::2', sourcePort: 8_080, destination: 'fd00:1::3', destinationPort: 32_837 },
    });
  });

  it('of what a flowtable carries has neither timeout nor state', () => {
    expect(
      flowOf(
        'ipv4 2 tcp 6 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [OFFLOAD] mark=0 use=2 id=7',
        0,
      ),
    ).toMatchObject({ state: 'OFFLOAD', timeoutS: 0, id: 7 });
  });

  it.each([
    '',
    'conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.',
    translated.replace('tcp ', 'udp '),
    translated.replace(' id=3667214564', ''),
    translated.replace('dport=80', 'dport=80000'),
    translated.replace('src=10.2.1.2', ''),
    translated.replace('ipv4', 'ipv9'),
    'ipv4 2 tcp 6',
  ])('is nothing: %j', (line) => {
    expect(flowOf(line, 0)).toBeUndefined();
  });

  it('that was cut, mixed up or written by somebody else is a whole connection or none', () => {
    const pieces = [
      ...translated.split(/\s+/),
      ...unreplied.split(/\s+/),
      '__proto__=1',
      '=',
      'src=',
      '\0',
      'id=1e9',
    ];
    for (let round = 0; round < 20_000; round += 1) {
      const pick = (n: number) => jhash([round & 255, round >> 8, n], 1);
      const line =
        round % 2 === 0
          ? translated.slice(0, pick(0) % translated.length) + unreplied.slice(pick(1) % unreplied.length)
          : [
              'ipv4 2 tcp 6',
              ...Array.from({ length: pick(2) % 20 }, (_, n) => pieces[pick(n + 3) % pieces.length]),
            ].join(' ');
      const flow = flowOf(line, 0);
      if (flow === undefined) continue;
      expect(Number.isSafeInteger(flow.id)).toBe(true);
      expect(flow.state).toMatch(/^[A-Z][A-Z0-9_]*$/);
      for (const side of [flow.original, flow.reply]) {
        expect(side.source).not.toBe('');
        expect(side.destination).not.toBe('');
        for (const port of [side.sourcePort, side.destinationPort]) expect(port).toBeLessThan(65_536);
        for (const count of [side.packets ?? 0, side.bytes ?? 0]) expect(Number.isFinite(count)).toBe(true);
      }
    }
  });
});
