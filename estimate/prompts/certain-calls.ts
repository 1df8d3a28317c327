/** The calls that are certain before a run starts, exactly as the run will send them. A preview may buy them. */
import type { PlannedCall } from '../../contracts/records.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Connected, Prepared, StageInput } from '../../contracts/stage.ts';
import { certainSyntheses } from '../../domain/quotas/certain-syntheses.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { balance } from '../../activities/rounds/balance.ts';
import { planFirst, planShares } from '../../activities/rounds/plan-round.ts';
import type { World } from '../../activities/ports/world.ts';
import { select } from '../../activities/student/select.ts';
import { plannedRun } from '../run-size.ts';

export interface CertainCalls {
  /** The whole first round of stage 0 and its rows; null if the run has no stages. */
  readonly first: { readonly calls: readonly PlannedCall[]; readonly selection: ArtifactRef } | null;
  /** Syntheses of later stages that earlier stages cannot change. */
  readonly later: readonly { readonly stage: number; readonly calls: readonly PlannedCall[] }[];
}

/** The input of a stage before any endpoint was probed. */
export function stageBefore(spec: RunSpec, prepared: Prepared, stage: number): StageInput {
  const ledger = { id: '', counter: 0, mark: '' };
  const connected: Connected = { ledger, teacherModel: null, student: null, studentModel: null };
  return { spec, connected, prepared, stage, history: [] };
}

/** `output`: the response format. Throws `InvalidInput` if stage 0 would: more slots than rows, and no synthesis. */
export async function certainCalls(
  world: Pick<World, 'artifacts' | 'student'>,
  { spec, prepared }: { readonly spec: RunSpec; readonly prepared: Prepared },
  counts: Readonly<Record<string, number>>,
  output: Output,
): Promise<CertainCalls> {
  if (spec.stages === 0) return { first: null, later: [] };
  const input = stageBefore(spec, prepared, 0);
  const balanced = await balance(world.artifacts, input);
  const { selection } = await select(world, { input, balanced }, new AbortController().signal);
  const { calls } = await planFirst(world, { input, balanced, selection, earlier: [] }, output);
  const syntheses = certainSyntheses(spec.switches, plannedRun(spec, counts).stages);
  const byStage = [...Map.groupBy(syntheses, ({ stage }) => stage)];
  const later = await Promise.all(
    byStage.map(async ([stage, domains]) => {
      const shares = domains.map(({ domain, slots }) => ({ domain, slots, rows: [] }));
      const request = { input: stageBefore(spec, prepared, stage), earlier: [] };
      return {
        stage,
        calls: (await planShares(world, request, { purpose: 'fill', shares, decided: [] }, output)).calls,
      };
    }),
  );
  return { first: { calls, selection }, later };
}
