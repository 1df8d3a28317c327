/**
 * A run: connect, prepare, K stages as child workflows, test once, report. Its workflow id is the
 * run's name. It never closes on a failure that an operator can fix; a cancel ends it in order, with a report.
 */
import {
  CancellationScope,
  CancelledFailure,
  allHandlersFinished,
  condition,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import type { RunResult, RunStatus } from '../../contracts/progress.ts';
import { SignedRun } from '../../contracts/signed/signed-run.ts';
import type { DistillInput, StageResult, StudentRef } from '../../contracts/stage.ts';
import { endingWhenCancelled } from './cancelled-stage.ts';
import { StageReport, progressOfRun, stageReported } from '../messages.ts';
import { StepSkipped, attempt } from '../blocking.ts';
import { answerUpdates } from './run-updates.ts';
import { freshRun, pinLedger, progressOf, show } from './run-state.ts';
import type { RunState } from './run-state.ts';
import { runStage } from './run-stage.ts';
import { requireSigned } from '../require-signed.ts';
import { stepsOf } from '../steps.ts';
import type { Steps } from '../steps.ts';

export async function distill(input: DistillInput): Promise<RunResult> {
  requireSigned(SignedRun, input?.run);
  const { run } = input;
  const { outline } = run;
  const state = freshRun(input, Date.now());
  const steps = stepsOf(input.engine, outline);
  const changed = () => show(state);

  setHandler(progressOfRun, () => progressOf(state));
  setHandler(stageReported, (message) => {
    // Anybody who can reach the server can send a signal: what is no report is ignored.
    const report = StageReport.safeParse(message).data;
    if (report === undefined) return;
    // A report that arrives after its stage has ended is about the past.
    if (report.stage !== state.stages.length) return;
    // Signals sent at the same time arrive in any order: the later state wins.
    if (report.number <= (state.current?.number ?? 0)) return;
    state.current = report;
    state.budget = report.budget ?? state.budget;
    changed();
  });
  answerUpdates(state, steps, changed);

  async function step<T>(name: RunState['step'], work: () => Promise<T>, skip?: string): Promise<T> {
    state.step = name;
    changed();
    return await attempt(state.blockState, changed, work, skip ?? null);
  }

  let error: unknown;
  try {
    state.connected = await step('connect', () =>
      steps.control.connect.executeWithOptions({ summary: 'open the ledger, probe the endpoints' }, [{ run }]),
    );
    const prepared = await step('prepare', () =>
      steps.control.prepare.executeWithOptions({ summary: 'import the data' }, [{ run }]),
    );
    state.prepared = prepared;
    while (state.stages.length < outline.stages && !state.stopAfterStage && !cancelled()) {
      await condition(() => !state.blockState.paused);
      const startedAt = Date.now();
      state.current = {
        stage: state.stages.length,
        number: 0,
        status: 'running',
        step: 'balance',
        blocked: null,
        budget: null,
      };
      changed();
      const result = await endingWhenCancelled(state, runStage(state, { connected: state.connected, prepared }));
      if (result !== null) {
        state.stages.push(result);
        pinLedger(state, result.ledger);
        state.budget = result.budget;
        state.seconds.push((Date.now() - startedAt) / 1000);
      }
      state.current = null;
      changed();
    }
    const student = studentToTest(state);
    if (student !== null && prepared.test !== null && !cancelled()) {
      const { connected } = state;
      const test = () =>
        steps.student.evaluate.executeWithOptions({ summary: 'test, once' }, [
          // A resume may bring another ledger along.
          { run, connected: state.connected ?? connected, prepared, student, split: 'test' },
        ]);
      state.test = await orWithout(() => step('test', test, 'end the run without test scores'));
    }
  } catch (caught) {
    error = caught;
  }
  // Ended before anybody proved to be its owner: there is nothing to report and no record to change.
  if (state.blockState.notOurs && error !== undefined) throw error;
  if (cancelled()) error ??= new CancelledFailure('The run was stopped at once.');
  state.current = null;
  return await CancellationScope.nonCancellable(async () => await end(state, steps, step, error));
}

/** The student of the last stage that has one; the base itself in a run that trains nothing. */
function studentToTest({ stages, input, connected }: RunState): StudentRef | null {
  const trained = stages.findLast(({ student }) => student !== null)?.student;
  if (trained) return trained;
  const base = input.run.outline.stages === 0 ? (connected?.studentModel ?? null) : null;
  return base === null ? null : { model: base, job: null, losses: null, address: null };
}

/** Writes the report and the ledger's last word, whatever the end was; throws again what ended the run for good. */
async function end(
  state: RunState,
  steps: Steps,
  step: <T>(name: RunState['step'], work: () => Promise<T>, skip?: string) => Promise<T>,
  error: unknown,
): Promise<RunResult> {
  const { run } = state.input;
  const { outline } = run;
  const failed = error !== undefined && !isCancellation(error);
  const complete = error === undefined && state.cancelledStage === null && state.stages.length === outline.stages;
  const status: RunStatus = failed ? 'failed' : complete ? 'completed' : 'stopped';
  state.blockState.paused = false;
  const reported =
    failed && state.prepared === null
      ? null
      : await orWithout(() =>
          step(
            'report',
            () =>
              steps.control.report.executeWithOptions({ summary: `write the report: ${status}` }, [
                reportOf(state, status),
              ]),
            'end the run without a report',
          ),
        );
  const result: RunResult = {
    run: outline.name,
    status,
    macro: state.test?.macro ?? null,
    micro: state.test?.micro ?? null,
    studentModel: reported?.studentModel ?? null,
    folder: reported?.folder ?? null,
    scores: state.test === null ? null : { metrics: state.test.metrics, predictions: state.test.predictions },
    seconds: (Date.now() - state.startedAt) / 1000,
    cancelledStage: state.cancelledStage,
  };
  await step('report', () =>
    steps.control.recordStatus.executeWithOptions({ summary: `ledger: ${status}` }, [{ run, status, result }]),
  );
  state.step = 'done';
  state.ended = status;
  show(state);
  await condition(allHandlersFinished);
  if (error !== undefined) throw error;
  return result;
}

/** What the work gives, or null where a person skipped it. */
async function orWithout<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StepSkipped) return null;
    throw error;
  }
}

function reportOf(state: RunState, status: RunStatus) {
  return {
    run: state.input.run,
    connected: state.connected,
    prepared: state.prepared,
    stages: state.stages satisfies StageResult[],
    test: state.test,
    status,
    startedAt: state.startedAt,
    stageSeconds: state.seconds,
  };
}

function cancelled(): boolean {
  return CancellationScope.current().consideredCancelled;
}
