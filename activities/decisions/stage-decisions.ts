/** Decides the slots of a stage from its plans and the answers in the ledger. */
import type { RoundPlan } from '../../contracts/activity-messages.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { PlannedCall, Row, UncalledSlot } from '../../contracts/records.ts';
import type { StageInput } from '../../contracts/stage.ts';
import { decide, decideUncalled, decideVerification } from './decide-slots.ts';
import type { Decision, Judge } from './decide-slots.ts';
import { chosenIds, taskOf } from '../data/pool.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Ledger, SlotRecord } from '../ports/ledger.ts';
import { openRepeats } from './repeats.ts';

export interface DecidedSlot {
  readonly slot: number;
  /** The domain that the slot was last used for. */
  readonly domain: string;
  readonly kind: 'annotate' | 'synthesize';
  /** The round that produced the decision. */
  readonly round: number;
  readonly decision: Decision;
}

export interface StageDecisions {
  /** The latest decision of every slot that had a row or a call, in slot order. */
  readonly slots: readonly DecidedSlot[];
  /** Answers of all rounds that were dropped, or that are used despite a flaw (no rationale, unverified). */
  readonly flawed: readonly {
    readonly domain: string;
    readonly callId: string;
    readonly reason: string;
    readonly dropped: boolean;
  }[];
}

/** One round's verdict on one slot. A verification applies to the decision the slot has by then. */
type RoundVerdict =
  | DecidedSlot
  | { readonly slot: number; readonly kind: 'verify'; readonly record: SlotRecord | undefined };

export async function stageDecisions(
  world: { readonly artifacts: Artifacts; readonly ledger: Ledger },
  input: StageInput,
  plans: readonly RoundPlan[],
): Promise<StageDecisions> {
  const judge = await openJudge(world.artifacts, input, plans.at(-1)?.selection);
  const verdicts: RoundVerdict[] = [];
  for (const plan of plans) verdicts.push(...(await verdictsOf(world, input, judge, plan)));
  const repeats = await openRepeats(
    world.artifacts,
    input,
    verdicts.flatMap((verdict) => (verdict.kind === 'verify' ? [] : [verdict.decision])),
  );

  const decided = new Map<number, DecidedSlot>();
  const flawed: StageDecisions['flawed'][number][] = [];
  for (const verdict of verdicts) {
    const { slot } = verdict;
    const before = decided.get(slot);
    const now =
      verdict.kind === 'verify'
        ? before && { ...before, decision: decideVerification(judge, before.decision, verdict.record) }
        : { ...verdict, decision: repeats.check(slot, verdict.decision) };
    if (now === undefined) continue;
    decided.set(slot, now);
    if (now.decision.kind !== 'example') repeats.remove(slot);
    const { decision, domain } = now;
    if (decision.kind === 'dropped' && decision !== before?.decision)
      flawed.push({ domain, callId: decision.callId, reason: decision.reason, dropped: true });
  }
  for (const { decision, domain } of decided.values())
    if (decision.kind === 'example' && decision.flaw !== null && decision.example.call !== null)
      flawed.push({ domain, callId: decision.example.call, reason: decision.flaw, dropped: false });
  return { slots: [...decided.values()].sort((a, b) => a.slot - b.slot), flawed };
}

/** In slot order. */
async function verdictsOf(
  { artifacts, ledger }: { readonly artifacts: Artifacts; readonly ledger: Ledger },
  { spec, stage }: StageInput,
  judge: Judge,
  { round, chunks, uncalled }: RoundPlan,
): Promise<RoundVerdict[]> {
  const records = new Map(
    (await ledger.slots({ run: spec.name, stage, round })).map((record) => [record.slot, record]),
  );
  const verdicts: RoundVerdict[] = [];
  if (uncalled !== undefined)
    for await (const given of artifacts.readLines(uncalled, UncalledSlot)) {
      const { slot, domain } = given;
      verdicts.push({ slot, domain, kind: 'annotate', round, decision: decideUncalled(judge, given) });
    }
  for (const chunk of chunks)
    for await (const call of artifacts.readLines(chunk, PlannedCall)) {
      const { slot, domain } = call;
      const record = records.get(slot);
      verdicts.push(
        call.kind === 'verify'
          ? { slot, kind: call.kind, record }
          : { slot, domain, kind: call.kind, round, decision: decide(judge, call, record) },
      );
    }
  return verdicts.sort((a, b) => a.slot - b.slot);
}

/** `selection`: the rows assigned to the slots; undefined if there are none. */
export async function openJudge(
  artifacts: Artifacts,
  input: StageInput,
  selection: ArtifactRef | undefined,
): Promise<Judge> {
  const { prepared, spec } = input;
  const chosen = await chosenIds(artifacts, [], selection === undefined ? [] : [selection]);
  const rows = new Map<string, Row>();
  let instruction = '';
  for await (const row of artifacts.readLines(prepared.pool, Row)) {
    instruction ||= row.instruction;
    if (chosen.has(row.id)) rows.set(row.id, row);
  }
  const heldOut = new Set<string>();
  for (const split of [prepared.validation, prepared.test]) {
    if (split === null) continue;
    for await (const row of artifacts.readLines(split, Row)) heldOut.add(folded(row.input));
  }
  return {
    stage: input.stage,
    switches: spec.switches,
    task: await taskOf(artifacts, input),
    seed: spec.seed,
    instruction,
    row: (id) => rows.get(id),
    heldOut: (text) => heldOut.has(folded(text)),
  };
}

function folded(text: string): string {
  return text.toLowerCase().replaceAll(/\s+/g, ' ').trim();
}
