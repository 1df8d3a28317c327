/** What a stage remembers while it runs; small enough to be carried over a continue-as-new. */
import type { Balanced, RoundPlan, SelectedRows, SliceResult } from '../../contracts/activity-messages.ts';
import type {
  BatchProgress,
  BudgetCopy,
  DomainProgress,
  LedgerPin,
  RunStatus,
  StageProgress,
} from '../../contracts/progress.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { FlowSnapshot } from '../../contracts/flow/flow.ts';
import { mostRemembered } from '../../contracts/payload-limits.ts';
import { sumOfSnapshots } from '../../contracts/flow/flow-sum.ts';
import type { SignedTerms } from '../../contracts/signed/signed-command.ts';
import { secondsLeft } from '../../domain/flow/seconds-left.ts';
import type { BlockState } from '../blocking.ts';

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
  /** Calls answered or found empty in the current round. */
  done: number;
  /** The last result of each unfinished chunk: a later slice counts the calls of earlier ones too. */
  chunkResults?: Record<string, ChunkResult>;
  callsPerSecond: number | null;
  budget: BudgetCopy | null;
  /** The ledger as this stage last saw it: an older one is refused from here on. */
  ledger: LedgerPin;
  /** Steps that were blocked and that a person skipped. */
  skipped: StageProgress['step'][];
  domains: DomainProgress[];
  /** How fast the teacher may be asked, where it was changed during the run. */
  terms?: SignedTerms;
  /** When the newest command that this stage took was issued: an older one is ignored. */
  commandedAt?: number;
  /** How many reports the run was sent. */
  reports?: number;
  /** The flow as each worker last said it, with the time. */
  flows?: Record<string, { readonly look: FlowSnapshot; readonly at: number }>;
}

/** `domains` absent: there were too many to remember, and what follows of this chunk is not counted by domain. */
type ChunkResult = Partial<Pick<SliceResult, 'domains'>> & { readonly done: number };

/** A worker that has said nothing for so long has no part in the flow any more. */
const staleMs = 60_000;

export function freshMemory(now: number, ledger: LedgerPin): StageMemory {
  const nothing = { plans: [], done: 0, callsPerSecond: null, budget: null, skipped: [], domains: [] };
  return { step: 'balance', startedAt: now, ledger, ...nothing };
}

/** What a stage keeps of a plan: its chunks wait in the window, its domains are counted in `domains`. */
export function keptPlan(plan: RoundPlan): RoundPlan {
  return { ...plan, domains: [], chunks: plan.chunkList === undefined ? plan.chunks : [] };
}

/** Moves the pin forward; slices end in any order, so an older one changes nothing. */
export function pin(memory: StageMemory, ledger: LedgerPin): void {
  if (ledger.counter >= memory.ledger.counter) memory.ledger = ledger;
}

/** Adds the result of a slice to the stage's counts. */
export function takeResult(memory: StageMemory, chunk: ArtifactRef, result: SliceResult): void {
  const before = memory.chunkResults?.[chunk.sha256];
  memory.done += more(result.answered + result.empty, before?.done);
  memory.budget = result.budget;
  pin(memory, result.ledger);
  if (result.seconds > 0 && result.sent > 0) memory.callsPerSecond = result.sent / result.seconds;
  if (result.flow?.look) takeFlow(memory, result.flow.worker, result.flow.look, Date.now());
  const counted = before === undefined || before.domains !== undefined;
  for (const change of counted ? result.domains : []) {
    const known = memory.domains.findIndex(({ domain }) => domain === change.domain);
    const line = memory.domains[known];
    if (line === undefined) continue;
    const last = before?.domains?.find(({ domain }) => domain === change.domain);
    memory.domains[known] = {
      ...line,
      real: line.real + more(change.real, last?.real),
      synthetic: line.synthetic + more(change.synthetic, last?.synthetic),
    };
  }
  remember(memory, chunk, result, before);
}

/** What is new; a slice that ended early may not have reached all that an earlier one had sent. */
function more(now: number, known = 0): number {
  return Math.max(0, now - known);
}

/** Only unfinished chunks are kept: this travels with the stage. */
function remember(
  memory: StageMemory,
  { sha256 }: ArtifactRef,
  result: SliceResult,
  before: ChunkResult | undefined,
): void {
  const { [sha256]: _, ...others } = memory.chunkResults ?? {};
  const { answered, empty, unsent, domains } = result;
  memory.chunkResults = others;
  if (unsent === 0) return;
  const done = Math.max(answered + empty, before?.done ?? 0);
  const lines = most(domains, before?.domains);
  const remembered = Object.values(others).reduce((sum, one) => sum + (one.domains?.length ?? 0), lines.length);
  const counted = (before === undefined || before.domains !== undefined) && remembered <= mostRemembered;
  memory.chunkResults = { ...others, [sha256]: { done, ...(counted ? { domains: lines } : {}) } };
}

function most(now: SliceResult['domains'], before: SliceResult['domains'] = []): SliceResult['domains'] {
  const names = new Set([...before, ...now].map(({ domain }) => domain));
  return [...names].map((domain) => {
    const of = [...before, ...now].filter((one) => one.domain === domain);
    const highest = (kind: 'real' | 'synthetic') => Math.max(...of.map((one) => one[kind]));
    return { domain, real: highest('real'), synthetic: highest('synthetic') };
  });
}

function takeFlow(memory: StageMemory, worker: string, look: FlowSnapshot, at: number): void {
  const known = Object.entries(memory.flows ?? {}).filter(([, flow]) => at - flow.at < staleMs);
  memory.flows = { ...Object.fromEntries(known), [worker]: { look, at } };
  memory.callsPerSecond = flowOf(memory)?.callsPerSecond ?? memory.callsPerSecond;
}

function flowOf({ flows }: StageMemory): FlowSnapshot | null {
  return sumOfSnapshots(Object.values(flows ?? {}).map(({ look }) => look));
}

export function snapshot(stage: number, memory: StageMemory, blockState: BlockState): StageProgress {
  const plan = memory.plans.at(-1);
  return {
    stage,
    step: memory.step,
    status: statusOf(blockState),
    blocked: blockState.blocked,
    planned: plan?.calls ?? 0,
    done: Math.min(memory.done + (memory.batch?.answered ?? 0), plan?.calls ?? 0),
    round: plan?.round ?? 0,
    callsPerSecond: memory.callsPerSecond,
    flow: flowOf(memory),
    secondsLeft: secondsLeft(memory.callsPerSecond, memory.budget),
    startedAt: memory.startedAt,
    budget: memory.budget,
    domains: memory.domains,
    ...(memory.batch === undefined ? {} : { batch: memory.batch }),
  };
}

function statusOf(blockState: BlockState): RunStatus {
  if (blockState.blocked !== null) return 'blocked';
  return blockState.paused ? 'paused' : 'running';
}
