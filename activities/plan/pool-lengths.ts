/** How long the prompts over the pool are, and which of them the ledger has answered: one reading of the pool. */
import type { PlannedCall, Row } from '../../contracts/records.ts';
import { Row as RowSchema } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import type { Task } from '../../domain/tasks/task.ts';
import { asked, contentKeyOf, requestOf } from '../call-request.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Teacher } from '../ports/teacher.ts';
import { countMessages } from './count-tokens.ts';
import type { CountTokens } from './count-tokens.ts';

/** Of a larger pool the ledger is not asked row by row. */
const mostAsked = 20_000;

export interface PromptLength {
  readonly domain: string;
  /** Tokens of the prompt that asks for its rationale. */
  readonly tokens: number;
  /** Key of the answer; null where the pool is too large to ask for each. */
  readonly key: string | null;
}

export interface PoolLengths {
  readonly rows: readonly PromptLength[];
  /** Mean tokens of what the student is asked. */
  readonly studentPrompt: number;
  readonly bytes: number;
}

export async function poolLengths(
  artifacts: Artifacts,
  {
    spec,
    prepared,
    task,
    teacher,
  }: { spec: RunSpec; prepared: Prepared; task: Task; teacher: Pick<Teacher, 'content'> | null },
  count: CountTokens,
): Promise<PoolLengths> {
  const rows: PromptLength[] = [];
  let student = 0;
  let bytes = 0;
  for await (const row of artifacts.readLines(prepared.pool, RowSchema)) {
    const messages = task.annotatePrompt(row);
    const length = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
    bytes += length;
    const tokens = countMessages(count, messages);
    student += count(task.studentPrompt(row));
    rows.push({
      domain: row.domain,
      tokens,
      key:
        teacher === null || prepared.pool.rows > mostAsked
          ? null
          : keyOf(spec, teacher, row, asked(task, 'annotate', messages)),
    });
  }
  return { rows, studentPrompt: rows.length === 0 ? 0 : student / rows.length, bytes };
}

function keyOf(spec: RunSpec, teacher: Pick<Teacher, 'content'>, row: Row, prompt: ReturnType<typeof asked>): string {
  const call: PlannedCall = { kind: 'annotate', slot: 0, domain: row.domain, rowId: row.id, ...prompt };
  return contentKeyOf(teacher, call, requestOf(spec, call));
}
