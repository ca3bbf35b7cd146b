// How evenly something is spread: the largest share against the mean, and what chance alone would make of it.

export interface Evenness {
  /** 1 is perfectly even. */
  readonly maxOverMean: number;
  /** Expected where `items` fall on `bins` independently and uniformly. */
  readonly chance: number;
  readonly items: number;
  readonly bins: number;
}

/** Undefined where nothing is there to be spread. */
export function evenness(counts: readonly number[]): Evenness | undefined {
  const bins = counts.length;
  const items = counts.reduce((sum, count) => sum + count, 0);
  if (items === 0) return undefined;
  const mean = items / bins;
  const max = counts.reduce((most, count) => Math.max(most, count), 0);
  return { maxOverMean: max / mean, chance: chanceOf(items, bins), items, bins };
}

/** Up to here by every way the items can fall; from here on bins are as good as independent. */
const exactItems = 64;
/** A bin's mean, from which on the largest one's distance grows with its square root and nothing else. */
const largeMean = 1e5;

/** Expected max/mean of `items` balls thrown into `bins`. Right to one percent, mostly far better; takes a millisecond at most. */
export function chanceOf(items: number, bins: number): number {
  if (bins === 1) return 1;
  const mean = items / bins;
  if (items <= exactItems) return exactMax(Math.round(items), bins) / mean;
  if (mean <= largeMean) return independentMax(mean, bins) / mean;
  return 1 + (independentMax(largeMean, bins) / largeMean - 1) * Math.sqrt(largeMean / mean);
}

/** Bins as independent Poisson variables: their sum then varies, which moves the expected maximum by next to nothing. */
function independentMax(mean: number, bins: number): number {
  const reach = 9 * Math.sqrt(mean) + 9;
  // e^-mean is a number up to here, and Stirling's series right to all digits above.
  const first = mean < 500 ? 0 : Math.floor(mean - reach);
  let probability = first === 0 ? Math.exp(-mean) : poisson(first, mean);
  let below = probability;
  let expected = first;
  // E[max] is the sum over m of P(max > m).
  for (let m = first; m < mean + reach + bins; m += 1) {
    const more = 1 - Math.min(1, below) ** bins;
    if (more < 1e-9 && m > mean) break;
    expected += more;
    probability *= mean / (m + 1);
    below += probability;
  }
  return expected;
}

/** P(X = count), by Stirling's series: `count` is large here. */
function poisson(count: number, mean: number): number {
  const logFactorial = count * Math.log(count) - count + Math.log(2 * Math.PI * count) / 2 + 1 / (12 * count);
  return Math.exp(count * Math.log(mean) - mean - logFactorial);
}

/**
 * P(no bin has more than m) is `items! / bins^items` times the coefficient of x^items in (Σ x^j/j!, j ≤ m)^bins, which is
 * found by squaring. Weighed by x = items/bins and normed by its own value for no limit at all, so nothing overflows.
 */
function exactMax(items: number, bins: number): number {
  const unlimited = coefficient(items, bins, items);
  let expected = 0;
  for (let m = 0; m < items; m += 1) {
    const more = m * bins < items ? 1 : 1 - coefficient(items, bins, m) / unlimited;
    if (more < 1e-6) break;
    expected += more;
  }
  return expected;
}

function coefficient(items: number, bins: number, most: number): number {
  const mean = items / bins;
  let power: number[] = [];
  let term = Math.exp(-mean);
  for (let j = 0; j <= Math.min(most, items); j += 1) {
    power.push(term);
    term *= mean / (j + 1);
  }
  let product = [1];
  for (let rest = bins; rest > 0; rest >>>= 1) {
    if (rest & 1) product = multiplied(product, power, items);
    if (rest > 1) power = multiplied(power, power, items);
  }
  return product[items] ?? 0;
}

/** Of two polynomials, up to the given degree. */
function multiplied(a: readonly number[], b: readonly number[], degree: number): number[] {
  const product = new Array<number>(Math.min(a.length + b.length - 2, degree) + 1).fill(0);
  for (let i = 0; i < a.length; i += 1)
    for (let j = 0; j < b.length && i + j <= degree; j += 1) product[i + j]! += a[i]! * b[j]!;
  return product;
}
