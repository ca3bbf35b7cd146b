// Bundles src into dist: one entry for each kind of process, shared code in chunks, the screen loaded only when asked for.
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Ink imports its developer tools statically; they are never used in production. */
const withoutDevtools = {
  name: 'without-devtools',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^react-devtools-core$/ }, () => ({
      path: 'react-devtools-core',
      namespace: 'empty',
    }));
    onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default {}' }));
  },
};

/** blessed requires its widgets by computed names without an extension, which a bundler cannot follow. */
const blessedWidgets = edited(/blessed\/lib\/widget\.js$/, [
  [/require\('\.\/widgets\/' \+ file\)/, "require('./widgets/' + file + '.js')"],
]);

/** Ink's parts each bring a string-width of their own, and each compiles its table of emoji as it is loaded: one is enough. */
const oneStringWidth = {
  name: 'one-string-width',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^string-width$/ }, ({ kind, pluginData }) =>
      kind === 'import-statement' && pluginData !== 'root'
        ? resolve('string-width', { kind, resolveDir: import.meta.dirname, pluginData: 'root' })
        : undefined,
    );
  },
};

const ours = (/** @type {string} */ file) => JSON.stringify(join(import.meta.dirname, 'src', file));
const graphemes = `import { graphemesOf, isOneCellEach } from ${ours('console/graphemes.ts')};\n`;
const paintedRow = `import { paintedWidth } from ${ours('ui/ink/painted-row.ts')};\n`;
/** @type {[RegExp, string][]} */
const segmentersWhenMet = [
  [/^/, graphemes],
  [/new Intl\.Segmenter\([^)]*\)/, '{ segment: graphemesOf }'],
];

/**
 * What takes longest of a start (tables for emoji and graphemes, loaded though most screens have neither) and of a frame
 * (every row taken apart cell by cell) is done only for text that needs it.
 */
const shortcuts = [
  edited(/string-width\/index\.js$/, [
    ...segmentersWhenMet,
    [
      /^const emojiPrefixRegex = (.+);$/m,
      'let emojiPrefix; const emojiPrefixRegex = () => (emojiPrefix ??= $1);',
    ],
    [/\bemojiPrefixRegex\./g, 'emojiPrefixRegex().'],
    [/^function unicodeWidth\(string, .+{$/m, '$&\nif (isOneCellEach(string)) return string.length;'],
  ]),
  edited(/ansi-tokenize\/build\/tokenize\.js$/, segmentersWhenMet),
  edited(/slice-ansi\/tokenize-ansi\.js$/, segmentersWhenMet),
  edited(/wrap-ansi\/index\.js$/, segmentersWhenMet),
  edited(/ink\/build\/line-update\.js$/, [
    ...segmentersWhenMet,
    [/\bprintableAscii\.test\(/g, 'isOneCellEach('],
  ]),
  edited(/ink\/build\/sanitize-ansi\.js$/, [
    [/^/, paintedRow],
    [/^const sanitizeAnsi = .+{$/m, '$&\nif (paintedWidth(text) !== undefined) return text;'],
  ]),
  edited(/widest-line\/index\.js$/, [
    [/^/, paintedRow],
    [
      /^export default function .+{$/m,
      '$&\nconst painted = paintedWidth(string);\nif (painted !== undefined) return painted;',
    ],
  ]),
  edited(/ink\/build\/output\.js$/, [
    [/^/, `import { rowByRow } from ${ours('ui/ink/row-output.ts')};\n`],
    [/^export default class Output /m, 'class Output '],
    [/$/, '\nexport default rowByRow(Output);'],
  ]),
];

/** Only a wss runtime needs TLS, which Node takes a while to load. */
const tlsWhenMet = edited(/ws\/lib\/websocket\.js$/, [
  [/^const https = require\('https'\);$/m, ''],
  [/^const tls = require\('tls'\);$/m, ''],
  [/\bhttps\.request\b/g, "require('https').request"],
  [/\btls\.connect\(/g, "require('tls').connect("],
]);

/** Yoga decodes its WebAssembly with `fetch` where there is one, and Node loads a whole HTTP client for that. */
const yogaWithoutFetch = edited(/yoga-wasm-base64-esm\.js$/, [[/^/, 'const fetch = undefined;\n']]);

/**
 * A dependency's file, changed where it is bundled. A new version that has not what is replaced fails the build.
 * @param {RegExp} filter
 * @param {[RegExp, string][]} replacements
 */
function edited(filter, replacements) {
  return {
    name: `edited ${filter.source}`,
    setup({ onLoad }) {
      onLoad({ filter }, async ({ path }) => {
        let contents = await readFile(path, 'utf8');
        for (const [found, instead] of replacements) {
          if (contents.search(found) < 0) throw new Error(`${path}: ${found} is not there any more`);
          contents = contents.replace(found, instead);
        }
        return { contents, loader: 'js' };
      });
    },
  };
}

/** Built beside and then put in its place, so that a program started meanwhile finds either the old or the new. */
const [fresh, old] = ['dist.fresh', 'dist.old'];
/** For whoever waits at a terminal; the line goes again when it is done. */
const told = (/** @type {string} */ text) => process.stderr.isTTY && process.stderr.write(text);
told('building …');
process.once('exit', () => told('\r\x1b[K'));
await rm(fresh, { recursive: true, force: true });
await build({
  entryPoints: {
    main: 'src/cli/main.ts',
    'demo-servers': 'src/cli/demo/demo-servers.ts',
    'lab-servers': 'src/cli/demo/lab/lab-servers.ts',
    'lab-clients': 'src/cli/demo/lab/lab-clients.ts',
    'demo-clients': 'src/cli/demo/demo-clients.ts',
    acceptor: 'src/engine/embedded/acceptor.ts',
    instance: 'src/engine/embedded/instance.ts',
  },
  outdir: fresh,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  // Node has had it since 20; written as `new RegExp` it would be compiled again in every call.
  supported: { 'regexp-set-notation': true },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  external: ['term.js', 'pty.js', 'bufferutil', 'utf-8-validate'],
  plugins: [withoutDevtools, blessedWidgets, oneStringWidth, ...shortcuts, tlsWhenMet, yogaWithoutFetch],
});
await rm(old, { recursive: true, force: true });
await rename('dist', old).catch(() => {});
await rename(fresh, 'dist');
await rm(old, { recursive: true, force: true });
