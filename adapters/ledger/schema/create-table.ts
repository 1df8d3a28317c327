import { sql } from 'kysely';
import type { CreateTableBuilder, Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/**
 * The table as a builder, so that constraints can be added. `columns` is a list of `name type`, separated by commas; a
 * column is `not null` unless `key` (primary key) or `null` follows its type.
 */
export function createTable(
  { schema }: Kysely<Schema>,
  name: string,
  columns: string,
): CreateTableBuilder<string, string> {
  let table: CreateTableBuilder<string, string> = schema.createTable(name);
  for (const column of columns.split(',')) {
    const [, label = '', type = '', kind] = /^(\w+) (.*?)(?: (key|null))?$/.exec(column.trim()) ?? [];
    table = table.addColumn(label, sql.raw(type), (definition) => {
      if (kind === 'key') return definition.primaryKey();
      return kind === 'null' ? definition : definition.notNull();
    });
  }
  return table;
}
