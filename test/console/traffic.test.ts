import { describe, expect, it } from 'vitest';
import {
  lastMinute,
  noTraffic,
  pastSeconds,
  secondly,
  withHistory,
  withoutTopic,
  withSample,
} from '../../src/console/traffic.ts';
import { noon, pastOf, sampleOf, totals, wellWorld } from './worlds.ts';

const world = wellWorld();
const requests = ({ totals: seen }: { totals: { requests: number | null } }) => seen.requests;

describe('traffic', () => {
  it('keeps one point a second, newest last, and not for ever', () => {
    let traffic = noTraffic;
    for (let at = 0; at < 700; at += 1) traffic = withSample(traffic, sampleOf(world, noon + at * 1_000));
    traffic = withSample(traffic, { ...sampleOf(world, noon + 699_200), totals: totals({ requests: 7 }) });
    expect(traffic.past.length).toBe(pastSeconds);
    expect(traffic.past.at(-1)).toMatchObject({ at: noon + 699_200, totals: { requests: 7 } });
  });

  it('lays the history of the runtime under what came since', () => {
    const traffic = withHistory(withSample(noTraffic, sampleOf(world, noon + 1_000)), pastOf(world, 5, noon));
    expect(traffic.past.map(({ at }) => at - noon)).toEqual([-4_000, -3_000, -2_000, -1_000, 0, 1_000]);
  });

  it('forgets the present of what is not sent any more, and keeps the past', () => {
    const traffic = withoutTopic(withoutTopic(withSample(noTraffic, sampleOf(world)), 'backends'), 'totals');
    expect(traffic.backends.size).toBe(0);
    expect(traffic.totals).toBeUndefined();
    expect(traffic.past.length).toBe(1);
  });

  it('shows a gap as a gap', () => {
    const past = [pastOf(world, 1, noon - 3_000)[0]!, pastOf(world, 1, noon)[0]!];
    expect(secondly(past, noon, 5, requests).map((value) => value !== null)).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(secondly(past, noon + 60_000, 5, requests)).toEqual([null, null, null, null, null]);
    expect(secondly([], noon, 2, requests)).toEqual([null, null]);
  });

  it('sums up the last minute in cells whose edges stand still', () => {
    const past = Array.from({ length: 60 }, (_, index) => ({
      at: noon - (59 - index) * 1_000,
      totals: totals({ requests: index < 30 ? 10 : 20 }),
      backends: {},
    }));
    const cells = lastMinute(past, noon, 12, requests);
    expect(cells.length).toBe(12);
    expect(cells[0]).toBe(10);
    expect(cells.at(-1)).toBe(20);
    const later = [...past, { at: noon + 1_000, totals: totals({ requests: 20 }), backends: {} }];
    expect(lastMinute(later, noon + 1_000, 12, requests).slice(1, -1)).toEqual(cells.slice(1, -1));
  });
});
