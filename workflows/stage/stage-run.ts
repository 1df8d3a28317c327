/** One running stage: its input, its memory, and how it does a step. Shared by the parts of the stage workflow. */
import { CancellationScope, getExternalWorkflowHandle, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { EngineSettings } from '../../contracts/engine.ts';
import type { SignedTerms } from '../../contracts/signed/signed-command.ts';
import type { Signed } from '../../contracts/signed/signed-run.ts';
import type { StageInput } from '../../contracts/stage.ts';
import { stageDetails } from '../details.ts';
import { stageReported } from '../messages.ts';
import { attempt, openBlockState } from '../blocking.ts';
import type { BlockState, Skip, Step } from '../blocking.ts';
import { openWindow } from './send-round.ts';
import type { Window } from './send-round.ts';
import { freshMemory, snapshot } from './stage-state.ts';
import type { StageMemory } from './stage-state.ts';
import { stepsOf } from '../steps.ts';
import type { Steps } from '../steps.ts';

const everyMs = 2_000;

export interface StageStart {
  readonly input: Signed<StageInput>;
  readonly engine: EngineSettings;
  readonly paused: boolean;
  /** How fast the teacher may be asked, where it was changed before. */
  readonly terms?: SignedTerms;
  /** When the run started; milliseconds since the epoch. Absent in stages started by an earlier version. */
  readonly runStartedAt?: number;
  /** What an earlier execution of this stage already did (continue-as-new). */
  readonly memory?: StageMemory;
}

export interface StageRun {
  /** The stage's input, with the ledger as this stage last saw it. */
  readonly input: Signed<StageInput>;
  readonly engine: EngineSettings;
  readonly runStartedAt: number;
  readonly steps: Steps;
  readonly memory: StageMemory;
  readonly blockState: BlockState;
  readonly window: Window;
  /** Publishes a change to the UI and the parent. */
  changed: () => void;
  /** Runs a step, through pauses and blocks, until it succeeds; `skip` as in `attempt`. */
  step<T>(name: StageMemory['step'], work: Step<T>, skip?: Skip): Promise<T>;
}

export function openStage(start: StageStart): StageRun {
  const { input, engine } = start;
  const memory = start.memory ?? {
    ...freshMemory(Date.now(), input.connected.ledger),
    ...(start.terms === undefined ? {} : { terms: start.terms }),
  };
  const blockState: BlockState = { ...openBlockState(), paused: start.paused };

  let lastReport = JSON.stringify(['running', 'balance', null]);
  let lastReportAt = Date.now();

  function changed(): void {
    const { status, step, blocked, budget, ...rest } = snapshot(input.stage, memory, blockState);
    setCurrentDetails(stageDetails({ status, step, blocked, budget, ...rest }));
    const parent = workflowInfo().parent;
    if (parent === undefined || CancellationScope.current().consideredCancelled) return;
    // Every signal is a workflow task of both and a dot in the timeline: a new step or status is reported at once, the
    // budget alone not too often, and when the stage pauses. The stage itself answers queries for more.
    const settled = status === 'paused' ? budget : null;
    const news = JSON.stringify([status, step, blocked, settled]);
    if (news === lastReport && Date.now() - lastReportAt < everyMs) return;
    lastReport = news;
    lastReportAt = Date.now();
    const number = (memory.reports ?? 0) + 1;
    memory.reports = number;
    // A parent that is gone cannot listen: the stage goes on, and a successor finds its work in the ledger.
    getExternalWorkflowHandle(parent.workflowId)
      .signal(stageReported, { stage: input.stage, number, status, step, blocked, budget })
      .catch(() => undefined);
  }

  return {
    get input() {
      return { ...input, connected: { ...input.connected, ledger: memory.ledger } };
    },
    engine,
    runStartedAt: start.runStartedAt ?? memory.startedAt,
    steps: stepsOf(engine, input.run.outline),
    memory,
    blockState,
    window: openWindow(memory.pending ?? []),
    changed,
    async step(name, work, skip) {
      memory.step = name;
      changed();
      return await attempt(blockState, changed, work, skip ?? null);
    },
  };
}
