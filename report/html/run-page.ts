/** The HTML report of a run: one file that works from disk, on paper and without scripts. */
import type { Report } from '../../contracts/report.ts';
import { callsChart, moneyChart } from './charts/budget-chart.ts';
import { changeChart } from './charts/change-chart.ts';
import { documentOf } from './document.ts';
import type { Section } from './document.ts';
import { fillingChart } from './charts/filling-chart.ts';
import { frequencyChart } from './charts/frequency-chart.ts';
import { headline } from './headline.ts';
import { lossChart } from './charts/loss-chart.ts';
import { markup } from './markup.ts';
import type { Markup } from './markup.ts';
import { quotaMap } from './charts/quota-map.ts';
import { budgetTable, domainTable, groupTable, metricTable, plannedTable, stageTable } from './run-tables.ts';
import { samples } from './samples.ts';
import { lastScores } from './scored.ts';
import { settings } from './settings.ts';
import { groupCurve, stageCurve } from './charts/stage-curve.ts';

export function htmlReport(report: Report): string {
  const quotas = quotaMap(report);
  const change = changeChart(report);
  const sections: Section[] = [
    { id: 'scores', title: 'Scores', content: scores(report) },
    { id: 'stages', title: 'Stages', content: stages(report) },
    ...(quotas === null ? [] : [{ id: 'quotas', title: 'Quotas', content: quotas }]),
    ...(change === null ? [] : [{ id: 'change', title: 'Before and after', content: change }]),
    { id: 'domains', title: 'Domains', content: domainTable(report) },
    {
      id: 'budget',
      title: 'Budget',
      content: markup`<div class="beside">${callsChart(report)}${moneyChart(report)}${budgetTable(report)}</div>
        ${plannedTable(report)}`,
    },
    { id: 'samples', title: 'Samples', content: samples(report) },
    { id: 'settings', title: 'Settings', content: settings(report) },
  ];
  return documentOf({
    title: `${report.run}: baldistill report`,
    header: headline(report),
    sections,
    footer: markup`<p>
      Written by baldistill ${report.versions.baldistill}. Stages count from 0. Macro is the mean over the domains that
      have rows in the split; the interval is a seeded bootstrap, stratified by domain. The figures behind this page
      are in report.json beside it.
    </p>`,
  });
}

function scores(report: Report): Markup {
  if (lastScores(report) === null) return markup`<p>This run was not evaluated.</p>`;
  return markup`<div class="figures">${stageCurve(report)}${groupCurve(report)}${frequencyChart(report)}</div>
    ${metricTable(report)}
    ${groupTable(report)}`;
}

function stages(report: Report): Markup {
  if (report.stages.length === 0) return markup`<p>No stage was closed.</p>`;
  return markup`<div class="figures">${fillingChart(report)}${lossChart(report)}</div>
    ${stageTable(report)}`;
}
