/**
 * Scores how difficult rows are for the previous stage's student (docs/method.md#select). `ifd`: `meanNLL(y|x) -
 * meanNLL(y)`. `uncertainty`: `meanNLL(y|x)`. y is the student's own greedy answer, or with `scoreOn: gold` the gold
 * answer without a rationale.
 */
import type { Row } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Connected, StudentRef } from '../../contracts/stage.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { answerLine } from '../../domain/tasks/answer-line.ts';
import type { Task } from '../../domain/tasks/task.ts';
import { inBatches } from './in-batches.ts';
import type { Generation, Student, StudentRequest } from '../ports/student.ts';
import type { World } from '../ports/world.ts';
import { promptAs } from './prompt-as.ts';
import { requireLogprobs } from './require-logprobs.ts';

export interface ScoredRow {
  readonly id: string;
  readonly domain: string;
  /** Nats per token; null if y was empty or scoring failed. */
  readonly score: number | null;
  /** The student's output; null if it was empty or not requested. */
  readonly output: string | null;
  /** y was truncated at the token limit; it is scored as it is. */
  readonly truncated: boolean;
}

export interface Scorer {
  readonly spec: RunSpec;
  readonly connected: Connected;
  readonly student: StudentRef;
  readonly task: Task;
}

export async function scoreRows(
  world: Pick<World, 'student'>,
  scorer: Scorer,
  rows: readonly Row[],
  signal: AbortSignal,
): Promise<ScoredRow[]> {
  const { spec, connected } = scorer;
  const { switches } = spec;
  const student = world.student(spec, scorer.student.address);
  if (student === null || !('maxTokens' in spec.student))
    throw new BaldistillError('InvalidInput', `select: ${switches.select} needs a student.`);
  const { model } = scorer.student;
  const can = connected.student ?? (await student.probe(model));
  requireLogprobs(switches, can);
  const { maxTokens, concurrency } = spec.student;
  const request: StudentRequest = { model, can, signal };
  const batches = await inBatches(rows, concurrency, signal, async (batch) =>
    switches.scoreOn === 'gold'
      ? await scoreGold(student, request, scorer, batch)
      : await scoreWritten(student, request, scorer, batch, maxTokens.select),
  );
  return batches.flat();
}

async function scoreWritten(
  student: Student,
  request: StudentRequest,
  { task, spec }: Scorer,
  rows: readonly Row[],
  maxTokens: number,
): Promise<ScoredRow[]> {
  const { format, select } = spec.switches;
  const texts = rows.map((row) => task.studentPrompt(row));
  const generations = await student.generate(
    request,
    texts.map((text) => promptAs(format, text)),
    maxTokens,
  );
  const written = rows.flatMap((row, index) => {
    const generation = generations[index] ?? null;
    const prompt = texts[index];
    return generation === null || generation.text === '' || prompt === undefined ? [] : [{ row, generation, prompt }];
  });
  const outputs = written.map(({ generation }) => generation);
  const prompts = written.map(({ prompt }) => prompt);
  // The template of a chat endpoint is unknown here, so only the generation itself has the log probabilities.
  const rescores = request.can.rescore && format === 'text';
  const after = rescores ? await student.scoreAfter(request, prompts, outputs) : outputs.map(({ meanNll }) => meanNll);
  const scores = select === 'ifd' ? differences(after, await student.scoreAlone(request, outputs)) : after;
  const byRow = new Map(written.map(({ row }, index) => [row.id, scores[index] ?? null]));
  return rows.map((row, index) => ({
    id: row.id,
    domain: row.domain,
    score: byRow.get(row.id) ?? null,
    output: generations[index]?.text || null,
    truncated: generations[index]?.finish === 'length',
  }));
}

/** The gold answer was not generated, so it has no token ids and is scored as text. */
async function scoreGold(
  student: Student,
  request: StudentRequest,
  { task, spec }: Scorer,
  rows: readonly Row[],
): Promise<ScoredRow[]> {
  const byText: StudentRequest = { ...request, can: { ...request.can, promptLogprobs: 'text' } };
  const gold = rows.map(({ answer }): Generation => ({
    text: answerLine(answer),
    finish: 'stop',
    ids: [],
    meanNll: null,
  }));
  const prompts = rows.map((row) => task.studentPrompt(row));
  const after = await student.scoreAfter(byText, prompts, gold);
  const scores = spec.switches.select === 'ifd' ? differences(after, await student.scoreAlone(byText, gold)) : after;
  return rows.map(({ id, domain }, index) => ({
    id,
    domain,
    score: scores[index] ?? null,
    output: null,
    truncated: false,
  }));
}

function differences(after: readonly (number | null)[], alone: readonly (number | null)[]): (number | null)[] {
  return after.map((nll, index) => {
    const base = alone[index] ?? null;
    return nll === null || base === null ? null : nll - base;
  });
}
