/** The slots of a stage as decided so far: its plans, the answers in the ledger, and the judge over both. */
import { PlannedCall, Row } from '../contracts/records.ts';
import type { RoundPlan } from '../contracts/activity-messages.ts';
import type { StageInput } from '../contracts/stage.ts';
import { decide } from './decide-slots.ts';
import type { Decision, Judge } from './decide-slots.ts';
import { chosenIds, taskOf } from './pool.ts';
import type { Artifacts } from './ports/artifacts.ts';
import type { Ledger } from './ports/ledger.ts';

export interface DecidedSlot {
  readonly slot: number;
  readonly domain: string;
  readonly kind: PlannedCall['kind'];
  readonly decision: Decision;
}

export interface StageDecisions {
  /** Every slot that was given to the teacher, in slot order, as its last round left it. */
  readonly slots: readonly DecidedSlot[];
  /** Every answer that was thrown away or used without its rationale, over all rounds. */
  readonly flawed: readonly {
    readonly domain: string;
    readonly callId: string;
    readonly reason: string;
    readonly dropped: boolean;
  }[];
}

export async function stageDecisions(
  world: { readonly artifacts: Artifacts; readonly ledger: Ledger },
  input: StageInput,
  plans: readonly RoundPlan[],
): Promise<StageDecisions> {
  const judge = await openJudge(world.artifacts, input, plans);
  const decided = new Map<number, DecidedSlot>();
  const flawed: StageDecisions['flawed'][number][] = [];
  for (const plan of plans) {
    const records = new Map(
      (await world.ledger.slots(input.spec.name, input.stage, plan.round)).map((record) => [record.slot, record]),
    );
    for (const chunk of plan.chunks) {
      for await (const call of world.artifacts.readLines(chunk, PlannedCall)) {
        const decision = decide(judge, call, records.get(call.slot));
        decided.set(call.slot, { slot: call.slot, domain: call.domain, kind: call.kind, decision });
        const flaw = flawOf(decision);
        if (flaw !== null) flawed.push({ domain: call.domain, ...flaw });
      }
    }
  }
  return { slots: [...decided.values()].sort((a, b) => a.slot - b.slot), flawed };
}

function flawOf(decision: Decision): { callId: string; reason: string; dropped: boolean } | null {
  if (decision.kind === 'dropped') return { callId: decision.callId, reason: decision.reason, dropped: true };
  if (decision.kind === 'empty' || decision.flaw === null || decision.example.call === null) return null;
  return { callId: decision.example.call, reason: decision.flaw, dropped: false };
}

async function openJudge(artifacts: Artifacts, input: StageInput, plans: readonly RoundPlan[]): Promise<Judge> {
  const { prepared, spec } = input;
  const last = plans.at(-1);
  const chosen = await chosenIds(artifacts, [], last === undefined ? [] : [last.selection]);
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
