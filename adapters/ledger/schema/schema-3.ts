/** Version 3: batches and the calls they carry. */
import type { Kysely } from 'kysely';
import { createTable } from './create-table.ts';
import type { Schema } from './schema.ts';

export interface BatchesTable {
  id: string;
  run: string;
  stage: number;
  round: number;
  state: 'gathering' | 'sealed' | 'closed';
  opened_at: number;
  /** When its run last used it; renews its lease. */
  last_seen: number;
  tried_at: number | null;
  remote: string | null;
  /** `ArtifactRef` as JSON. */
  file: string | null;
  lines: number;
  tokens: number;
}

export interface BatchLinesTable {
  batch: string;
  call_id: string;
}

export async function addBatches(database: Kysely<Schema>): Promise<void> {
  await createTable(
    database,
    'batches',
    `id text key, run text, stage integer, round integer, state text, opened_at bigint, last_seen bigint,
      tried_at bigint null, remote text null, file text null, lines integer, tokens bigint`,
  ).execute();
  await database.schema.createIndex('batches_run').on('batches').columns(['run', 'state']).execute();
  await createTable(database, 'batch_lines', `batch text, call_id text`)
    .addPrimaryKeyConstraint('batch_lines_batch', ['batch', 'call_id'])
    .execute();
}
