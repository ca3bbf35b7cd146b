#!/usr/bin/env node
// Starts dist/main.js on a Node that is recent enough, or says what is missing.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isRecentEnough, projectNode } from './current-node.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

if (!existsSync(main)) {
  console.error('sluice: not built yet: run `npm run build`');
  process.exitCode = 2;
} else if (isRecentEnough(process.versions.node)) {
  const { enableCompileCache } = await import('node:module');
  enableCompileCache();
  await import(main);
} else {
  handOver(projectNode());
}

/** @param {string | undefined} node */
function handOver(node) {
  if (node === undefined) {
    console.error(
      `sluice: needs Node 22.12 or newer, this is ${process.versions.node}: run \`npm ci\` in the project, or install a newer Node`,
    );
    process.exitCode = 2;
    return;
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2']) {
    // The terminal sends SIGINT to the whole group, and a second one would end the child at once.
    process.on(signal, () => (signal === 'SIGINT' && hasTerminal()) || child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
}

/** Whether Ctrl-C can come from a terminal: where there is none, SIGINT was sent to this process alone. */
function hasTerminal() {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
