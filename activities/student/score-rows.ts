/**
 * How hard rows are for the previous stage's student. ifd: how much harder the instruction makes
 * the text y, `meanNLL(y|x) - meanNLL(y)`. uncertainty: `meanNLL(y|x)` alone. y is the student's own greedy answer, or
 * with `scoreOn: gold` the gold target without a rationale.
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
  /** Nats a token; null where y was empty or scoring failed. */
  readonly score: number | null;
  /** What the student wrote; null where that was nothing, or was not asked for. */
  readonly output: string | null;
  /** y was truncated at the token limit; it is scored as it is. */
  readonly cut: boolean;
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
  const asked: StudentRequest = { model, can, signal };
  const batches = await inBatches(rows, concurrency, signal, async (batch) =>
    switches.scoreOn === 'gold'
      ? await scoreGold(student, asked, scorer, batch)
      : await scoreWritten(student, asked, scorer, batch, maxTokens.select),
  );
  return batches.flat();
}

async function scoreWritten(
  student: Student,
  asked: StudentRequest,
  { task, spec }: Scorer,
  rows: readonly Row[],
  maxTokens: number,
): Promise<ScoredRow[]> {
  const { format, select } = spec.switches;
  const texts = rows.map((row) => task.studentPrompt(row));
  const generations = await student.generate(
    asked,
    texts.map((text) => promptAs(format, text)),
    maxTokens,
  );
  const written = rows.flatMap((row, index) => {
    const generation = generations[index] ?? null;
    const prompt = texts[index];
    return generation === null || generation.text === '' || prompt === undefined ? [] : [{ row, generation, prompt }];
  });
  const given = written.map(({ generation }) => generation);
  const prompts = written.map(({ prompt }) => prompt);
  // A chat endpoint's own template is not known here, so only its generation can say how likely the answer was.
  const again = asked.can.rescore && format === 'text';
  const after = again ? await student.scoreAfter(asked, prompts, given) : given.map(({ meanNll }) => meanNll);
  const scores = select === 'ifd' ? differences(after, await student.scoreAlone(asked, given)) : after;
  const byRow = new Map(written.map(({ row }, index) => [row.id, scores[index] ?? null]));
  return rows.map((row, index) => ({
    id: row.id,
    domain: row.domain,
    score: byRow.get(row.id) ?? null,
    output: generations[index]?.text || null,
    cut: generations[index]?.finish === 'length',
  }));
}

/** The gold target was not generated, so it has no token ids: it is scored as text. */
async function scoreGold(
  student: Student,
  asked: StudentRequest,
  { task, spec }: Scorer,
  rows: readonly Row[],
): Promise<ScoredRow[]> {
  const byText: StudentRequest = { ...asked, can: { ...asked.can, promptLogprobs: 'text' } };
  const gold = rows.map(({ answer }): Generation => ({
    text: answerLine(answer),
    finish: 'stop',
    ids: [],
    meanNll: null,
  }));
  const prompts = rows.map((row) => task.studentPrompt(row));
  const after = await student.scoreAfter(byText, prompts, gold);
  const scores = spec.switches.select === 'ifd' ? differences(after, await student.scoreAlone(byText, gold)) : after;
  return rows.map(({ id, domain }, index) => ({ id, domain, score: scores[index] ?? null, output: null, cut: false }));
}

function differences(after: readonly (number | null)[], alone: readonly (number | null)[]): (number | null)[] {
  return after.map((nll, index) => {
    const base = alone[index] ?? null;
    return nll === null || base === null ? null : nll - base;
  });
}
