/** Tasks with secondary metrics, such as ROUGE-L of free answers: both reports show them. */
import { expect, test } from 'vitest';
import type { Report } from '../../contracts/report.ts';
import { htmlReport } from '../../report/html/run-page.ts';
import { markdownReport } from '../../report/markdown.ts';
import { reportFixture } from './fixtures.ts';

/** The rows of the page's metrics table. */
function rowsOf(page: string): string[][] {
  const table = /aria-label="Metrics".*?<\/table>/s.exec(page)?.[0] ?? '';
  const rows = (/<tbody.*<\/tbody>/s.exec(table)?.[0] ?? '').split('<tr').slice(1);
  return rows.map((row) => [...row.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, text = '']) => text.trim()));
}

const freeAnswers = (metrics: Report['test']): Report['test'] =>
  metrics === null
    ? null
    : {
        ...metrics,
        metric: 'word-f1',
        macro: 0.4,
        micro: 0.6,
        secondary: [
          { metric: 'exact-match', macro: 0.125, micro: 0.25 },
          { metric: 'rouge-l', macro: 0.375, micro: 0.5 },
        ],
      };

const report: Report = reportFixture();
const tested: Report = { ...report, test: freeAnswers(report.test) };
const untested: Report = {
  ...report,
  test: null,
  stages: report.stages.map((stage) => ({ ...stage, validation: freeAnswers(stage.validation) })),
};

test.each([
  ['test', tested],
  ['validation', untested],
] as const)('macro and micro of every metric, on %s', (split, shown) => {
  expect(rowsOf(htmlReport(shown))).toEqual([
    ['word F1', '0.400', '0.600'],
    ['exact match', '0.125', '0.250'],
    ['ROUGE-L', '0.375', '0.500'],
  ]);
  expect(htmlReport(shown)).toContain(`metric, on ${split}`);
  const markdown = markdownReport(shown);
  const scores = markdown.slice(markdown.indexOf(`## Scores on ${split}`));
  for (const row of ['word F1 | 0.400 | 0.600', 'exact match | 0.125 | 0.250', 'ROUGE-L | 0.375 | 0.500'])
    expect(scores).toContain(`| ${row} |`);
});

test('a task with one metric has no such table', () => {
  expect(htmlReport(report)).not.toContain('aria-label="Metrics"');
  expect(markdownReport(report)).not.toContain('| metric |');
});
