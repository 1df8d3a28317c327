/** Evaluate: scores the student's answers on a split. Every row counts, also one without an answer. */
import type { EvaluateInput } from '../../contracts/activity-messages.ts';
import { Row } from '../../contracts/records.ts';
import type { Prediction } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Prepared, Scores } from '../../contracts/stage.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { Metrics } from '../../domain/metrics/metrics.ts';
import type { Task } from '../../domain/tasks/task.ts';
import { inBatches } from './in-batches.ts';
import { domainTable, taskOf } from '../data/pool.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Student, StudentRequest } from '../ports/student.ts';
import type { World } from '../ports/world.ts';
import { promptAs } from './prompt-as.ts';
import { withRougeL } from './rouge-l.ts';

export async function evaluate(world: World, input: EvaluateInput, signal: AbortSignal): Promise<Scores> {
  const { artifacts } = world;
  const { spec, split } = input;
  const questions = await readSplit(artifacts, input);
  const student = world.student(spec, input.student.address);
  if (questions === null || student === null || !('maxTokens' in spec.student)) {
    throw new BaldistillError('InvalidInput', `There is nothing to evaluate: no ${split} rows or no student.`);
  }
  const { maxTokens, concurrency } = spec.student;
  const { model } = input.student;
  const can = input.connected.student ?? (await student.probe(model));
  const evaluated = { student, model, can, signal, maxTokens: maxTokens.evaluate, concurrency };
  const { predictions, metrics } = await scoreSplit(questions, evaluated);
  return {
    split,
    macro: metrics.macro,
    micro: metrics.micro,
    rows: predictions.length,
    metrics: await artifacts.writeJson(metrics),
    predictions: await artifacts.writeLines(predictions),
  };
}

/** The rows of a split with the task that prompts and scores them. */
export interface SplitQuestions {
  readonly spec: RunSpec;
  readonly task: Task;
  readonly rows: readonly Row[];
  /** Pool rows of each domain, or of each label if labels are scored. */
  readonly pool: Readonly<Record<string, number>>;
}

/** Null if the data have no such split. */
export async function readSplit(
  artifacts: Artifacts,
  from: { readonly spec: RunSpec; readonly prepared: Prepared; readonly split: 'validation' | 'test' },
): Promise<SplitQuestions | null> {
  const { spec, prepared, split } = from;
  const reference = split === 'test' ? prepared.test : prepared.validation;
  if (reference === null) return null;
  const task = await taskOf(artifacts, from);
  const rows: Row[] = [];
  for await (const row of artifacts.readLines(reference, Row)) rows.push(row);
  const { pool, labelCounts = pool } = await domainTable(artifacts, prepared);
  return { spec, task, rows, pool: labelCounts };
}

/** The student that answers a split, with its limits. */
export interface EvaluatedStudent extends StudentRequest {
  readonly student: Pick<Student, 'generate'>;
  readonly maxTokens: number;
  readonly concurrency: number;
}

/** Sends every row once; a row whose request fails counts as an invalid answer. */
export async function scoreSplit(
  { spec, task, rows, pool }: SplitQuestions,
  { student, maxTokens, concurrency, ...request }: EvaluatedStudent,
): Promise<{ predictions: Prediction[]; metrics: Metrics }> {
  const batches = await inBatches(rows, concurrency, request.signal, async (batch) => {
    const prompts = batch.map((row) => promptAs(spec.switches.format, task.studentPrompt(row)));
    const generations = await student.generate(request, prompts, maxTokens);
    return batch.map((row, index): Prediction => {
      const output = generations[index]?.text ?? '';
      const { id, domain, answer: gold, references } = row;
      const judged = { id, domain, gold, ...(references === undefined ? {} : { references }) };
      return { ...judged, output, predicted: task.extract(output, row) };
    });
  });
  const predictions = batches.flat();
  const scores = task.metrics({ judged: predictions, pool, slots: spec.budget.slots, seed: spec.seed });
  const metrics = spec.task === 'abstractive-qa' ? withRougeL(scores, predictions) : scores;
  return { predictions, metrics };
}
