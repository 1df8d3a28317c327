import type { Data, RunSpec } from './run-file.ts';

/** The parts of a run that are not real models; every page that shows its results says so. */
export function simulatedParts(spec: RunSpec): string[] {
  const parts: string[] = [];
  if (spec.teacher !== undefined && 'embedded' in spec.teacher) {
    parts.push(
      spec.teacher.embedded === 'recorded'
        ? recordedTeacher(spec.data, spec.teacher.noise)
        : `simulated teacher (${Math.round(spec.teacher.noise * 100)} % of synthetic labels wrong)`,
    );
  }
  if ('embedded' in spec.student) parts.push(`embedded baseline student (${spec.student.embedded})`);
  return parts;
}

/** Without a recording of its own it replays the data's human solutions, and says something simple where there is none. */
function recordedTeacher(data: Data, noise: number): string {
  if ('builtin' in data || data.reserve === undefined || data.reserve === 0) return 'recorded teacher';
  const [reserve, wrong] = [data.reserve, noise].map((share) => Math.round(share * 100));
  return (
    "recorded teacher (the data set's own solutions, simulated where it has none; synthetic rows are real ones held " +
    `back from all methods: ${reserve} % of each domain, ${wrong} % of them made wrong)`
  );
}
