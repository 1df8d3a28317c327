/** What one run file needs: keys in the environment, endpoints that answer, a program that can be started. */
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { lookAtEndpoint } from './run-endpoint.ts';
import { fine, trouble } from './prerequisite.ts';
import type { RunPrerequisite } from './prerequisite.ts';

interface Remote {
  readonly baseUrl: string;
  readonly apiKeyEnv: string | undefined;
  /** Undefined where it is trained later. */
  readonly model: string | undefined;
}

/** Empty where everything is embedded: then the run needs nothing of the outside. */
export function runPrerequisites(spec: RunSpec): readonly RunPrerequisite[] {
  const teacher = spec.teacher === undefined ? undefined : remoteOf(spec.teacher);
  const student = remoteOf(spec.student);
  return [
    ...(teacher === undefined ? [] : ofEndpoint('teacher', teacher)),
    ...(student === undefined ? [] : ofEndpoint('student', student)),
    ...('driver' in spec.student && spec.student.driver === 'command' ? [trainingProgram] : []),
  ];
}

function remoteOf(part: NonNullable<RunSpec['teacher']> | RunSpec['student']): Remote | undefined {
  if (!('baseUrl' in part) || part.baseUrl === undefined) return undefined;
  const { baseUrl, apiKeyEnv } = part;
  return { baseUrl, apiKeyEnv, model: 'model' in part ? part.model : undefined };
}

function ofEndpoint(who: string, { baseUrl, apiKeyEnv, model }: Remote): readonly RunPrerequisite[] {
  const key: RunPrerequisite = {
    title: `key of the ${who}`,
    task: (_, { environment }) =>
      environment[apiKeyEnv ?? '']
        ? fine(`${apiKeyEnv} is set`)
        : trouble(`${apiKeyEnv} is not set here`, `export ${apiKeyEnv}=... before the run is started.`),
  };
  const endpoint: RunPrerequisite = {
    title: who,
    task: async (_, { environment }) =>
      await lookAtEndpoint({ baseUrl, model, apiKey: environment[apiKeyEnv ?? ''] || undefined }),
  };
  return [...(apiKeyEnv === undefined ? [] : [key]), endpoint];
}

const trainingProgram: RunPrerequisite = {
  title: 'training program',
  task({ student }, { environment }) {
    if (!('train' in student)) return fine('none');
    const [program = ''] = student.train;
    const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
    const places = program.includes('/')
      ? [resolve(student.cwd, program)]
      : folders.map((folder) => join(folder, program));
    const found = places.find((place) => canRun(place));
    if (found !== undefined) return fine(found);
    return trouble(`there is no ${program} that could be started`, 'Correct `student.train`, or the PATH.');
  },
};

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to start: the same to us.
    return false;
  }
}
