// Weighted choice over a few fixed alternatives, evenly interleaved (smooth weighted round-robin): 3 to 1 gives a a b a.

/** A function that answers the next index; -1 where no weight is above 0. Linear in the alternatives, no allocation. */
export function smoothChoice(weights: readonly number[]): () => number {
  const credits = weights.map(() => 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return () => {
    let chosen = -1;
    for (let i = 0; i < weights.length; i++) {
      if (weights[i]! <= 0) continue;
      credits[i]! += weights[i]!;
      if (chosen === -1 || credits[i]! > credits[chosen]!) chosen = i;
    }
    if (chosen !== -1) credits[chosen]! -= total;
    return chosen;
  };
}
