/** What a run remembers, and how it shows it: query, current details, search attributes. */
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import type { BudgetCopy, LedgerPin, Progress, RunStatus, StageLine, StepName } from '../../contracts/progress.ts';
import type { SignedTerms } from '../../contracts/signed/signed-command.ts';
import type { Connected, DistillInput, Prepared, Scores, StageResult } from '../../contracts/stage.ts';
import { runDetails } from '../details.ts';
import type { StageReport } from '../messages.ts';
import { openBlockState } from '../blocking.ts';
import type { BlockState } from '../blocking.ts';
import type { stage } from '../stage/stage.ts';

const keys = {
  status: defineSearchAttributeKey('BaldistillStatus', SearchAttributeType.KEYWORD),
  method: defineSearchAttributeKey('BaldistillMethod', SearchAttributeType.KEYWORD),
  dataset: defineSearchAttributeKey('BaldistillDataset', SearchAttributeType.KEYWORD),
  stage: defineSearchAttributeKey('BaldistillStage', SearchAttributeType.INT),
  charged: defineSearchAttributeKey('BaldistillCallsCharged', SearchAttributeType.INT),
  macro: defineSearchAttributeKey('BaldistillMacro', SearchAttributeType.DOUBLE),
};

export interface RunState {
  readonly input: DistillInput;
  readonly startedAt: number;
  readonly blockState: BlockState;
  step: StepName;
  /** Set once the run is over. */
  ended: RunStatus | null;
  connected: Connected | null;
  prepared: Prepared | null;
  stages: StageResult[];
  seconds: number[];
  /** The running stage as it last reported itself. */
  current: StageReport | null;
  /** The running stage, once it has started and until it is over. */
  child: ChildWorkflowHandle<typeof stage> | null;
  budget: BudgetCopy | null;
  test: Scores | null;
  stopAfterStage: boolean;
  /** The stage that was cancelled alone. */
  cancelledStage: number | null;
  /** How fast the teacher may be asked, where it was changed during the run. */
  terms: SignedTerms | null;
  /** When the newest command that this run took was issued: an older one is refused. */
  commandedAt: number;
}

export function freshRun(input: DistillInput, now: number): RunState {
  return {
    input,
    startedAt: now,
    blockState: openBlockState(),
    step: 'connect',
    ended: null,
    connected: null,
    prepared: null,
    stages: [],
    seconds: [],
    current: null,
    child: null,
    budget: null,
    test: null,
    stopAfterStage: false,
    cancelledStage: null,
    terms: null,
    commandedAt: 0,
  };
}

/** The ledger as the run last saw it: an older one is refused from here on. */
export function pinLedger(state: RunState, ledger: LedgerPin): void {
  if (state.connected === null || ledger.counter < state.connected.ledger.counter) return;
  state.connected = { ...state.connected, ledger };
}

export function statusOf(state: RunState): RunStatus {
  if (state.ended !== null) return state.ended;
  if (state.blockState.blocked !== null || state.current?.blocked) return 'blocked';
  if (state.blockState.paused) return 'paused';
  return state.prepared === null ? 'preparing' : 'running';
}

export function progressOf(state: RunState): Progress {
  const { outline } = state.input.run;
  return {
    run: outline.name,
    method: outline.method,
    status: statusOf(state),
    step: state.current?.step ?? state.step,
    blocked: state.blockState.blocked ?? state.current?.blocked ?? null,
    stage: state.current?.stage ?? null,
    stages: outline.stages,
    budget: state.budget,
    finished: state.stages.map((result, index) => lineOf(result, state.seconds[index] ?? 0)),
    test: state.test === null ? null : { macro: state.test.macro, micro: state.test.micro },
    stopAfterStage: state.stopAfterStage,
    startedAt: state.startedAt,
    ledger: state.connected?.ledger ?? null,
    simulated: outline.simulated,
    ...(state.terms === null ? {} : { terms: state.terms.terms }),
  };
}

/** Shows the present state in the Temporal UI; unregistered search attributes are never touched. */
export function show(state: RunState): void {
  const progress = progressOf(state);
  setCurrentDetails(runDetails(progress));
  if (!state.input.searchAttributes) return;
  const { outline } = state.input.run;
  const macro = state.test?.macro ?? state.stages.findLast(({ validation }) => validation !== null)?.validation?.macro;
  upsertSearchAttributes([
    { key: keys.status, value: progress.status },
    { key: keys.method, value: outline.method },
    { key: keys.dataset, value: outline.dataset },
    { key: keys.stage, value: progress.stage ?? state.stages.length },
    { key: keys.charged, value: state.budget?.charged ?? 0 },
    ...(macro === undefined ? [] : [{ key: keys.macro, value: macro }]),
  ]);
}

function lineOf(result: StageResult, seconds: number): StageLine {
  const { slots, real, synthetic, duplicated, unfilled } = result.counts;
  return {
    stage: result.stage,
    slots,
    real,
    synthetic,
    duplicated,
    unfilled,
    macro: result.validation?.macro ?? null,
    micro: result.validation?.micro ?? null,
    seconds,
  };
}
