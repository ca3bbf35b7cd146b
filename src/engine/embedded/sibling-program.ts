// The data plane's processes run from the sources or from the bundle, as whoever starts them does.

/** "acceptor" or "instance", beside the module with this URL: src/…/NAME.ts, or dist/NAME.js once bundled. */
export function siblingProgram(from: string, name: 'acceptor' | 'instance'): URL {
  return new URL(from.endsWith('.ts') ? `./${name}.ts` : `./${name}.js`, from);
}
