import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { storedTrainingSet } from '../../activities/outputs/stored-training-set.ts';
import { trainingFiles, trainingFormats, writeTrainingSet } from '../../activities/outputs/training-set.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { outsideHome } from '../outside-home.ts';
import { refuseForeign } from '../runs/export-folder.ts';
import { runFolder, unknownRun, withLedger } from '../runs/stored-runs.ts';
import type { Terminal } from '../terminal.ts';
import { runArgument } from './options.ts';

const Options = z.looseObject({
  to: z.string().min(1).optional(),
  format: z.enum(trainingFormats).default('parquet'),
  json: z.boolean().default(false),
});

export function exportCommand(program: Command, terminal: Terminal): void {
  program
    .command('export')
    .addArgument(runArgument())
    .description('write the training set of a run with its data card; of an open run, its closed stages')
    .option('--to <dir>', 'folder to write to, instead of `export` in the folder of the run')
    .option('--format <format>', `${trainingFormats.join(' or ')}; default parquet`)
    .option('--json')
    .action(async (run: string, given: unknown) => {
      const options = Options.safeParse(given);
      if (!options.success)
        throw new CommandError(exitCodes.usage, `--format has to be ${trainingFormats.join(' or ')}.`);
      const { format, json } = options.data;
      const set = await setOf(terminal, run);
      if (options.data.to !== undefined) refuseForeign(resolve(options.data.to), trainingFiles([format]));
      const folder = resolve(options.data.to ?? join(runFolder(terminal.home, run), 'export'));
      const artifacts = createFileArtifacts(join(terminal.home, 'artifacts'));
      const write = async (): Promise<readonly string[]> => await writeTrainingSet(artifacts, set, folder, [format]);
      const files = await (options.data.to === undefined ? write() : outsideHome(terminal, write));
      const { spec, status, examples, training } = set;
      const summary = { run, status, folder, files, rows: training.rows, stages: examples.length };
      if (json) return terminal.printJson(summary);
      if (status !== 'completed')
        terminal.note(`The run is ${status}: this is what its first ${examples.length} of ${spec.stages} stages hold.`);
      terminal.print(`${training.rows} examples in ${folder}: ${files.join(', ')}`);
    });
}

async function setOf(terminal: Terminal, run: string) {
  const known = await withLedger(terminal.home, async (ledger) => {
    const record = await ledger.run({ run });
    return record === undefined ? undefined : { set: await storedTrainingSet(ledger, record) };
  });
  if (known === undefined) throw unknownRun(run);
  if (known.set !== null) return known.set;
  const remedy = `\`baldistill status ${run}\` says how far it is; the answers it paid for are in the ledger.`;
  throw new CommandError(
    exitCodes.failed,
    `The run "${run}" has closed no stage yet, so there is nothing to export.`,
    remedy,
  );
}
