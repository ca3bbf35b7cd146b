// What switches a look on and off in a terminal, and the shortest way from one look to the next.
// Written just as Ink writes it again: what it finds unchanged it does not have to take apart twice.

export interface Sgr {
  readonly open: string;
  /** Ends this and whatever else shares the code: both intensities, any colour. */
  readonly close: string;
}

export type Style = readonly Sgr[];

export const plain: Style = [];

export function sgr(parameters: string, close: number): Sgr {
  return { open: `\u001b[${parameters}m`, close: `\u001b[${close}m` };
}

const intensity = '\u001b[22m';

export function transition(from: Style, to: Style): string {
  if (from === to) return '';
  const kept = (code: Sgr) => to.some(({ open }) => open === code.open);
  const replaced = (code: Sgr) => code.close !== intensity && to.some(({ close }) => close === code.close);
  const undone = from.filter((code) => !kept(code) && !replaced(code));
  // 22 ends bold and dim alike: the one that stays is said again.
  const again = undone.some(({ close }) => close === intensity);
  const added = to.filter(
    (code) => !from.some(({ open }) => open === code.open) || (again && code.close === intensity),
  );
  return [...new Set(undone.reverse().map(({ close }) => close)), ...added.map(({ open }) => open)].join('');
}
