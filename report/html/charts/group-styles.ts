import { colour } from './chart.ts';

/** Colour, mark and dash of the reporting groups, the same in every figure and told apart without colour too. */
export const groupLooks = {
  head: { fill: colour.first, symbol: 'circle', dash: '1 0' },
  middle: { fill: colour.third, symbol: 'triangle', dash: '2 3' },
  tail: { fill: colour.second, symbol: 'square', dash: '6 3' },
} as const;
