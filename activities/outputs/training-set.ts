/** Exports the training set of a run: chat JSONL with provenance, Parquet with both, and a data card. */
import { join } from 'node:path';
import { z } from 'zod';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { RunStatus } from '../../contracts/progress.ts';
import { Example, Message } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { dataCard } from '../../report/data-card.ts';
import type { DomainRows } from '../../report/data-card.ts';
import type { Artifacts, TableColumn } from '../ports/artifacts.ts';

export const trainingFormats = ['parquet', 'jsonl'] as const;
export type TrainingFormat = (typeof trainingFormats)[number];

export interface TrainingSet {
  readonly spec: RunSpec;
  readonly status: RunStatus;
  readonly teacherModel: string | null;
  /** Examples of each closed stage, in order. */
  readonly examples: readonly ArtifactRef[];
  /** The training file: one line per example, in the same order. */
  readonly training: ArtifactRef;
}

/** The files of a format, without the data card. */
const filesOf: Readonly<Record<TrainingFormat, readonly string[]>> = {
  jsonl: ['train.jsonl', 'train.provenance.jsonl'],
  parquet: ['train.parquet'],
};
export const dataCardFile = 'README.md';

/** Every file that `writeTrainingSet` writes for these formats, in the order written. */
export function trainingFiles(formats: readonly TrainingFormat[]): readonly string[] {
  const written = (['jsonl', 'parquet'] as const).filter((format) => formats.includes(format));
  return [...written.flatMap((format) => filesOf[format]), dataCardFile];
}

/** Whether the text of a `README.md` is a data card that an export wrote: each contains these texts. */
export function isDataCard(text: string): boolean {
  return text.startsWith('---\n') && text.includes('arxiv.org/abs/2406.13114') && text.includes('with baldistill.');
}

const columns: readonly TableColumn[] = [
  { name: 'messages', kind: 'messages', optional: false },
  { name: 'id', kind: 'text', optional: false },
  { name: 'domain', kind: 'text', optional: false },
  { name: 'origin', kind: 'text', optional: false },
  { name: 'stage', kind: 'whole-number', optional: false },
  { name: 'slot', kind: 'whole-number', optional: false },
  { name: 'instruction', kind: 'text', optional: false },
  { name: 'input', kind: 'text', optional: false },
  { name: 'answer', kind: 'text', optional: false },
  { name: 'rationale', kind: 'text', optional: true },
  { name: 'call', kind: 'text', optional: true },
];

const TrainingLine = z.strictObject({ messages: z.array(Message) });
type TrainingRow = Example & z.infer<typeof TrainingLine>;

/** Writes the files of these formats and `README.md` into a folder; returns their names in the order written. */
export async function writeTrainingSet(
  artifacts: Artifacts,
  set: TrainingSet,
  folder: string,
  formats: readonly TrainingFormat[],
): Promise<readonly string[]> {
  const files = trainingFiles(formats);
  if (formats.includes('jsonl')) {
    await artifacts.export(set.training, join(folder, 'train.jsonl'));
    const provenance = await artifacts.writeLines(provenanceOf(artifacts, set));
    await artifacts.export(provenance, join(folder, 'train.provenance.jsonl'));
  }
  if (formats.includes('parquet'))
    await artifacts.exportParquet(rowsOf(artifacts, set), columns, join(folder, 'train.parquet'));
  const { spec, status, teacherModel, examples } = set;
  const domains = await countDomains(artifacts, set);
  const dataFiles = files.filter((file) => file !== dataCardFile);
  const card = dataCard({ spec, status, teacherModel, stages: examples.length, files: dataFiles, domains });
  await artifacts.exportText(card, join(folder, dataCardFile));
  return files;
}

async function* examplesOf(artifacts: Artifacts, { examples }: TrainingSet): AsyncGenerator<Example> {
  for (const reference of examples) yield* artifacts.readLines(reference, Example);
}

/** One line per training example, in the order of train.jsonl. */
async function* provenanceOf(artifacts: Artifacts, set: TrainingSet): AsyncGenerator<Omit<Example, 'rationale'>> {
  for await (const { rationale: _, ...line } of examplesOf(artifacts, set)) yield line;
}

async function* rowsOf(artifacts: Artifacts, set: TrainingSet): AsyncGenerator<TrainingRow> {
  const lines = artifacts.readLines(set.training, TrainingLine);
  for await (const example of examplesOf(artifacts, set)) {
    const line = await lines.next();
    if (line.done === true) throw new RangeError('The training file has fewer lines than there are examples.');
    yield { ...example, ...line.value };
  }
}

async function countDomains(artifacts: Artifacts, set: TrainingSet): Promise<DomainRows[]> {
  const domains = new Map<string, { domain: string; real: number; synthetic: number; duplicate: number }>();
  for await (const { domain, origin } of examplesOf(artifacts, set)) {
    const counts = domains.get(domain) ?? { domain, real: 0, synthetic: 0, duplicate: 0 };
    counts[origin] += 1;
    domains.set(domain, counts);
  }
  return [...domains.values()].sort((a, b) => (a.domain < b.domain ? -1 : 1));
}
