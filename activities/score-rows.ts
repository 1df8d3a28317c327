/** log IFD of rows under the previous stage's student (METHOD.md, step 2): how hard the instruction makes its own answer. */
import type { Row } from '../contracts/records.ts';
import type { RunSpec } from '../contracts/run-file.ts';
import type { Connected, StudentRef } from '../contracts/stage.ts';
import { BaldistillError } from '../domain/failures.ts';
import type { Task } from '../domain/tasks/task.ts';
import { inBatches } from './batches.ts';
import type { Student, StudentRequest } from './ports/student.ts';
import type { World } from './ports/world.ts';

export interface ScoredRow {
  readonly id: string;
  readonly domain: string;
  /** meanNLL(y|x) - meanNLL(y) in nats a token; null where y was empty or scoring failed. */
  readonly score: number | null;
  /** y was cut at the token limit; it is scored as it is. */
  readonly cut: boolean;
}

export interface Scorer {
  readonly spec: RunSpec;
  readonly connected: Connected;
  readonly student: StudentRef;
  readonly task: Task;
}

export async function scoreRows(
  world: World,
  scorer: Scorer,
  rows: readonly Row[],
  signal: AbortSignal,
): Promise<ScoredRow[]> {
  const { spec, connected } = scorer;
  const student = world.student(spec, scorer.student.url);
  if (student === null || !('maxTokens' in spec.student))
    throw new BaldistillError('InvalidInput', 'select: ifd needs a student.');
  const { model } = scorer.student;
  const can = connected.student ?? (await student.probe(model));
  if (can.promptLogprobs === 'none' || !can.outputLogprobs) {
    throw new BaldistillError(
      'InvalidInput',
      'select: ifd needs log-probabilities of given text, and the student endpoint gives none; use select: random.',
    );
  }
  const { maxTokens, concurrency } = spec.student;
  const asked: StudentRequest = { model, can, signal };
  const batches = await inBatches(rows, concurrency, signal, async (batch) => {
    const prompts = batch.map((row) => scorer.task.studentPrompt(row));
    return await scoreBatch(student, asked, prompts, batch, maxTokens.select);
  });
  return batches.flat();
}

async function scoreBatch(
  student: Student,
  asked: StudentRequest,
  prompts: readonly string[],
  rows: readonly Row[],
  maxTokens: number,
): Promise<ScoredRow[]> {
  const generations = await student.generate(asked, prompts, maxTokens);
  const written = rows.flatMap((row, index) => {
    const generation = generations[index] ?? null;
    const prompt = prompts[index];
    return generation === null || generation.text === '' || prompt === undefined ? [] : [{ row, generation, prompt }];
  });
  const given = written.map(({ generation }) => generation);
  const alone = await student.scoreAlone(asked, given);
  const after = asked.can.rescore
    ? await student.scoreAfter(
        asked,
        written.map(({ prompt }) => prompt),
        given,
      )
    : given.map(({ meanNll }) => meanNll);
  const scores = new Map(written.map(({ row }, index) => [row.id, difference(after[index], alone[index])]));
  return rows.map((row, index) => ({
    id: row.id,
    domain: row.domain,
    score: scores.get(row.id) ?? null,
    cut: generations[index]?.finish === 'length',
  }));
}

function difference(after: number | null | undefined, alone: number | null | undefined): number | null {
  return typeof after === 'number' && typeof alone === 'number' ? after - alone : null;
}
