/** Version 3: batches, and which calls they carry. */
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export interface BatchesTable {
  id: string;
  run: string;
  stage: number;
  round: number;
  state: 'gathering' | 'sealed' | 'closed';
  opened_at: number;
  /** When its run was last known to care for it. */
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

export async function addBatches({ schema }: Kysely<Schema>): Promise<void> {
  await schema
    .createTable('batches')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('run', 'text', (column) => column.notNull())
    .addColumn('stage', 'integer', (column) => column.notNull())
    .addColumn('round', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('opened_at', 'bigint', (column) => column.notNull())
    .addColumn('last_seen', 'bigint', (column) => column.notNull())
    .addColumn('tried_at', 'bigint')
    .addColumn('remote', 'text')
    .addColumn('file', 'text')
    .addColumn('lines', 'integer', (column) => column.notNull())
    .addColumn('tokens', 'bigint', (column) => column.notNull())
    .execute();
  await schema.createIndex('batches_run').on('batches').columns(['run', 'state']).execute();
  await schema
    .createTable('batch_lines')
    .addColumn('batch', 'text', (column) => column.notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('batch_lines_batch', ['batch', 'call_id'])
    .execute();
}
