import type { Command } from 'commander';
import { attach, printEnding } from '../follow/attach.ts';
import { attachComparison } from '../compare/attach-comparison.ts';
import { isComparison } from '../compare/comparison-files.ts';
import type { ExitCode } from '../exit.ts';
import { withEngineOf } from '../engine.ts';
import { recordOf, resultOf, unknownRun } from '../runs/stored-runs.ts';
import type { Terminal } from '../terminal.ts';
import type { Finish } from './finish.ts';
import { Json, runArgument } from './options.ts';
import { whereKnown } from './known-run.ts';

async function watchComparison(terminal: Terminal, name: string, json: boolean): Promise<ExitCode> {
  return await withEngineOf(terminal, name, (engine) =>
    whereKnown(name, () => attachComparison(terminal, engine, name, json)),
  );
}

export function watchCommand(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('watch')
    .addArgument(runArgument())
    .description('show a run until it ends; Ctrl+C leaves, the run continues')
    .option('--json', 'one JSON object a line')
    .action(async (run: string, given: unknown) => {
      const { json } = Json.parse(given);
      if (isComparison(terminal.home, run)) return finish(await watchComparison(terminal, run, json));
      const record = await recordOf(terminal.home, run);
      const result = record === undefined ? undefined : resultOf(record);
      if (record !== undefined && result !== undefined && ['completed', 'stopped'].includes(record.status)) {
        finish(printEnding(terminal, run, { kind: 'result', result }, json));
        return;
      }
      const code = await withEngineOf(terminal, run, (engine) =>
        whereKnown(run, () => attach(terminal, engine, { run, json })),
      );
      if (code === undefined) throw unknownRun(run);
      finish(code);
    });
}
