import { color } from './chart.ts';

/** Color, symbol and dash of the reporting groups, the same in every figure and distinct without color. */
export const groupStyles = {
  head: { fill: color.first, symbol: 'circle', dash: '1 0' },
  middle: { fill: color.third, symbol: 'triangle', dash: '2 3' },
  tail: { fill: color.second, symbol: 'square', dash: '6 3' },
} as const;
