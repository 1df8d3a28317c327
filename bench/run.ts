/** The run of the benchmark: one stage, every row annotated, no student, as `temporal.yaml` sets the engine. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { resolveRunFile } from '../adapters/run-file/resolve.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import { loadTemporalConfig } from '../workers/temporal-config.ts';
import type { TemporalConfig } from '../workers/temporal-config.ts';
import { rowOf } from './prompts.ts';

/** The settings that come with the project, on task queues of a cell's own. */
export function benchConfig(name: string): TemporalConfig {
  const config = loadTemporalConfig();
  const { control, teacher, student } = config.taskQueues;
  const queue = ({ concurrency }: { concurrency: number }, kind: string) => ({ name: `${name}-${kind}`, concurrency });
  return {
    ...config,
    taskQueues: {
      control: queue(control, 'control'),
      teacher: queue(teacher, 'teacher'),
      student: queue(student, 'student'),
    },
  };
}

export async function writeRows(folder: string, rows: number): Promise<void> {
  const file = createWriteStream(join(folder, 'rows.jsonl'));
  for (let index = 0; index < rows; index += 1) file.write(`${JSON.stringify(rowOf(index))}\n`);
  file.end();
  await once(file, 'close');
}

export interface BenchRun {
  readonly name: string;
  readonly folder: string;
  readonly url: string;
  readonly calls: number;
  /** Of all workers together. */
  readonly concurrency: number;
}

/** Spare calls and waiting time for the faults: 2 % of the calls fail and are reissued. */
export function runFile({ name, url, calls, concurrency }: Omit<BenchRun, 'folder'>): string {
  return [
    `name: ${name}`,
    'data:',
    '  train: rows.jsonl',
    '  fields: { id: id, input: text, answer: topic }',
    '  instruction: Name the topic of this story.',
    '  split: { validation: 0, test: 0 }',
    'method: random-ft-cot',
    `budget: { slots: ${calls}, calls: ${Math.ceil(calls * 1.1)} }`,
    `teacher: { baseUrl: '${url}', model: bench, maxTokens: 256, output: text, concurrency: ${concurrency} }`,
    'student: { driver: none }',
  ].join('\n');
}

export function specOf(run: BenchRun): RunSpec {
  const path = join(run.folder, 'run.yaml');
  const resolved = resolveRunFile(runFile(run), { path, overrides: {}, name: run.name, dataRoot: undefined });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  return resolved.spec;
}
