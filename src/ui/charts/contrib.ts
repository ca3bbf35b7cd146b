// Loads blessed-contrib when the first chart is drawn: 40 ms that no start should pay. Only the widgets used, by path.

export async function loadContrib() {
  const before = process.noDeprecation;
  // Bundled, its `new Buffer()` would print a deprecation warning over the screen.
  process.noDeprecation = true;
  const [blessed, line, bar] = await Promise.all([
    import('blessed'),
    import('blessed-contrib/lib/widget/charts/line.js'),
    import('blessed-contrib/lib/widget/charts/bar.js'),
  ]);
  if (before !== undefined) process.noDeprecation = before;
  return { blessed: blessed.default, line: line.default, bar: bar.default };
}

export type Contrib = Awaited<ReturnType<typeof loadContrib>>;
