import type { RunSpec } from './run-file.ts';

/** The parts of a run that are not real models; every page that shows its results says so. */
export function simulatedParts(spec: RunSpec): string[] {
  const parts: string[] = [];
  if (spec.teacher !== undefined && 'embedded' in spec.teacher) {
    parts.push(
      spec.teacher.embedded === 'recorded'
        ? 'recorded teacher'
        : `simulated teacher (${Math.round(spec.teacher.noise * 100)} % of invented labels wrong)`,
    );
  }
  if ('embedded' in spec.student) parts.push(`embedded baseline student (${spec.student.embedded})`);
  return parts;
}
