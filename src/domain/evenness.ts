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
export function evenness(_counts: readonly number[]): Evenness | undefined {
  throw new Error('to be written');
}
