/** How a method is drawn, in every figure of a page the same. */
import { color } from './chart.ts';

export interface MethodLook {
  readonly fill: string;
  readonly symbol: 'circle' | 'square' | 'triangle' | 'diamond' | 'star' | 'cross';
  readonly dash: string;
}

const fills = [color.first, color.second, color.third, color.fourth, color.fifth, color.sixth];
const symbols = ['circle', 'square', 'triangle', 'diamond', 'star', 'cross'] as const;
const dashes = ['1 0', '6 3', '2 3', '8 3 2 3'];

/** The baseline is grey; the others differ in color and mark, from the seventh on in dashes too. */
export function methodLooks(methods: readonly string[], baseline: string): ReadonlyMap<string, MethodLook> {
  const others = methods.filter((method) => method !== baseline);
  const looks = others.map((method, index): [string, MethodLook] => [
    method,
    {
      fill: fills[index % fills.length] ?? color.ink,
      symbol: symbols[index % symbols.length] ?? 'circle',
      dash: dashes[Math.floor(index / fills.length) % dashes.length] ?? '1 0',
    },
  ]);
  return new Map([...looks, [baseline, { fill: color.quiet, symbol: 'circle', dash: '4 3' }]]);
}
