/** Reads the training set of a running or finished run from the ledger: all closed stages. */
import { z } from 'zod';
import { ArtifactRef } from '../../contracts/artifact.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { Ledger, RunRecord } from '../ports/ledger.ts';
import type { TrainingSet } from './training-set.ts';

/** The required parts of `CloseStageInput` and `ClosedStage`, so that stages closed by other versions can be read too. */
const Request = z.object({
  input: z.object({
    connected: z.object({ teacherModel: z.string().nullable() }),
    history: z.array(z.object({ examples: ArtifactRef })),
  }),
});
const Closed = z.object({ examples: ArtifactRef, training: ArtifactRef });

/** Null if no stage is closed yet. */
export async function storedTrainingSet(ledger: Ledger, record: RunRecord): Promise<TrainingSet | null> {
  const { name, spec, status } = record;
  let found: TrainingSet | null = null;
  for (const { stage, request, closed } of await ledger.closedStages({ run: name })) {
    const [opened, done] = [parsed(Request, request), parsed(Closed, closed)];
    if (opened === undefined || done === undefined)
      throw new BaldistillError('LedgerUnavailable', `Stage ${stage} of ${name} was closed by another version.`);
    const { connected, history } = opened.input;
    const before = history.map(({ examples }) => examples);
    // A restarted run closes its stages again. A stage with another history belongs to the earlier start.
    if (hashes(before) !== hashes(found?.examples ?? [])) break;
    const { teacherModel } = connected;
    found = { spec, status, teacherModel, examples: [...before, done.examples], training: done.training };
  }
  return found;
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  const value: unknown = JSON.parse(text);
  return schema.safeParse(value).data;
}

function hashes(references: readonly ArtifactRef[]): string {
  return references.map(({ sha256 }) => sha256).join();
}
