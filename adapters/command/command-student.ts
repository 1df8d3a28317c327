/**
 * A student that a command of one's own trains: the command gets the training file, writes the model's
 * name, and the model is asked at an endpoint like any other. A folder a key remembers what was trained.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { FineTuneRequest, FineTuneState, Student } from '../../activities/ports/student.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { writeAtomically } from '../artifacts/atomic-file.ts';
import { readJsonLines } from '../json-lines/read-json-lines.ts';
import { exclusively } from '../processes/exclusive.ts';
import { endLeftover, runCommand } from './run-command.ts';

export interface CommandSettings {
  readonly train: readonly string[];
  readonly cwd: string;
  readonly hyperparameters: {
    readonly epochs: number;
    readonly batchSize: number;
    readonly learningRate?: number | undefined;
  };
  /** Where trained keys are kept. */
  readonly folder: string;
  /** What of the environment the command gets beside its own variables. */
  readonly environment: NodeJS.ProcessEnv;
  logFile(suffix: string): string;
}

const ModelName = z.string().regex(/^[^\p{Cc}\u2028\u2029]{1,300}$/u);
const Finished = z.object({ model: ModelName });
const Loss = z.object({ step: z.int(), loss: z.number() });

/** `endpoint`: how the trained model is asked. */
export function commandStudent(endpoint: Student, settings: CommandSettings): Student {
  const folderOf = (key: string): string => join(settings.folder, key);
  const modelOf = (key: string): string | undefined => {
    const file = join(folderOf(key), 'finished.json');
    return existsSync(file) ? Finished.parse(JSON.parse(readFileSync(file, 'utf8'))).model : undefined;
  };
  return {
    ...endpoint,
    findJob: (key) => Promise.resolve({ id: modelOf(key) === undefined ? undefined : key, ended: 0 }),
    async createJob(request) {
      const { key, signal } = request;
      const folder = folderOf(key);
      // One training at a time, across processes. The lock ends with its holder; a command left by a dead one is ended first.
      const work = async (): Promise<string> => {
        if (modelOf(key) !== undefined) return key;
        const recordFile = join(folder, 'process.json');
        await endLeftover(recordFile);
        const model = await train(settings, request, { output: join(folder, 'out'), recordFile });
        await writeAtomically(folder, async (file) => {
          await file.writeFile(JSON.stringify({ model }));
          return join(folder, 'finished.json');
        });
        return key;
      };
      return await exclusively(join(folder, 'lock.sqlite'), () => undefined, work, signal);
    },
    async job(key): Promise<FineTuneState> {
      const model = modelOf(key);
      if (model === undefined) return { status: 'unknown' };
      return { status: 'succeeded', model, losses: await lossesOf(join(folderOf(key), 'out')), trainedTokens: null };
    },
  };
}

/** Runs the command to its end; the name of the model it wrote. Throws `FineTuneFailed`, or the signal's reason. */
async function train(
  settings: CommandSettings,
  { key, seed, suffix, trainingPath, signal }: FineTuneRequest,
  { output, recordFile }: { output: string; recordFile: string },
): Promise<string> {
  mkdirSync(output, { recursive: true });
  const { epochs, batchSize, learningRate } = settings.hyperparameters;
  const logFile = settings.logFile(suffix);
  const { trouble, lastLines } = await runCommand({
    words: settings.train,
    cwd: settings.cwd,
    environment: {
      ...settings.environment,
      TRAIN_FILE: trainingPath,
      OUT_DIR: output,
      SEED: String(seed),
      KEY: key,
      EPOCHS: String(epochs),
      BATCH_SIZE: String(batchSize),
      ...(learningRate === undefined ? {} : { LEARNING_RATE: String(learningRate) }),
    },
    logFile,
    recordFile,
    signal,
  });
  const said = lastLines === '' ? '' : ` Its last lines:\n${lastLines}`;
  const failed = (what: string): BaldistillError =>
    new BaldistillError('FineTuneFailed', `The training command ${what}. Its log is ${logFile}.${said}`);
  if (trouble !== null) throw failed(trouble);
  const file = join(output, 'model.txt');
  if (!existsSync(file)) throw failed(`wrote no ${file}`);
  const model = ModelName.safeParse(readFileSync(file, 'utf8').trim()).data;
  if (model === undefined) throw failed(`wrote no model name on one line into ${file}`);
  return model;
}

/** Losses as the command reported them, oldest first; other lines are ignored. */
async function lossesOf(output: string): Promise<{ step: number; loss: number }[]> {
  const file = join(output, 'losses.jsonl');
  if (!existsSync(file)) return [];
  const losses: { step: number; loss: number }[] = [];
  for await (const line of readJsonLines(file)) {
    const loss = line.ok ? Loss.safeParse(line.value).data : undefined;
    if (loss !== undefined) losses.push(loss);
  }
  return losses.sort((a, b) => a.step - b.step);
}
