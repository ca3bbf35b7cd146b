// Shows the fake console on the terminal it is started in, and says on stderr how it ended.

import { setInterval } from 'node:timers';
import { colorDepth } from '../../src/ui/paint/color-depth.ts';
import { chooseTheme } from '../../src/ui/paint/theme-file.ts';
import { runConsole } from '../../src/ui/run-console.tsx';
import { createFakeConsole } from './fake-console.ts';

const depth = colorDepth(process.env);
const console = createFakeConsole({
  chart: process.argv.includes('--chart'),
  busy: process.argv.includes('--busy'),
});
const changing = setInterval(console.change, 50);
changing.unref();
if (process.argv.includes('--throw'))
  setTimeout(() => void Promise.reject(new Error('thrown elsewhere')), 700);
const end = await runConsole({
  console,
  stdin: process.stdin,
  stdout: process.stdout,
  theme: await chooseTheme(undefined, depth, process.env, `${process.argv[2]}`),
  depth,
  slow: process.argv.includes('--slow'),
  term: process.env.TERM,
});
clearInterval(changing);
// stderr is the same terminal: where nobody reads, writing there would wait for ever.
if (!process.argv.includes('--quiet')) {
  process.stderr.write(`ended: ${end.how}${'message' in end ? `: ${end.message}` : ''}\n`);
}
process.exitCode = end.exitCode;
