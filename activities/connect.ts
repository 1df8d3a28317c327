/** Connect: opens the run in the ledger and learns, once, what its endpoints can do (DESIGN section 1). */
import type { RunSpec } from '../contracts/run-file.ts';
import type { Connected } from '../contracts/stage.ts';
import { BaldistillError } from '../domain/failures.ts';
import type { RunBudget } from './ports/ledger.ts';
import type { World } from './ports/world.ts';

/** Records the run in the ledger, or finds it there with what it is charged. */
export async function openInLedger({ ledger }: World, spec: RunSpec): Promise<RunBudget> {
  const { slots: planned, calls, maxForfeits } = spec.budget;
  return await ledger.openRun({ run: spec.name, spec, calls, planned, maxForfeits });
}

export async function connect(world: World, spec: RunSpec): Promise<Connected> {
  await openInLedger(world, spec);
  await world.ledger.forgiveForfeits(spec.name);
  const student = world.student(spec, null);
  const capabilities = student === null || isManual(spec) ? null : await student.probe(student.baseModel);
  if (capabilities !== null && !capabilities.fineTuning) {
    throw new BaldistillError(
      'InvalidInput',
      'The student endpoint cannot fine-tune; use `student: {driver: manual}` or another endpoint.',
    );
  }
  const ranks = spec.switches.select === 'ifd' && spec.switches.balance !== 'none' && spec.stages > 1;
  if (ranks && capabilities !== null && (capabilities.promptLogprobs === 'none' || !capabilities.outputLogprobs)) {
    throw new BaldistillError(
      'InvalidInput',
      'select: ifd needs log-probabilities of given text, and the student endpoint gives none; use select: random.',
    );
  }
  return {
    ledger: await world.ledger.identity(),
    teacherModel: world.teacher(spec).model,
    student: capabilities,
    studentModel: student?.baseModel ?? null,
  };
}

/** A student trained by hand does not exist before its stage: it is probed when it is first used. */
function isManual(spec: RunSpec): boolean {
  return 'driver' in spec.student && spec.student.driver === 'manual';
}
