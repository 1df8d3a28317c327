/** The HTML report of a comparison, one file: the paper's table first, then the details. */
import type { Block, Comparison } from '../../../contracts/comparison/comparison.ts';
import { cellsPart } from './comparison-cells.ts';
import { curveCharts } from './comparison-curves.ts';
import { blockTable, differenceTable } from './comparison-table.ts';
import { differenceCharts } from '../charts/difference-chart.ts';
import { longText, integer, text } from '../columns.ts';
import { documentOf } from '../document.ts';
import type { Section } from '../document.ts';
import { simulationNote } from '../headline.ts';
import { markup } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { methodStyles } from '../charts/method-styles.ts';
import { sortableTable } from '../table.ts';
import { tile } from '../tile.ts';
import { count, score } from '../format.ts';

/** Renders the parsed `comparison.json` as the text of `comparison.html`. */
export function htmlComparison(comparison: Comparison): string {
  const styles = methodStyles(
    comparison.methods.map(({ name }) => name),
    comparison.baseline,
  );
  const curves = curveCharts(comparison, styles);
  const sections: Section[] = [
    { id: 'results', title: 'Results', content: results(comparison) },
    ...(curves.length === 0
      ? []
      : [{ id: 'curves', title: 'Curves', content: markup`<div class="figures">${curves}</div>` }]),
    { id: 'cells', title: 'Cells', content: cellsPart(comparison) },
    { id: 'settings', title: 'Settings', content: settings(comparison) },
  ];
  return documentOf({
    title: `${comparison.name}: baldistill comparison`,
    header: header(comparison),
    sections,
    footer: markup`<p>
      Written by baldistill ${comparison.writtenAt.slice(0, 16).replace('T', ' ')} UTC. The numbers behind this page are
      in comparison.json beside it.
    </p>`,
  });
}

function header({ name, status, cells, calls, simulated, blocks, baseline }: Comparison): Markup {
  const done = cells.filter((one) => one.status === 'completed').length;
  const best = blocks.flatMap(({ rows }) => rows).filter(({ best: first, mean }) => first && mean !== null);
  const only = blocks.length === 1 ? best[0] : undefined;
  return markup`<h1>${name}</h1>
    <p class="quiet">Compared with ${baseline}. <strong>${status}</strong>.</p>
    ${simulationNote(simulated, 'These scores compare methods, not students.')}
    <dl class="tiles">
      ${only === undefined ? null : tile('highest mean macro', score(only.mean), only.label)}
      ${tile('cells', `${count(done)} of ${count(cells.length)}`, 'completed')}
      ${tile('teacher calls charged', count(calls.charged), `of ${count(calls.limit)}`)}
    </dl>`;
}

function results(comparison: Comparison): Markup {
  const { baseline, dataSets, blocks } = comparison;
  const metrics = [...new Set(dataSets.map(({ metric }) => metric))].join(' or ');
  return markup`<p>
      Macro ${metrics} on test, mean ± standard deviation over seeds, then micro after the slash. Bold: best of its
      column. * better, † worse than ${baseline}: p &lt; 0.05 by a paired bootstrap over test rows and seeds,
      Holm-corrected over methods.
    </p>
    ${blocks.map((block) => blockPart(block, comparison))}`;
}

function blockPart(block: Block, comparison: Comparison): Markup {
  const charts = differenceCharts(block, comparison);
  const differences = differenceTable(block);
  return markup`<h3>Student ${block.student}, budget ${block.budget}</h3>
    ${blockTable(block, comparison)}
    ${
      differences === null
        ? null
        : markup`<h3>Against ${comparison.baseline}</h3>
            <p>Blue: better, orange: worse, gray: neither, after Holm's correction.</p>
            <div class="figures">${charts}</div>
            ${differences}`
    }`;
}

function settings({ methods, dataSets, plan }: Comparison): Markup {
  return markup`${sortableTable<Comparison['methods'][number]>(
    'Methods',
    [
      text('name', ({ name }) => name),
      text('method', ({ method }) => method),
      longText('switches', ({ switches }) =>
        Object.entries(switches)
          .map(([key, value]) => `${key}: ${value}`)
          .join(', '),
      ),
    ],
    methods,
  )}
  <h3>Data</h3>
  ${sortableTable<Comparison['dataSets'][number]>(
    'Data',
    [
      text('data', ({ name }) => name),
      text('task', ({ task }) => task),
      text('metric', ({ metric }) => metric),
      integer('pool', ({ pool }) => pool),
      integer('test', ({ test }) => test),
      integer('domains', ({ domains }) => domains),
      longText('majority answer', ({ majority }) => majority?.answer ?? '–'),
    ],
    dataSets,
  )}
  <p class="quiet">Cells: <code>${plan}</code>.</p>`;
}
