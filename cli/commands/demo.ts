/** The demo: the same budget twice, drawn at random and by BalDistill, and the two side by side. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { repository } from '../../workers/services/home.ts';
import { temporalUi } from '../../workers/services/endpoints.ts';
import { exitCodes } from '../exit.ts';
import { recordOf, resultOf } from '../runs/stored-runs.ts';
import { readReport, reportPaths } from '../runs/report-files.ts';
import { readRun } from '../runs/run-source.ts';
import type { Terminal } from '../terminal.ts';
import { score } from '../view/words.ts';
import type { Finish } from './finish.ts';
import { tableOf } from '../view/table.ts';
import { overridesOf } from './options.ts';
import { start } from './run.ts';

const methods = ['random-ft-cot', 'baldistill-a'] as const;
const Options = z.looseObject({ fresh: z.boolean().default(false), json: z.boolean().default(false) });

export function demoCommand(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('demo')
    .description('run the built-in example twice with one budget, and compare')
    .option('--fresh', 'run it again under new names')
    .option('--slots <n>', 'budget of each of the two runs')
    .option('--seed <n>', 'seed of both runs')
    .option('--noise <share>', "wrong labels among the simulated teacher's syntheses, 0 to 1")
    .option('--json', 'one JSON object a line')
    .action(async (given: unknown) => {
      const { fresh, json } = Options.parse(given);
      const specs = methods.map((method) => specOf(method, given, fresh));
      if (!json)
        terminal.note(
          'One budget, two methods, over real text (WordNet), a simulated teacher and an embedded baseline student.',
        );
      for (const spec of specs) {
        const code = await start(terminal, spec, { detach: false, json, again: false, yes: true, askAbove: 0 });
        if (code !== exitCodes.done) return finish(code);
      }
      await compare(terminal, specs, json);
    });
}

function specOf(method: string, given: unknown, fresh: boolean): RunSpec {
  const file = join(repository, 'examples', 'wordnet.yaml');
  const spec = readRun(file, { ...overridesOf(given), method });
  if (!fresh) return spec;
  const now = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  return { ...spec, name: `${spec.name},fresh=${now}` };
}

async function compare(terminal: Terminal, specs: readonly RunSpec[], json: boolean): Promise<void> {
  const { home } = terminal;
  const lines = await Promise.all(
    specs.map(async ({ name, method }) => {
      const record = await recordOf(home, name);
      const result = record === undefined ? undefined : resultOf(record);
      const report = readReport(home, name);
      return {
        run: name,
        method,
        macro: result?.macro ?? null,
        interval: report?.test?.interval ?? null,
        micro: result?.micro ?? null,
        charged: record?.charged ?? null,
        seconds: report?.seconds ?? null,
        report: reportPaths(home, name).page,
      };
    }),
  );
  const ui = temporalUi(home) ?? null;
  if (json) return terminal.printJson({ type: 'comparison', runs: lines, ui });
  const rows = lines.map(({ method, macro, interval, micro, charged, seconds }) => [
    method,
    score(macro),
    interval === null ? '-' : `${score(interval.low)} to ${score(interval.high)}`,
    score(micro),
    charged === null ? '-' : String(charged),
    seconds === null ? '-' : seconds.toFixed(1),
  ]);
  const head = ['method', 'test macro F1', '95 % interval', 'micro', 'calls charged', 'seconds'];
  terminal.print(['', tableOf(head, rows), ...nextSteps(lines, ui)].join('\n'));
}

function nextSteps(lines: readonly { report: string }[], ui: string | null): readonly string[] {
  return [
    'The teacher is simulated and the student an embedded baseline: this shows the method at work, not a model.',
    '',
    'Where to look next',
    ...(ui === null ? [] : [`  every step      ${ui}`]),
    ...lines.map(({ report }, index) => `  ${index === 0 ? 'reports        ' : '               '} ${report}`),
    '  your own data   copy examples/wordnet.yaml, point data, teacher and student at yours, and',
    '                  bin/baldistill run your.yaml',
    '  stop everything bin/baldistill down',
  ];
}
