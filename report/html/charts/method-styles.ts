/** The style of each method, the same in every figure of a page. */
import { color } from './chart.ts';

export interface MethodStyle {
  readonly fill: string;
  readonly symbol: 'circle' | 'square' | 'triangle' | 'diamond' | 'star' | 'cross';
  readonly dash: string;
}

const fills = [color.first, color.second, color.third, color.fourth, color.fifth, color.sixth];
const symbols = ['circle', 'square', 'triangle', 'diamond', 'star', 'cross'] as const;
const dashes = ['1 0', '6 3', '2 3', '8 3 2 3'];

/** The baseline is gray. The others differ in color and symbol, from the seventh on also in dashes. */
export function methodStyles(methods: readonly string[], baseline: string): ReadonlyMap<string, MethodStyle> {
  const others = methods.filter((method) => method !== baseline);
  const styles = others.map((method, index): [string, MethodStyle] => [
    method,
    {
      fill: fills[index % fills.length] ?? color.ink,
      symbol: symbols[index % symbols.length] ?? 'circle',
      dash: dashes[Math.floor(index / fills.length) % dashes.length] ?? '1 0',
    },
  ]);
  return new Map([...styles, [baseline, { fill: color.quiet, symbol: 'circle', dash: '4 3' }]]);
}
