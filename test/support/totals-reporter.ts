import type { Reporter, TestModule } from 'vitest/node';

/** Closes a run with the plain line `N passed, N failed` (and `, N skipped`) that a machine can read. */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state] += 1;
      // A file that does not load, and a hook that fails, skip their tests: they must not pass for that.
      for (const suite of [module, ...module.children.allSuites()]) count.failed += suite.errors().length;
    }
    const skipped = count.skipped + count.pending;
    console.log(`${count.passed} passed, ${count.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  }
}
