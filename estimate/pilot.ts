/**
 * A pilot sends some of the run's first calls before the run starts, with the same requests and slots. The run then finds
 * their answers as its own, so nothing is paid twice.
 */
import type { ArtifactRef } from '../contracts/artifact.ts';
import { Row } from '../contracts/records.ts';
import type { PlannedCall } from '../contracts/records.ts';
import { termsOf } from '../contracts/flow/flow-terms.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import type { Prepared } from '../contracts/stage.ts';
import { spreadOver } from '../domain/selection/spread-over.ts';
import { requirePrices } from '../activities/connect.ts';
import { decide } from '../activities/decisions/decide-slots.ts';
import type { Decision, FillingCall } from '../activities/decisions/decide-slots.ts';
import { stageBefore } from './prompts/certain-calls.ts';
import type { CertainCalls } from './prompts/certain-calls.ts';
import type { SlotRecord } from '../activities/ports/ledger.ts';
import type { World } from '../activities/ports/world.ts';
import { openRepeats } from '../activities/decisions/repeats.ts';
import { openingOf } from '../activities/run-opening.ts';
import { sendCall } from '../activities/calls/send-call.ts';
import { openJudge } from '../activities/decisions/stage-decisions.ts';

export interface PilotCall {
  readonly stage: number;
  readonly call: FillingCall;
}

export interface PilotAnswer extends PilotCall {
  /** Null if the slot has no record; the record's `reason` explains a missing answer. */
  readonly record: SlotRecord | null;
  /** The decision that the run will make. */
  readonly decision: Decision;
  /** The input and the expected answer; for a synthesis the end of the prompt and the domain. */
  readonly asked: string;
  readonly gold: string;
}

/** Chooses up to `n` annotations and `n` syntheses of the certain calls, spread from head to tail domains. */
export function choosePilot(
  { first, later }: CertainCalls,
  counts: Readonly<Record<string, number>>,
  n: number,
): readonly PilotCall[] {
  const all = [...(first === null ? [] : [{ stage: 0, calls: first.calls }]), ...later];
  const domains = Object.entries(counts)
    .toSorted(([a, rows], [b, others]) => others - rows || (a < b ? -1 : 1))
    .map(([domain]) => domain);
  return (['annotate', 'synthesize'] as const).flatMap((kind) => {
    const calls = all.flatMap((stage) =>
      stage.calls.flatMap((call) => (call.kind === kind ? [{ stage: stage.stage, call }] : [])),
    );
    const byDomain = Map.groupBy(calls, ({ call }) => call.domain);
    return spreadOver(
      domains.flatMap((domain) => (byDomain.has(domain) ? [byDomain.get(domain) ?? []] : [])),
      n,
    );
  });
}

export type PilotWorld = Pick<World, 'artifacts' | 'ledger' | 'teacher' | 'limiter'>;

export interface PilotRun {
  readonly spec: RunSpec;
  readonly prepared: Prepared;
  /** Rows that stage 0 takes. */
  readonly selection: ArtifactRef | undefined;
}

/**
 * Opens the run in the ledger and sends the calls. Throws `BaldistillError` if the endpoint fails; answers received by
 * then are kept. After `closing` is aborted, in-flight calls settle and no other call is sent.
 */
export async function runPilot(
  world: PilotWorld,
  run: PilotRun,
  calls: readonly PilotCall[],
  closing: AbortSignal,
): Promise<readonly PilotAnswer[]> {
  const { spec } = run;
  await world.ledger.openRun(openingOf(spec));
  if (spec.budget.usd !== undefined) requirePrices(spec);
  // The user has seen the earlier failure and tries again.
  await world.ledger.forgiveForfeits({ run: spec.name });
  const failed = new AbortController();
  const { ledger } = world;
  const stopping = AbortSignal.any([closing, failed.signal]);
  const lane = world.limiter(spec).open(spec.name, termsOf(spec), stopping);
  const shared = { spec, round: 0, ledger, teacher: world.teacher(spec), lane };
  const sent = await Promise.allSettled(
    calls.map(async ({ stage, call }) => {
      try {
        await sendCall({ ...shared, stage, closing: stopping, abandon: new AbortController().signal }, call);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  for (const one of sent) if (one.status === 'rejected') throw one.reason;
  return await judgePilot(world, run, calls);
}

async function judgePilot(
  { artifacts, ledger }: PilotWorld,
  { spec, prepared, selection }: PilotRun,
  calls: readonly PilotCall[],
): Promise<readonly PilotAnswer[]> {
  const records = new Map<string, SlotRecord>();
  for (const stage of new Set(calls.map((one) => one.stage)))
    for (const record of await ledger.slots({ run: spec.name, stage, round: 0 }))
      records.set(`${stage}/${record.slot}`, record);
  const before = stageBefore(spec, prepared, 0);
  const judge = await openJudge(artifacts, before, selection);
  const answers = calls.map(({ stage, call }) => {
    const record = records.get(`${stage}/${call.slot}`) ?? null;
    const decision = decide({ ...judge, stage }, call, record ?? undefined);
    return { stage, call, record, decision };
  });
  // Near-duplicates are reported even if the run keeps them.
  const dropping = { ...spec, switches: { ...spec.switches, nearDuplicates: 'drop' as const } };
  const decisions = answers.map(({ decision }) => decision);
  const repeats = await openRepeats(artifacts, { ...before, spec: dropping }, decisions);
  const rows = await rowsOf(artifacts, prepared, calls);
  return answers.map((answer, index) => {
    const { call } = answer;
    const row = call.kind === 'annotate' ? rows.get(call.rowId) : undefined;
    return {
      ...answer,
      decision: repeats.check(index, answer.decision),
      asked: row?.input ?? call.messages.at(-1)?.content ?? '',
      gold: row?.answer ?? call.domain,
    };
  });
}

async function rowsOf(
  artifacts: World['artifacts'],
  prepared: Prepared,
  calls: readonly PilotCall[],
): Promise<Map<string, Row>> {
  const wanted = new Set(calls.flatMap(({ call }) => (call.kind === 'annotate' ? [call.rowId] : [])));
  const rows = new Map<string, Row>();
  for await (const row of artifacts.readLines(prepared.pool, Row)) if (wanted.has(row.id)) rows.set(row.id, row);
  return rows;
}

/** Counts and shares of a pilot's answers. */
export interface PilotRates {
  readonly calls: number;
  readonly answered: number;
  /** Annotations whose own answer is not the gold one. */
  readonly mismatch: number;
  /** Answers truncated at the token limit. */
  readonly truncated: number;
  /** Synthetic rows that cannot be parsed or have another label. */
  readonly unparseable: number;
  /** Synthetic rows that repeat a row of the pool, the prompt, a held-out set or the pilot. */
  readonly duplicate: number;
}

const unparseable: ReadonlySet<string> = new Set(['unparseable', 'wrong_label', 'bad_choices']);
const repeated: ReadonlySet<string> = new Set(['near_duplicate', 'copy', 'leak', 'duplicate']);

export function pilotRates(answers: readonly PilotAnswer[]): PilotRates {
  const answered = answers.filter(({ record }) => record?.answer != null);
  const of = (kind: PlannedCall['kind']): readonly PilotAnswer[] => answered.filter(({ call }) => call.kind === kind);
  const share = (some: readonly PilotAnswer[], test: (reason: string) => boolean): number =>
    some.length === 0 ? 0 : some.filter((answer) => test(flawOf(answer.decision) ?? '')).length / some.length;
  return {
    calls: answers.length,
    answered: answered.length,
    mismatch: share(of('annotate'), (reason) => reason === 'mismatch'),
    truncated: share(answered, (reason) => reason === 'cut_off'),
    unparseable: share(of('synthesize'), (reason) => unparseable.has(reason)),
    duplicate: share(of('synthesize'), (reason) => repeated.has(reason)),
  };
}

/** The flaw of an answer; null if there is none. A missing verification is no flaw: it comes later. */
export function flawOf(decision: Decision): string | null {
  if (decision.kind !== 'example') return decision.reason;
  return decision.flaw === 'unverified' ? null : decision.flaw;
}
