import type { z } from 'zod';
import type { ArtifactRef } from '../../contracts/artifact.ts';

/** A column of an exported table; text, numbers or messages, and where it is `optional`, nulls. */
export interface TableColumn {
  readonly name: string;
  readonly kind: 'text' | 'whole-number' | 'messages';
  readonly optional: boolean;
}

/**
 * The artifact store: immutable, content-addressed files. Writes are atomic (temporary name, fsync, rename): a
 * reference exists only for complete bytes. Throws `BaldistillError` `StorageFull` when nothing can be written and
 * `ArtifactMissing` when a reference has no file or the file has other bytes.
 */
export interface Artifacts {
  /** Writes one JSON value a line, in the order given; streams, so memory does not grow with the rows. */
  writeLines(values: Iterable<unknown> | AsyncIterable<unknown>): Promise<ArtifactRef>;
  /** Yields parsed lines; a line that does not fit the schema is a bug or a damaged file and throws `ArtifactMissing`. */
  readLines<T>(reference: ArtifactRef, schema: z.ZodType<T>): AsyncGenerator<T>;
  writeJson(value: unknown): Promise<ArtifactRef>;
  readJson<T>(reference: ArtifactRef, schema: z.ZodType<T>): Promise<T>;
  /** Where the bytes lie on this machine, for reading only. */
  localPath(reference: ArtifactRef): string;
  /** Copies an artifact to a path outside the store, atomically. */
  export(reference: ArtifactRef, path: string): Promise<void>;
  /** Writes rows as a Parquet file outside the store, atomically; the same rows are the same bytes. */
  exportParquet(rows: AsyncIterable<object>, columns: readonly TableColumn[], path: string): Promise<void>;
  /** Writes a text file outside the store, atomically. */
  exportText(text: string, path: string): Promise<void>;
}
