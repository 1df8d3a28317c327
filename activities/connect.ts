/** Connect: opens the run in the ledger and probes its endpoints once. */
import type { RunSpec } from '../contracts/run/run-file.ts';
import type { Connected } from '../contracts/stage.ts';
import { requireLogprobs } from './student/require-logprobs.ts';
import { unpriced } from '../contracts/run/run-prices.ts';
import { BaldistillError } from '../domain/failures.ts';
import { openingOf } from './run-opening.ts';
import type { RunBudget } from './ports/ledger.ts';
import type { World } from './ports/world.ts';
import { trainingOptions } from './student/training-options.ts';

/** Records the run in the ledger, or returns the budget of a run that is already there. */
export async function openInLedger({ ledger }: World, spec: RunSpec): Promise<RunBudget> {
  return await ledger.openRun(openingOf(spec));
}

export async function connect(world: World, spec: RunSpec): Promise<Connected> {
  await openInLedger(world, spec);
  if (spec.budget.usd !== undefined) requirePrices(spec);
  await world.ledger.forgiveForfeits({ run: spec.name });
  const student = world.student(spec, null);
  const capabilities = student === null || isTrainedElsewhere(spec) ? null : await student.probe(student.baseModel);
  if (capabilities !== null && !capabilities.fineTuning && spec.stages > 0) {
    throw new BaldistillError(
      'InvalidInput',
      'The student endpoint cannot fine-tune; use `student: {driver: manual}` or another endpoint.',
    );
  }
  if (spec.stages > 1 && capabilities !== null) requireLogprobs(spec.switches, capabilities);
  // Checked here, before the teacher is paid.
  if (spec.stages > 0 && student !== null) await trainingOptions(student, spec, student.baseModel);
  return {
    ledger: await world.ledger.identity(),
    teacherModel: spec.teacher === undefined ? null : world.teacher(spec).model,
    ...(await batchCapability(world, spec)),
    student: capabilities,
    studentModel: student?.baseModel ?? null,
  };
}

/** A limit in money needs every price: an unknown price is not zero. */
export function requirePrices(spec: RunSpec): void {
  const [first] = unpriced(spec);
  if (first === undefined) return;
  throw new BaldistillError(
    'InvalidInput',
    `A limit in money needs the ${first.missing} of ${first.model}, which is unknown. Set it under \`prices\`, or set \`price: free\`.`,
  );
}

/** A student trained by hand or by a command does not exist before its stage, so it is probed at its first use. */
function isTrainedElsewhere(spec: RunSpec): boolean {
  return 'driver' in spec.student && spec.student.driver !== 'none';
}

/** Probes the Batch API, only if the mode needs it. */
async function batchCapability(world: World, spec: RunSpec): Promise<{ batch?: boolean }> {
  const mode = spec.teacher?.mode ?? 'sync';
  if (mode === 'sync') return {};
  const batch = await world.batches(spec).probe();
  if (batch || mode === 'auto') return { batch };
  throw new BaldistillError(
    'InvalidInput',
    'The teacher endpoint has no Batch API (GET /batches); use `mode: sync` or `auto`, or another endpoint.',
  );
}
