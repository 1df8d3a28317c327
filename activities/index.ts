/** The activities of a worker, one set a kind of task queue, bound to the world they reach. */
import { Context } from '@temporalio/activity';
import { balance } from './balance.ts';
import { awaitBatch } from './batches/await.ts';
import { cancelBatches } from './batches/cancel.ts';
import { gatherBatches, openBatches } from './batches/gather.ts';
import { settleBatch } from './batches/settle.ts';
import { submitBatch } from './batches/submit.ts';
import { guarded, workerLeaves } from './boundary.ts';
import { closeStage } from './close-stage.ts';
import { awaitRun, completedCells, nextCell } from './comparison/cells.ts';
import { writeComparison } from './comparison/write.ts';
import { connect } from './connect.ts';
import { setLimits } from './set-limits.ts';
import { evaluate } from './evaluate.ts';
import { awaitFineTune, fineTune } from './fine-tune.ts';
import { generate } from './generate.ts';
import { keepEstimate } from './plan/kept-estimate.ts';
import { planRound } from './plan-round.ts';
import type { World } from './ports/world.ts';
import { exportTraining, report } from './report.ts';
import { select } from './select.ts';
import type { BatchActivities, ControlActivities, StudentActivities, TeacherActivities } from './types.ts';

const cancelled = (): AbortSignal => Context.current().cancellationSignal;

export function controlActivities(world: World): ControlActivities {
  const { artifacts, ledger } = world;
  return {
    connect: guarded(async (spec) => await connect(world, spec)),
    // Before anything is asked: what the run then answers itself is no part of what was expected of it.
    prepare: guarded(async (spec) => {
      const prepared = await world.prepare(spec);
      await keepEstimate(world, spec, prepared);
      return prepared;
    }),
    balance: guarded(async (input) => {
      await ledger.verify(input.connected.ledger);
      return await balance(artifacts, input);
    }),
    planRound: guarded(async (request) => {
      await ledger.verify(request.input.connected.ledger);
      return await planRound(world, request);
    }),
    closeStage: guarded(async (request) => {
      await ledger.verify(request.input.connected.ledger);
      return await closeStage(world, request);
    }),
    report: guarded(async (input) => {
      if (input.connected !== null) await ledger.verify(input.connected.ledger);
      return await report(world, input);
    }),
    // A run that is parked before it could open its ledger has a budget all the same.
    setLimits: guarded(async ({ spec, limits }) => await setLimits(world, spec, limits)),
    forgive: guarded(async (run) => await ledger.forgiveForfeits(run)),
    recordStatus: guarded(async ({ run, status, result }) => await ledger.setRunStatus(run, status, result)),
    awaitClosed: guarded(async (workflowId) => await world.awaitClosed(workflowId)),
    completedCells: guarded(async (plan) => await completedCells(world, plan)),
    nextCell: guarded(async (request) => await nextCell(world, request)),
    awaitRun: guarded(async (request) => await awaitRun(world, request)),
    steerRuns: guarded(async ({ runs, action }) => {
      await Promise.all(runs.map(async (run) => await world.runs.tell(run, action)));
    }),
    writeComparison: guarded(async (input) => await writeComparison(world, input)),
  };
}

export function teacherActivities(world: World, sliceSeconds: number): TeacherActivities {
  return {
    generate: guarded(async (input) => {
      await world.ledger.verify(input.connected.ledger);
      return await generate(world, input, { cancelled: cancelled(), seconds: sliceSeconds });
    }),
  };
}

export function batchActivities(world: World): BatchActivities {
  /** Gathering ends with the worker or the step; what it wrote down is found by the next one. */
  const stopping = (): AbortSignal => AbortSignal.any([cancelled(), world.draining]);
  return {
    openBatches: guarded(async (input) => {
      await world.ledger.verify(input.connected.ledger);
      return await openBatches(world, input);
    }),
    gatherBatches: guarded(async (input) => {
      await world.ledger.verify(input.connected.ledger);
      try {
        return await gatherBatches(world, input, stopping());
      } catch (error) {
        if (error === world.draining.reason) throw workerLeaves('The worker ended while batches were gathered.');
        throw error;
      }
    }),
    submitBatch: guarded(async (input) => {
      await world.ledger.verify(input.connected.ledger);
      return await submitBatch(world, input, cancelled());
    }),
    awaitBatch: guarded(async (input) => await awaitBatch(world, input, Context.current().info.attempt)),
    settleBatch: guarded(async (input) => {
      await world.ledger.verify(input.connected.ledger);
      return await settleBatch(world, input);
    }),
    cancelBatches: guarded(async (input) => {
      await world.ledger.verify(input.connected.ledger);
      return await cancelBatches(world, input);
    }),
  };
}

export function studentActivities(world: World): StudentActivities {
  return {
    select: guarded(async (request) => {
      await world.ledger.verify(request.input.connected.ledger);
      return await select(world, request, cancelled());
    }),
    fineTune: guarded(async (input) => {
      await world.ledger.verify(input.connected.ledger);
      return await fineTune(world, input, async (of) => await exportTraining(world, of), cancelled());
    }),
    awaitFineTune: guarded(async (input) => await awaitFineTune(world, input, Context.current().info.attempt)),
    evaluate: guarded(async (input) => {
      await world.ledger.verify(input.connected.ledger);
      return await evaluate(world, input, cancelled());
    }),
  };
}
