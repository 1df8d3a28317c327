import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import type { z } from 'zod';
import { createPrepare } from '../../activities/data/prepare.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { createImporter } from '../../adapters/datasets/importer.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { DomainTable, Row } from '../../contracts/records.ts';
import { Data, RunFile, RunSpec } from '../../contracts/run/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import { presets } from '../../domain/methods.ts';

const home = mkdtempSync(join(tmpdir(), 'baldistill-prepare-'));
afterAll(() => rmSync(home, { recursive: true }));

/** A folder with these files; each value is a list of lines. */
export function dataFolder(files: Record<string, readonly (object | string)[]>): string {
  const folder = mkdtempSync(join(home, 'data-'));
  for (const [name, lines] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    writeFileSync(join(folder, name), text === '' ? '' : `${text}\n`);
  }
  return folder;
}

export const fields = { id: 'id', domain: 'topic', instruction: 'task', input: 'text', answer: 'label' };

export function specOf(dataRoot: string, data: z.input<typeof Data>): RunSpec {
  const file = RunFile.parse({
    name: 'test',
    // No split by default: the stories have few rows.
    data: Data.parse('train' in data ? { split: { validation: 0, test: 0 }, ...data } : data),
    budget: { slots: 10 },
    teacher: { embedded: 'recorded' },
    student: { embedded: 'naive-bayes' },
  });
  return RunSpec.parse({
    ...file,
    dataRoot,
    switches: presets[file.method].switches,
    budget: { ...file.budget, calls: 10, maxForfeits: 10 },
  });
}

export const artifactFolder = join(home, 'artifacts');
export const artifacts = createFileArtifacts(artifactFolder);
export const importer = createImporter();
export const prepare = createPrepare({ artifacts, importer });

export async function rowsOf(reference: ArtifactRef | null): Promise<Row[]> {
  const rows: Row[] = [];
  if (reference !== null) for await (const row of artifacts.readLines(reference, Row)) rows.push(row);
  return rows;
}

export async function tableOf(prepared: Prepared): Promise<DomainTable> {
  return await artifacts.readJson(prepared.domains, DomainTable);
}
