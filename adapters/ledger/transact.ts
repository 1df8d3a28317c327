/** One transaction on the ledger's connection. */
import { CompiledQuery } from 'kysely';
import type { Kysely } from 'kysely';
import type { Schema } from './schema/schema.ts';
import type { SqliteLedger } from './sqlite-dialect.ts';

const commit = CompiledQuery.raw('commit');
const rollback = CompiledQuery.raw('rollback');

/** Takes the write lock, works, commits; durable when it resolves, as if it had never been when it rejects. */
export function transact<T>(ledger: SqliteLedger, work: (connection: Kysely<Schema>) => Promise<T>): Promise<T> {
  return ledger.database.connection().execute(async (connection) => {
    await ledger.begin(connection);
    try {
      const result = await work(connection);
      await connection.executeQuery(commit);
      return result;
    } catch (error) {
      // A full disk ends the transaction by itself: then there is nothing to roll back.
      if (ledger.inTransaction()) await connection.executeQuery(rollback);
      throw error;
    }
  });
}
