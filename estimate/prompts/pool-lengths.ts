/** Lengths and call keys of the pool's annotation prompts, from one reading of the pool. */
import type { PlannedCall, Row } from '../../contracts/records.ts';
import { Row as RowSchema } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import type { Task } from '../../domain/tasks/task.ts';
import { contentKeyOf, requestOf, withResponseFormat } from '../../activities/calls/call-request.ts';
import type { Artifacts } from '../../activities/ports/artifacts.ts';
import type { Teacher } from '../../activities/ports/teacher.ts';
import { countMessages } from './count-tokens.ts';
import type { CountTokens } from './count-tokens.ts';

/** In a larger pool only the rows of stage 0 are looked up in the ledger. */
export const mostLookedUp = 20_000;

/** The student prompt is counted for the first 500 rows, then for every 32nd. */
const studentSample = { first: 500, every: 32 };

export interface PromptLength {
  readonly id: string;
  readonly domain: string;
  /** Tokens of the annotation prompt. */
  readonly tokens: number;
  /** Key of the call; null if there can be no answer or the row is not looked up. */
  readonly key: string | null;
}

export interface PoolInput {
  readonly spec: RunSpec;
  readonly prepared: Prepared;
  readonly task: Task;
  /** Null: no row can have an answer, so none gets a key. */
  readonly teacher: Pick<Teacher, 'content'> | null;
  /** The rows of stage 0, which are always looked up; or `all`. */
  readonly taken: ReadonlySet<string> | 'all' | null;
}

export interface PoolLengths {
  readonly rows: readonly PromptLength[];
  /** Mean tokens of the student prompts. */
  readonly studentPrompt: number;
  readonly bytes: number;
}

export async function poolLengths(
  artifacts: Artifacts,
  { spec, prepared, task, teacher, taken }: PoolInput,
  count: CountTokens,
): Promise<PoolLengths> {
  const rows: PromptLength[] = [];
  const student = { rows: 0, tokens: 0 };
  let bytes = 0;
  const some = taken === 'all' || prepared.pool.rows <= mostLookedUp ? null : (taken ?? new Set<string>());
  for await (const row of artifacts.readLines(prepared.pool, RowSchema)) {
    const messages = task.annotatePrompt(row);
    bytes += messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
    const tokens = countMessages(count, messages);
    if (rows.length < studentSample.first || rows.length % studentSample.every === 0) {
      student.rows += 1;
      student.tokens += count(task.studentPrompt(row));
    }
    const key =
      teacher === null || some?.has(row.id) === false
        ? null
        : annotateKey(spec, teacher, row, withResponseFormat(task, 'annotate', messages));
    rows.push({ id: row.id, domain: row.domain, tokens, key });
  }
  return { rows, studentPrompt: student.rows === 0 ? 0 : student.tokens / student.rows, bytes };
}

export function annotateKey(
  spec: RunSpec,
  teacher: Pick<Teacher, 'content'>,
  row: Pick<Row, 'id' | 'domain'>,
  prompt: ReturnType<typeof withResponseFormat>,
): string {
  const call: PlannedCall = { kind: 'annotate', slot: 0, domain: row.domain, rowId: row.id, ...prompt };
  return contentKeyOf(teacher, call, requestOf(spec, call));
}
