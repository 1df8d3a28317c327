/** The slots of a stage as decided so far: its plans, the answers in the ledger, and the judge over both. */
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
  /** The domain that the slot was used for last. */
  readonly domain: string;
  readonly kind: 'annotate' | 'synthesize';
  /** The round that gave the slot what it has. */
  readonly round: number;
  readonly decision: Decision;
}

export interface StageDecisions {
  /** Every slot that was given a row or a call, in slot order, as its last round left it. */
  readonly slots: readonly DecidedSlot[];
  /** Every answer that was thrown away, over all rounds, or is used with a flaw: without its rationale, unverified. */
  readonly flawed: readonly {
    readonly domain: string;
    readonly callId: string;
    readonly reason: string;
    readonly dropped: boolean;
  }[];
}

/** What one round says about one slot. A verification is decided by what the slot has by then. */
type Word = DecidedSlot | { readonly slot: number; readonly kind: 'verify'; readonly record: SlotRecord | undefined };

export async function stageDecisions(
  world: { readonly artifacts: Artifacts; readonly ledger: Ledger },
  input: StageInput,
  plans: readonly RoundPlan[],
): Promise<StageDecisions> {
  const judge = await openJudge(world.artifacts, input, plans.at(-1)?.selection);
  const words: Word[] = [];
  for (const plan of plans) words.push(...(await wordsOf(world, input, judge, plan)));
  const repeats = await openRepeats(
    world.artifacts,
    input,
    words.flatMap((word) => (word.kind === 'verify' ? [] : [word.decision])),
  );

  const decided = new Map<number, DecidedSlot>();
  const flawed: StageDecisions['flawed'][number][] = [];
  for (const word of words) {
    const { slot } = word;
    const before = decided.get(slot);
    const now =
      word.kind === 'verify'
        ? before && { ...before, decision: decideVerification(judge, before.decision, word.record) }
        : { ...word, decision: repeats.check(slot, word.decision) };
    if (now === undefined) continue;
    decided.set(slot, now);
    if (now.decision.kind !== 'example') repeats.leave(slot);
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
async function wordsOf(
  { artifacts, ledger }: { readonly artifacts: Artifacts; readonly ledger: Ledger },
  { spec, stage }: StageInput,
  judge: Judge,
  { round, chunks, uncalled }: RoundPlan,
): Promise<Word[]> {
  const records = new Map(
    (await ledger.slots({ run: spec.name, stage, round })).map((record) => [record.slot, record]),
  );
  const words: Word[] = [];
  if (uncalled !== undefined)
    for await (const given of artifacts.readLines(uncalled, UncalledSlot)) {
      const { slot, domain } = given;
      words.push({ slot, domain, kind: 'annotate', round, decision: decideUncalled(judge, given) });
    }
  for (const chunk of chunks)
    for await (const call of artifacts.readLines(chunk, PlannedCall)) {
      const { slot, domain } = call;
      const record = records.get(slot);
      words.push(
        call.kind === 'verify'
          ? { slot, kind: call.kind, record }
          : { slot, domain, kind: call.kind, round, decision: decide(judge, call, record) },
      );
    }
  return words.sort((a, b) => a.slot - b.slot);
}

/** `selection`: the rows that its slots were given; undefined where they were given none. */
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
