/** Curves over the budget share one figure for all numbers of stages, so that all methods are compared with the baseline. */
import { expect, test } from 'vitest';
import type { Curve } from '../../contracts/comparison/comparison.ts';
import { curveFigures } from '../../report/comparison/curve-figures.ts';
import { comparisonMarkdown } from '../../report/comparison/markdown.ts';
import { htmlComparison } from '../../report/html/comparison/comparison-page.ts';
import { comparisonFixture } from './fixtures.ts';

function curve(over: Curve['over'], at: string, method: string, data = 'r52'): Curve {
  const points = [520, 1040].map((x) => ({ x, macro: { mean: 0.5, deviation: null }, seeds: 1 }));
  return { over, data, student: 'llama', at, method, baseline: method === 'random-ft-cot', points };
}

/** As in Table 3 of the paper: random-ft-cot fixes its stages; `baldistill-a` has two numbers of stages. */
const curves = [
  curve('slots', 'K = 1', 'random-ft-cot'),
  curve('slots', 'K = 5', 'baldistill-a'),
  curve('slots', 'K = 3', 'baldistill-a'),
];

test('lines with different stages share one figure and are labeled with their stages', () => {
  const [figure, ...others] = curveFigures(curves);
  expect(others).toEqual([]);
  expect(figure?.at).toBeNull();
  expect(figure?.lines.map(({ label }) => label)).toEqual([
    'random-ft-cot, K = 1',
    'baldistill-a, K = 5',
    'baldistill-a, K = 3',
  ]);
});

test('common keys are stated once; budgets, data sets and axes have separate figures', () => {
  const figures = curveFigures([
    curve('slots', 'K = 5', 'baldistill-n'),
    curve('slots', 'K = 5', 'baldistill-a'),
    curve('slots', 'K = 5', 'baldistill-a', 'math'),
    curve('stages', 'B1', 'baldistill-a'),
    curve('stages', 'B2', 'baldistill-a'),
  ]);
  expect(figures.map(({ over, data, at, lines }) => [over, data, at, lines.map(({ label }) => label)])).toEqual([
    ['slots', 'r52', 'K = 5', ['baldistill-n', 'baldistill-a']],
    ['slots', 'math', 'K = 5', ['baldistill-a']],
    ['stages', 'r52', 'budget B1', ['baldistill-a']],
    ['stages', 'r52', 'budget B2', ['baldistill-a']],
  ]);
});

test('Markdown and page show the same figures with the same lines', () => {
  const comparison = { ...comparisonFixture(), curves };
  const markdown = comparisonMarkdown(comparison);
  expect(markdown.match(/^### .*$/gm)).toEqual(['### Over the budget: r52, student llama']);
  const page = htmlComparison(comparison);
  expect(page.match(/Line chart of macro by slots/g)).toHaveLength(1);
  for (const { label } of curveFigures(curves)[0]?.lines ?? []) {
    expect(markdown).toContain(`| ${label} | 0.500 | 0.500 |`);
    expect(page).toContain(`${label} 0.500 at 520, 0.500 at 1040`);
    expect(page).toContain(`>${label}</text>`);
  }
  // Each line connects only its own points.
  const chart = /<svg[^>]*Line chart of macro by slots.*?<\/svg>/s.exec(page)?.[0] ?? '';
  const drawn = [...chart.matchAll(/<g [^>]*aria-label="line".*?<\/g>/gs)].map(([group]) =>
    group.match(/\sd="[^"]*"/g),
  );
  expect(drawn.map((paths) => paths?.map((path) => path.split('L').length))).toEqual([[2], [2], [2]]);
});
