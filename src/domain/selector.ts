// Kubernetes label selectors (LabelSelector of its API, apimachinery meta/v1): which routes and namespaces a shard takes.

export type Labels = Readonly<Record<string, string>>;

/** All of it must match; an empty one matches everything. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly LabelExpression[];
}

export interface LabelExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** Of In and NotIn, at least one. */
  readonly values?: readonly string[];
}

/** NotIn also matches what has no such label, as in Kubernetes. */
export function selects(_selector: LabelSelector | undefined, _labels: Labels): boolean {
  throw new Error('to be written');
}

/** "sharded=true,tier in (a, b),!legacy", as kubectl writes it; "" for one that matches everything. */
export function selectorText(_selector: LabelSelector | undefined): string {
  throw new Error('to be written');
}

/** What kubectl takes: "sharded=true,tier in (a, b),!legacy". `at` is where in the text it is wrong, from 0. */
export function parseSelector(
  _text: string,
):
  | { readonly ok: true; readonly selector: LabelSelector }
  | { readonly ok: false; readonly message: string; readonly at: number } {
  throw new Error('to be written');
}
