/** The activities of a worker, one set a kind of task queue, bound to the world they reach. */
import { Context } from '@temporalio/activity';
import { balance } from '../activities/rounds/balance.ts';
import { awaitBatch } from '../activities/batches/await.ts';
import { cancelBatches } from '../activities/batches/cancel.ts';
import { gatherBatches, openBatches } from '../activities/batches/gather.ts';
import { settleBatch } from '../activities/batches/settle.ts';
import { submitBatch } from '../activities/batches/submit.ts';
import { workerLeaves } from '../activities/boundary.ts';
import { closeStage } from '../activities/decisions/close-stage.ts';
import { awaitRun, completedCells, nextCell } from '../activities/comparison/cells.ts';
import { writeComparison } from '../activities/comparison/write.ts';
import { connect } from '../activities/connect.ts';
import { acceptResume, setLimits, setTerms, verifyTerms } from '../activities/commands.ts';
import { evaluate } from '../activities/student/evaluate.ts';
import { awaitFineTune, fineTune } from '../activities/student/fine-tune.ts';
import { generate } from '../activities/calls/generate.ts';
import { keepEstimate } from '../estimate/keep-estimate.ts';
import { named, owned, ownedComparison, ownedStage } from '../activities/owned.ts';
import { planRound } from '../activities/rounds/plan-round.ts';
import type { World } from '../activities/ports/world.ts';
import { exportTraining, report } from '../activities/outputs/report.ts';
import { select } from '../activities/student/select.ts';
import type { BatchActivities, ControlActivities, StudentActivities, TeacherActivities } from '../activities/types.ts';

const cancelled = (): AbortSignal => Context.current().cancellationSignal;

export function controlActivities(world: World): ControlActivities {
  const { artifacts, ledger, owner } = world;
  return {
    connect: owned(world, async ({ spec }) => await connect(world, spec)),
    // The estimate is kept before anything is asked: what the run answers itself was not expected of it.
    prepare: owned(world, async ({ spec }) => {
      const prepared = await world.prepare(spec);
      await keepEstimate(world, spec, prepared);
      return prepared;
    }),
    balance: owned(world, async (input) => await balance(artifacts, input)),
    planRound: ownedStage(world, async (request) => await planRound(world, request)),
    closeStage: ownedStage(world, async (request) => await closeStage(world, request)),
    report: owned(world, async (input) => await report(world, input)),
    setLimits: owned(world, async ({ spec, command }) => await setLimits(world, spec, command)),
    setTerms: owned(world, async ({ spec, command, before }) => setTerms(world, spec, command, before)),
    verifyTerms: owned(world, async ({ spec, terms }) => verifyTerms(owner, spec, terms)),
    acceptResume: owned(world, async ({ spec, command }) => acceptResume(world, spec, command)),
    forgive: named(world, async (name) => await ledger.forgiveForfeits({ run: name })),
    recordStatus: named(
      world,
      async (name, { status, result }) => await ledger.setRunStatus({ run: name, status, result }),
    ),
    awaitClosed: named(world, async (name, { stage }) => await world.awaitClosed(`${name}/stage-${stage}`)),
    completedCells: ownedComparison(world, async ({ comparison }) => await completedCells(world, comparison.plan)),
    nextCell: ownedComparison(world, async (request) => await nextCell(world, request)),
    awaitRun: ownedComparison(world, async (request) => await awaitRun(world, request)),
    steerRuns: ownedComparison(world, async ({ runs, action }) => {
      await Promise.all(runs.map(async (run) => await world.runs.steer(run, action)));
    }),
    writeComparison: ownedComparison(world, async (input) => await writeComparison(world, input)),
  };
}

export function teacherActivities(world: World, sliceSeconds: number): TeacherActivities {
  return {
    generate: owned(world, async (input) => {
      if (input.terms !== undefined) verifyTerms(world.owner, input.spec, input.terms);
      return await generate(world, input, { cancelled: cancelled(), seconds: sliceSeconds });
    }),
  };
}

export function batchActivities(world: World): BatchActivities {
  /** Gathering ends with the worker or the step; what it wrote down is found by the next one. */
  const stopping = (): AbortSignal => AbortSignal.any([cancelled(), world.draining]);
  return {
    openBatches: owned(world, async (input) => await openBatches(world, input)),
    gatherBatches: owned(world, async (input) => {
      try {
        return await gatherBatches(world, input, stopping());
      } catch (error) {
        if (error === world.draining.reason) throw workerLeaves('The worker ended while batches were gathered.');
        throw error;
      }
    }),
    submitBatch: owned(world, async (input) => await submitBatch(world, input, cancelled())),
    awaitBatch: owned(world, async (input) => await awaitBatch(world, input, Context.current().info.attempt)),
    settleBatch: owned(world, async (input) => await settleBatch(world, input)),
    cancelBatches: owned(world, async (input) => await cancelBatches(world, input)),
  };
}

export function studentActivities(world: World): StudentActivities {
  return {
    select: ownedStage(world, async (request) => await select(world, request, cancelled())),
    fineTune: owned(world, async (input) => {
      return await fineTune(world, input, async (of) => await exportTraining(world, of), cancelled());
    }),
    awaitFineTune: owned(world, async (input) => await awaitFineTune(world, input, Context.current().info.attempt)),
    evaluate: owned(world, async (input) => await evaluate(world, input, cancelled())),
  };
}
