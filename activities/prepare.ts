/** Prepare (DESIGN.md, section 5): reads and checks the data of a run and writes them as artifacts. */
import type { ArtifactRef } from '../contracts/artifact.ts';
import type { DomainTable, Row } from '../contracts/records.ts';
import type { RunSpec } from '../contracts/run-file.ts';
import type { Prepared } from '../contracts/stage.ts';
import { BaldistillError } from '../domain/failures.ts';
import { withDistinctIds } from './distinct-ids.ts';
import type { Artifacts } from './ports/artifacts.ts';
import type { DataPart, Importer } from './ports/importer.ts';
import { idFieldOf, surveyData } from './survey-data.ts';
import type { Survey } from './survey-data.ts';

/** Rows of each domain in one part. */
type Tally = Map<string, number>;

/**
 * Reads the data twice: once to find every problem and decide what becomes of each row, once to write. Bad data are
 * one `InvalidInput` that names all problems, and nothing is imported. Exact duplicates and leaks are dropped from the
 * training rows only: held-out files stay as they are, so that scores can be compared with those of others.
 */
export function createPrepare(world: {
  readonly artifacts: Artifacts;
  readonly importer: Importer;
}): (spec: RunSpec) => Promise<Prepared> {
  return async (spec) => {
    const survey = await surveyData(world.importer, spec);
    survey.problems.throwIfAny();
    const tallies = { train: new Map(), validation: new Map(), test: new Map() } satisfies Record<DataPart, Tally>;
    const write = async (part: DataPart): Promise<ArtifactRef> =>
      await world.artifacts.writeLines(rowsOf(world.importer, spec, survey, part, tallies[part]));
    const exists = (part: DataPart): boolean => world.importer.has(spec, part) || survey.splitOff.has(part);

    const pool = await write('train');
    // A handful of rows may leave nothing for a split: then there is none.
    const heldOut = async (part: DataPart): Promise<ArtifactRef | null> => {
      const written = exists(part) ? await write(part) : null;
      return written === null || written.rows === 0 ? null : written;
    };
    const validation = await heldOut('validation');
    const test = await heldOut('test');
    const domains = await world.artifacts.writeJson(domainTable(tallies));
    return { pool, validation, test, domains, dropped: survey.dropped };
  };
}

/** What a run's data would be refused for, before it is started: throws as `prepare` does, and writes nothing. */
export async function checkData(importer: Importer, spec: RunSpec): Promise<void> {
  (await surveyData(importer, spec)).problems.throwIfAny();
}

/** The rows of one part, read again and counted. */
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
    const fate = split ? survey.fates[index] : part;
    index += 1;
    if (fate === undefined) changed();
    if (fate !== part) continue;
    tally.set(row.domain, (tally.get(row.domain) ?? 0) + 1);
    yield row;
  }
  if (split && index !== survey.fates.length) changed();
}

function changed(): never {
  throw new BaldistillError('InvalidInput', 'A data file changed while it was being read; nothing was imported.');
}

/** Labels are all answers of all parts, sorted. In classification they are the domains. */
function domainTable(tallies: Record<DataPart, Tally>): DomainTable {
  const labels = [...new Set(Object.values(tallies).flatMap((tally) => [...tally.keys()]))].sort();
  const counts = (tally: Tally): Record<string, number> =>
    Object.fromEntries([...tally].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    labels,
    pool: counts(tallies.train),
    validation: counts(tallies.validation),
    test: counts(tallies.test),
    unscored: labels.filter((label) => !tallies.test.has(label)),
  };
}
