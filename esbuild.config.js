// Bundles src into dist: one entry for each kind of process, shared code in chunks, the screen loaded only when asked for.
import { rename, rm } from 'node:fs/promises';
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
const blessedWidgets = {
  name: 'blessed-widgets',
  setup({ onLoad }) {
    onLoad({ filter: /blessed\/lib\/widget\.js$/ }, async ({ path }) => {
      const { readFile } = await import('node:fs/promises');
      const source = await readFile(path, 'utf8');
      return {
        contents: source.replace("require('./widgets/' + file)", "require('./widgets/' + file + '.js')"),
        loader: 'js',
      };
    });
  },
};

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

/** Built beside and then put in its place, so that a program started meanwhile finds either the old or the new. */
const [fresh, old] = ['dist.fresh', 'dist.old'];
await rm(fresh, { recursive: true, force: true });
await build({
  entryPoints: {
    main: 'src/cli/main.ts',
    'demo-servers': 'src/cli/demo/demo-servers.ts',
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
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  external: ['term.js', 'pty.js', 'bufferutil', 'utf-8-validate'],
  plugins: [withoutDevtools, blessedWidgets, oneStringWidth],
});
await rm(old, { recursive: true, force: true });
await rename('dist', old).catch(() => {});
await rename(fresh, 'dist');
await rm(old, { recursive: true, force: true });
