/** The artifact store as a folder of content-addressed files: `<folder>/ab/<sha256>`. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import type { Artifacts } from '../../activities/ports/artifacts.ts';
import { ArtifactRef } from '../../contracts/artifact.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { readJsonLines } from '../json-lines/read-json-lines.ts';
import { writeAtomically } from './atomic-file.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { writeParquet } from './parquet-file.ts';
import { codeOf } from './storage-failure.ts';

/** Bytes gathered before they are written and hashed. */
const blockBytes = 256 * 1024;

/**
 * Creates nothing until something is written. Reading checks that the file is there with the length and the number of
 * lines its reference says and that every line fits its schema; it does not hash again.
 */
export function createFileArtifacts(folder: string): Artifacts {
  const root = resolve(folder);
  const writeLines = async (values: Iterable<unknown> | AsyncIterable<unknown>): Promise<ArtifactRef> => {
    const written = { sha256: '', bytes: 0, rows: 0 };
    await writeAtomically(root, async (file) => {
      const digest = createHash('sha256');
      for await (const block of blocks(values, written)) {
        digest.update(block);
        written.bytes += block.length;
        for (let done = 0; done < block.length;) done += (await file.write(block, done)).bytesWritten;
      }
      written.sha256 = digest.digest('hex');
      return pathOf(root, written.sha256);
    });
    return { uri: `artifact:${written.sha256}`, ...written };
  };

  return {
    writeLines,
    writeJson: (value) => writeLines([value]),
    readLines: (reference, schema) => readLines(root, reference, schema),
    async readJson(reference, schema) {
      for await (const value of readLines(root, reference, schema)) return value;
      throw damaged(reference, 'it is empty');
    },
    localPath: ({ sha256 }) => pathOf(root, sha256),
    async export(reference, path) {
      const source = await checkedPath(root, reference);
      await writeAtomically(dirname(resolve(path)), async (file) => {
        for await (const block of createReadStream(source)) await file.appendFile(block);
        return resolve(path);
      });
    },
    exportParquet: (rows, columns, path) =>
      writeAtomically(dirname(resolve(path)), async (file) => {
        await writeParquet(file, rows, columns);
        return resolve(path);
      }),
    exportText: (text, path) =>
      writeAtomically(dirname(resolve(path)), async (file) => {
        await file.writeFile(text);
        return resolve(path);
      }),
  };
}

/** Lines gathered into blocks; counts the rows into `written`. */
async function* blocks(
  values: Iterable<unknown> | AsyncIterable<unknown>,
  written: { rows: number },
): AsyncGenerator<Buffer> {
  let lines: string[] = [];
  let length = 0;
  for await (const value of values) {
    const line = canonicalJson(value);
    lines.push(line, '\n');
    length += line.length + 1;
    written.rows += 1;
    if (length < blockBytes) continue;
    yield Buffer.from(lines.join(''));
    lines = [];
    length = 0;
  }
  if (length > 0) yield Buffer.from(lines.join(''));
}

async function* readLines<T>(root: string, reference: ArtifactRef, schema: z.ZodType<T>): AsyncGenerator<T> {
  let rows = 0;
  for await (const line of readJsonLines(await checkedPath(root, reference))) {
    if (!line.ok) throw damaged(reference, `line ${line.line} is not ${line.expected}`);
    const parsed = schema.safeParse(line.value);
    if (!parsed.success) throw damaged(reference, `line ${line.line} is not of the kind expected`, parsed.error);
    rows += 1;
    yield parsed.data;
  }
  if (rows !== reference.rows) throw damaged(reference, `it has ${rows} lines instead of ${reference.rows}`);
}

/** Path of an artifact whose file is there and as long as it has to be. */
async function checkedPath(root: string, reference: ArtifactRef): Promise<string> {
  // A forged reference must not become a path.
  const { sha256, bytes } = ArtifactRef.parse(reference);
  const path = pathOf(root, sha256);
  try {
    const { size } = await stat(path);
    if (size !== bytes) throw damaged(reference, `its file has ${size} bytes instead of ${bytes}`);
    return path;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw damaged(reference, `its file ${path} cannot be read (${codeOf(error)})`, error);
  }
}

function pathOf(root: string, sha256: string): string {
  return join(root, sha256.slice(0, 2), sha256);
}

function damaged(reference: ArtifactRef, what: string, cause?: unknown): BaldistillError {
  return new BaldistillError('ArtifactMissing', `Artifact ${reference.sha256.slice(0, 12)}: ${what}.`, { cause });
}
