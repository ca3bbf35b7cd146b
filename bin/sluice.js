#!/usr/bin/env node
// Starts dist/main.js on a Node that is recent enough, or says what is missing.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
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
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR1']) {
    // The terminal sends SIGINT to the whole group; the others are passed on.
    process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + 1;
  });
}
