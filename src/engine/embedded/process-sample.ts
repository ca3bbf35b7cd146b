// What an instance costs: CPU, memory, and how long its event loop was ever held up.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ProcessSample } from '../../domain/counters.ts';

const resolutionMs = 20;

export function createProcessSampler(logDropped: () => number): () => ProcessSample {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  return () => {
    const { user, system } = process.cpuUsage();
    // The histogram holds the time between two beats, which is at least the beat itself.
    const loopDelayMs = Math.max(0, Math.round((delay.max / 1e6 - resolutionMs) * 10) / 10);
    delay.reset();
    return {
      cpuUs: user + system,
      rssBytes: process.memoryUsage.rss(),
      loopDelayMs,
      logDropped: logDropped(),
    };
  };
}
