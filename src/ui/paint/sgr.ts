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

export interface Transition {
  readonly sequence: string;
  /** What is on afterwards, in the order it was switched on: it is switched off the other way round. */
  readonly active: Style;
}

export function transition(active: Style, to: Style): Transition {
  const kept = (code: Sgr) => to.some(({ open }) => open === code.open);
  const replaced = (code: Sgr) => code.close !== intensity && to.some(({ close }) => close === code.close);
  const undone = active.filter((code) => !kept(code) && !replaced(code));
  // 22 ends bold and dim alike: the one that stays is said again.
  const again = undone.some(({ close }) => close === intensity);
  const stays = active.filter((code) => kept(code) && !(again && code.close === intensity));
  const added = to.filter((code) => !stays.some(({ open }) => open === code.open));
  const closes = new Set(undone.reverse().map(({ close }) => close));
  return {
    sequence: [...closes, ...added.map(({ open }) => open)].join(''),
    active: [...stays, ...added],
  };
}
