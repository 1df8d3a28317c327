/** Prepare: reads and checks the data of a run and writes them as artifacts. */
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { DomainTable, Row } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { labelsInAnswer } from '../../domain/tasks/open-task.ts';
import { withDistinctIds } from './distinct-ids.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { DataPart, Importer } from '../ports/importer.ts';
import { idFieldOf, surveyData } from './survey-data.ts';
import type { Survey } from './survey-data.ts';

/** Rows of each domain and of each label in one part. */
interface Tally {
  readonly domains: Map<string, number>;
  readonly labels: Map<string, number>;
  /** Whether any row's domain differs from its label. */
  differ: boolean;
}

/**
 * Reads the data twice: once to find every problem and assign each row, once to write. Invalid data throw one
 * `InvalidInput` with all problems, and nothing is imported. Exact duplicates and leaks are dropped from the training
 * rows only: held-out files stay unchanged, so that scores are comparable with published ones.
 */
export function createPrepare(world: {
  readonly artifacts: Artifacts;
  readonly importer: Importer;
}): (spec: RunSpec) => Promise<Prepared> {
  return async (spec) => {
    const survey = await surveyData(world.importer, spec);
    survey.problems.throwIfAny();
    const tallies: Record<DataPart, Tally> = { train: emptyTally(), validation: emptyTally(), test: emptyTally() };
    const write = async (part: DataPart): Promise<ArtifactRef> =>
      await world.artifacts.writeLines(rowsOf(world.importer, spec, survey, part, tallies[part]));
    const exists = (part: DataPart): boolean => world.importer.has(spec, part) || survey.splitOff.has(part);

    const pool = await write('train');
    // A split of very few rows may be empty; then the part does not exist.
    const heldOut = async (part: DataPart): Promise<ArtifactRef | null> => {
      const written = exists(part) ? await write(part) : null;
      return written === null || written.rows === 0 ? null : written;
    };
    const validation = await heldOut('validation');
    const test = await heldOut('test');
    const domains = await world.artifacts.writeJson(domainTable(tallies));
    const reserved = survey.outcomes.filter((outcome) => outcome === 'reserved').length;
    return { pool, validation, test, domains, dropped: survey.dropped, ...(reserved === 0 ? {} : { reserved }) };
  };
}

/** Checks the data before a run starts: throws what `prepare` would throw, and writes nothing. */
export async function checkData(importer: Importer, spec: RunSpec): Promise<void> {
  (await surveyData(importer, spec)).problems.throwIfAny();
}

/** Second reading: yields the rows of one part and counts them. */
async function* rowsOf(
  importer: Importer,
  spec: RunSpec,
  survey: Survey,
  part: DataPart,
  tally: Tally,
): AsyncGenerator<Row> {
  const split = part === 'train' || survey.splitOff.has(part);
  const rows = importer.read(spec, split ? 'train' : part, changed);
  let index = 0;
  for await (const { row } of withDistinctIds(rows, idFieldOf(spec), { add: changed })) {
    const outcome = split ? survey.outcomes[index] : part;
    index += 1;
    if (outcome === undefined) changed();
    if (outcome !== part) continue;
    count(tally, row, labelsInAnswer(spec.task, row.answer) ?? []);
    yield row;
  }
  if (split && index !== survey.outcomes.length) changed();
}

function changed(): never {
  throw new BaldistillError('InvalidInput', 'A data file changed while it was being read. Nothing was imported.');
}

function emptyTally(): Tally {
  return { domains: new Map(), labels: new Map(), differ: false };
}

function count(tally: Tally, { domain }: Row, labels: readonly string[]): void {
  increment(tally.domains, domain);
  for (const label of labels) increment(tally.labels, label);
  tally.differ ||= labels.length > 0 && !(labels.length === 1 && labels[0] === domain);
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Labels are those of all parts, sorted. If labels differ from domains, the pool's rows per label are counted too. */
function domainTable({ train, validation, test }: Record<DataPart, Tally>): DomainTable {
  const parts = [train, validation, test];
  const all = (of: (tally: Tally) => Map<string, number>): string[] =>
    [...new Set(parts.flatMap((tally) => [...of(tally).keys()]))].sort();
  return {
    labels: all(({ labels }) => labels),
    ...(parts.some(({ differ }) => differ) ? { labelCounts: sorted(train.labels) } : {}),
    pool: sorted(train.domains),
    validation: sorted(validation.domains),
    test: sorted(test.domains),
    unscored: all(({ domains }) => domains).filter((domain) => !test.domains.has(domain)),
  };
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
