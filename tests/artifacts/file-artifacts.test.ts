import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { asStorageFailure } from '../../adapters/artifacts/storage-failure.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';

const home = mkdtempSync(join(tmpdir(), 'baldistill-artifacts-'));
afterAll(() => rmSync(home, { recursive: true }));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(home, 'store-'));
});

const Line = z.strictObject({ n: z.int(), text: z.string() });

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

async function* manyLines(): AsyncGenerator<z.infer<typeof Line>> {
  for (let n = 0; n < 100_000; n += 1) yield { n, text: `text ${n} `.repeat(5) };
}

function* brokenLines(): Generator {
  yield { n: 1 };
  throw new Error('the source broke');
}

const pathOf = ({ sha256 }: ArtifactRef): string => join(folder, sha256.slice(0, 2), sha256);

test('lines come back as they were, in order, under the hash of their bytes', async () => {
  const artifacts = createFileArtifacts(folder);
  const values = [
    { n: 1, text: 'one\nline' },
    { n: 2, text: '\u2028 "quoted" 🌾' },
  ];
  const reference = await artifacts.writeLines(values);
  expect(reference).toMatchObject({ uri: `artifact:${reference.sha256}`, rows: 2 });
  expect(readFileSync(pathOf(reference))).toHaveLength(reference.bytes);
  expect(await collect(artifacts.readLines(reference, Line))).toEqual(values);
});

test('the same values have the same bytes, whatever the order of their keys; nothing is kept twice', async () => {
  const artifacts = createFileArtifacts(folder);
  const [first, second] = await Promise.all([
    artifacts.writeLines([{ n: 1, text: 'a', absent: undefined }]),
    artifacts.writeJson({ text: 'a', n: 1 }),
  ]);
  expect(second).toEqual(first);
  expect(filesIn(folder)).toEqual([first.sha256]);
});

test('100,000 lines stream through, and an empty list is an artifact too', async () => {
  const artifacts = createFileArtifacts(folder);
  const reference = await artifacts.writeLines(manyLines());
  let sum = 0;
  for await (const { n } of artifacts.readLines(reference, Line)) sum += n;
  expect(sum).toBe(4_999_950_000);
  const empty = await artifacts.writeLines([]);
  expect(empty).toMatchObject({ rows: 0, bytes: 0 });
  expect(await collect(artifacts.readLines(empty, Line))).toEqual([]);
});

test('lines that fail half way leave nothing behind', async () => {
  const artifacts = createFileArtifacts(folder);
  await expect(artifacts.writeLines(brokenLines())).rejects.toThrow('the source broke');
  expect(filesIn(folder)).toEqual([]);
});

describe('what is missing or damaged is reported as ArtifactMissing', () => {
  test('a file that is missing, truncated, or has other lines', async () => {
    const artifacts = createFileArtifacts(folder);
    const reference = await artifacts.writeLines([{ n: 1, text: 'a' }]);
    const read = async (): Promise<unknown> => await collect(artifacts.readLines(reference, Line));

    await expect(collect(artifacts.readLines(reference, z.strictObject({ n: z.string() })))).rejects.toMatchObject({
      type: 'ArtifactMissing',
      message: expect.stringContaining('line 1'),
    });
    await expect(collect(artifacts.readLines({ ...reference, rows: 2 }, Line))).rejects.toMatchObject({
      type: 'ArtifactMissing',
    });
    truncateSync(pathOf(reference), 5);
    await expect(read()).rejects.toMatchObject({
      type: 'ArtifactMissing',
      message: expect.stringContaining('5 bytes'),
    });
    rmSync(pathOf(reference));
    await expect(read()).rejects.toMatchObject({ type: 'ArtifactMissing', message: expect.stringContaining('ENOENT') });
    await expect(artifacts.export(reference, join(home, 'out.jsonl'))).rejects.toMatchObject({
      type: 'ArtifactMissing',
    });
  });

  test('writing the same values again heals the store', async () => {
    const artifacts = createFileArtifacts(folder);
    const reference = await artifacts.writeJson({ n: 1, text: 'a' });
    writeFileSync(pathOf(reference), 'torn');
    await artifacts.writeJson({ n: 1, text: 'a' });
    expect(await artifacts.readJson(reference, Line)).toEqual({ n: 1, text: 'a' });
  });

  test('a reference cannot be turned into a path', async () => {
    const reference = { uri: 'artifact:x', sha256: '../../../etc/passwd', bytes: 1, rows: 1 };
    await expect(createFileArtifacts(folder).readJson(reference, Line)).rejects.toThrow(z.ZodError);
  });
});

describe('storage that takes nothing', () => {
  test('a folder that cannot be made is StorageFull, with a sentence', async () => {
    writeFileSync(join(home, 'a-file'), '');
    const artifacts = createFileArtifacts(join(home, 'a-file', 'store'));
    await expect(artifacts.writeJson(1)).rejects.toMatchObject({
      name: 'BaldistillError',
      type: 'StorageFull',
      message: expect.stringContaining('a part of its path is a file'),
    });
  });

  test.each([
    ['ENOSPC', 'the disk is full'],
    ['EROFS', 'read-only'],
    ['EACCES', 'may not be written'],
  ])('%s is StorageFull', (code, words) => {
    const error = asStorageFailure(Object.assign(new Error(code), { code }), '/data');
    expect(error).toMatchObject({ type: 'StorageFull', message: expect.stringContaining(words) });
  });

  test('any other error stays what it is', () => {
    const error = new Error('a bug');
    expect(asStorageFailure(error, '/data')).toBe(error);
  });
});

test('exports are whole files at a path of one’s own, and replace what was there', async () => {
  const artifacts = createFileArtifacts(folder);
  const reference = await artifacts.writeLines([{ n: 1, text: 'a' }]);
  const target = join(folder, 'runs', 'mine', 'train.jsonl');
  mkdirSync(join(folder, 'runs', 'mine'), { recursive: true });
  writeFileSync(target, 'an older and much longer file than the new one will be');
  await artifacts.export(reference, target);
  expect(readFileSync(target, 'utf8')).toBe('{"n":1,"text":"a"}\n');
  await artifacts.exportText('# Report\n', join(folder, 'runs', 'other', 'report.md'));
  expect(readFileSync(join(folder, 'runs', 'other', 'report.md'), 'utf8')).toBe('# Report\n');
  expect(readdirSync(join(folder, 'runs', 'mine'))).toEqual(['train.jsonl']);
});

test('canonical JSON sorts keys at every depth and keeps arrays as they are', () => {
  expect(canonicalJson({ b: [2, { z: null, a: 'é' }], a: { d: 1, c: true }, '10': 0, '9': Number.NaN })).toBe(
    '{"10":0,"9":null,"a":{"c":true,"d":1},"b":[2,{"a":"é","z":null}]}',
  );
});
