import type { StageResult } from '../../contracts/stage.ts';

/** Earlier stages as a stage needs them: the student of the last that has one, no scores. They travel with every step. */
export function pastOf(stages: readonly StageResult[]): StageResult[] {
  const last = stages.findLast(({ student }) => student !== null);
  return stages.map((stage) => ({ ...stage, validation: null, student: stage === last ? stage.student : null }));
}
