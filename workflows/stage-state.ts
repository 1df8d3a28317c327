/** What a stage remembers while it runs; small enough to be carried over a continue-as-new. */
import type {
  Balanced,
  ClosedStage,
  FineTuned,
  FineTuneJob,
  RoundPlan,
  SelectedRows,
  SliceResult,
} from '../contracts/activity-messages.ts';
import type {
  BatchProgress,
  BudgetCopy,
  DomainProgress,
  LedgerPin,
  RunStatus,
  StageProgress,
} from '../contracts/progress.ts';
import type { ArtifactRef } from '../contracts/artifact.ts';
import type { FlowLook, FlowTerms } from '../contracts/flow.ts';
import { sumOfLooks } from '../contracts/flow-sum.ts';
import type { Parking } from './parking.ts';

export interface StageMemory {
  step: StageProgress['step'];
  startedAt: number;
  balanced?: Balanced;
  selected?: SelectedRows;
  plans: RoundPlan[];
  /** Chunks of the last plan that still have unsent slots; absent once the round is sent. */
  pending?: ArtifactRef[];
  /** How the last plan's calls are sent; decided once, with the plan. */
  byBatch?: boolean;
  batch?: BatchProgress;
  closed?: ClosedStage;
  job?: FineTuneJob;
  tuned?: FineTuned;
  /** Calls answered or found empty in the current round. */
  done: number;
  callsPerSecond: number | null;
  budget: BudgetCopy | null;
  /** The ledger as this stage last saw it: an older one is refused from here on. */
  ledger: LedgerPin;
  /** Steps that were blocked and that a person skipped. */
  skipped: StageProgress['step'][];
  domains: DomainProgress[];
  /** How fast the teacher may be asked, where somebody changed it on the way. */
  terms?: FlowTerms;
  /** How many reports the run was sent. */
  reports?: number;
  /** The flow as each worker last said it, with the time. */
  flows?: Record<string, { readonly look: FlowLook; readonly at: number }>;
}

/** A worker that has said nothing for so long has no part in the flow any more. */
const staleMs = 60_000;

export function freshMemory(now: number, ledger: LedgerPin): StageMemory {
  const nothing = { plans: [], done: 0, callsPerSecond: null, budget: null, skipped: [], domains: [] };
  return { step: 'balance', startedAt: now, ledger, ...nothing };
}

/** Moves the pin on; slices end in any order, so an older word changes nothing. */
export function pin(memory: StageMemory, ledger: LedgerPin): void {
  if (ledger.counter >= memory.ledger.counter) memory.ledger = ledger;
}

/** Takes in what a slice reported. */
export function hear(memory: StageMemory, result: SliceResult): void {
  memory.done += result.answered + result.empty;
  memory.budget = result.budget;
  pin(memory, result.ledger);
  if (result.seconds > 0 && result.sent > 0) memory.callsPerSecond = result.sent / result.seconds;
  if (result.flow?.look) hearFlow(memory, result.flow.worker, result.flow.look, Date.now());
  for (const change of result.domains) {
    const known = memory.domains.findIndex(({ domain }) => domain === change.domain);
    const line = memory.domains[known];
    if (line === undefined) continue;
    memory.domains[known] = { ...line, real: line.real + change.real, synthetic: line.synthetic + change.synthetic };
  }
}

function hearFlow(memory: StageMemory, worker: string, look: FlowLook, at: number): void {
  const known = Object.entries(memory.flows ?? {}).filter(([, flow]) => at - flow.at < staleMs);
  memory.flows = { ...Object.fromEntries(known), [worker]: { look, at } };
  memory.callsPerSecond = flowOf(memory)?.callsPerSecond ?? memory.callsPerSecond;
}

function flowOf({ flows }: StageMemory): FlowLook | null {
  return sumOfLooks(Object.values(flows ?? {}).map(({ look }) => look));
}

export function snapshot(stage: number, memory: StageMemory, parking: Parking): StageProgress {
  const plan = memory.plans.at(-1);
  return {
    stage,
    step: memory.step,
    status: statusOf(parking),
    blocked: parking.blocked,
    planned: plan?.calls ?? 0,
    done: Math.min(memory.done + (memory.batch?.answered ?? 0), plan?.calls ?? 0),
    round: plan?.round ?? 0,
    callsPerSecond: memory.callsPerSecond,
    flow: flowOf(memory),
    startedAt: memory.startedAt,
    budget: memory.budget,
    domains: memory.domains,
    ...(memory.batch === undefined ? {} : { batch: memory.batch }),
  };
}

function statusOf(parking: Parking): RunStatus {
  if (parking.blocked !== null) return 'blocked';
  return parking.paused ? 'paused' : 'running';
}
