import type { z } from 'zod';
import type { ArtifactRef } from '../../contracts/artifact.ts';

/** A column of an exported table. An `optional` column may hold nulls. */
export interface TableColumn {
  readonly name: string;
  readonly kind: 'text' | 'whole-number' | 'messages';
  readonly optional: boolean;
}

/**
 * The artifact store: immutable, content-addressed files. Writes are atomic (temporary name, fsync, rename), so a
 * reference exists only for a complete file. Throws `BaldistillError` `StorageFull` if nothing can be written and
 * `ArtifactMissing` if a reference has no file or the file has other bytes.
 */
export interface Artifacts {
  /** Writes one JSON value per line, in the given order. Streams: memory does not grow with the rows. */
  writeLines(values: Iterable<unknown> | AsyncIterable<unknown>): Promise<ArtifactRef>;
  /** Yields parsed lines. Throws `ArtifactMissing` for a line that does not match the schema. */
  readLines<T>(reference: ArtifactRef, schema: z.ZodType<T>): AsyncGenerator<T>;
  writeJson(value: unknown): Promise<ArtifactRef>;
  readJson<T>(reference: ArtifactRef, schema: z.ZodType<T>): Promise<T>;
  /** The path of the file on this machine, for reading only. */
  localPath(reference: ArtifactRef): string;
  /** Copies an artifact to a path outside the store, atomically. */
  export(reference: ArtifactRef, path: string): Promise<void>;
  /** Writes rows as a Parquet file outside the store, atomically. Equal rows give equal bytes. */
  exportParquet(rows: AsyncIterable<object>, columns: readonly TableColumn[], path: string): Promise<void>;
  /** Writes a text file outside the store, atomically. */
  exportText(text: string, path: string): Promise<void>;
}
