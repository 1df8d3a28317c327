/** Builds the world that a worker's activities reach: ledger, artifacts, importers, endpoints, limiters. */
import { join } from 'node:path';
import { createPrepare } from '../activities/data/prepare.ts';
import type { Ledger } from '../activities/ports/ledger.ts';
import type { Owner } from '../activities/ports/owner.ts';
import type { SpendAccount } from '../activities/ports/spend-account.ts';
import type { Student } from '../activities/ports/student.ts';
import type { Teacher } from '../activities/ports/teacher.ts';
import { studentAccount } from '../activities/student/student-charges.ts';
import type { World } from '../activities/ports/world.ts';
import { commandEnvironment } from '../adapters/command/command-environment.ts';
import { commandStudent } from '../adapters/command/command-student.ts';
import { createFileArtifacts } from '../adapters/artifacts/file-artifacts.ts';
import { createImporter } from '../adapters/datasets/importer.ts';
import { batchEndpoint } from '../adapters/openai/teacher/batches.ts';
import type { EndpointAddress } from '../adapters/openai/client.ts';
import { openAiStudent } from '../adapters/openai/student/student.ts';
import { openAiTeacher } from '../adapters/openai/teacher/teacher.ts';
import { teacherModelId } from '../contracts/run/embedded-models.ts';
import { studentRates } from '../contracts/run/run-prices.ts';
import type { RunSpec, TeacherConfig } from '../contracts/run/run-file.ts';
import { BaldistillError } from '../domain/failures.ts';
import { withheldFromTraining } from './services/child-environment.ts';
import type { Limiters } from './watch/limiters.ts';

export interface WorldParts {
  readonly home: string;
  readonly ledger: Ledger;
  readonly owner: Owner;
  /** Address of the embedded endpoint now; undefined while it is down. */
  readonly embeddedUrl: () => string | undefined;
  /** See `TeacherSettings`. */
  readonly retryForMs: { readonly refused: number; readonly overloaded: number } | undefined;
  readonly draining: AbortSignal;
  readonly awaitClosed: World['awaitClosed'];
  readonly runs: World['runs'];
  readonly worker: string;
  readonly limiters: Limiters;
}

export function createWorld(parts: WorldParts): World {
  const artifacts = createFileArtifacts(join(parts.home, 'artifacts'));
  /** Kept, since a teacher remembers over slices for how long its endpoint has been in trouble. */
  const teachers = new Map<string, Teacher>();
  const accounts = new Map<string, SpendAccount>();

  function address(
    url: string | undefined,
    apiKeyEnv: string | undefined,
    flow: { concurrency: number; timeout: number },
  ): EndpointAddress {
    const baseUrl = url ?? parts.embeddedUrl();
    if (baseUrl === undefined)
      throw new BaldistillError('EndpointDown', 'The embedded endpoint is not running; `baldistill run` starts it.');
    return { baseUrl, apiKeyEnv, connections: flow.concurrency, timeoutSeconds: flow.timeout };
  }

  /** One a run and price: clients are kept for each. */
  function purseOf(spec: RunSpec): SpendAccount | undefined {
    const id = JSON.stringify([spec.name, studentRates(spec)]);
    const known = accounts.get(id) ?? studentAccount(parts.ledger, spec);
    if (known !== undefined) accounts.set(id, known);
    return known;
  }

  return {
    artifacts,
    ledger: parts.ledger,
    owner: parts.owner,
    draining: parts.draining,
    awaitClosed: parts.awaitClosed,
    runs: parts.runs,
    worker: parts.worker,
    prepare: createPrepare({ artifacts, importer: createImporter() }),
    runFolder: (run) => join(parts.home, 'runs', run),
    comparisonFolder: (name) => join(parts.home, 'comparisons', name),

    teacher(spec) {
      const { teacher: config, data, task } = spec;
      const id = JSON.stringify([config, data, task]);
      const known = teachers.get(id) ?? openTeacher(spec, address, parts.retryForMs);
      teachers.set(id, known);
      return known;
    },

    batches(spec) {
      const teacher = present(spec.teacher);
      return batchEndpoint({
        teacher: this.teacher(spec),
        address: () => teacherAddress(teacher, address),
        unbilled: teacher.unbilled,
      });
    },

    student(spec, elsewhere): Student | null {
      const { student } = spec;
      if (!('hyperparameters' in student)) return null;
      if (elsewhere !== null)
        parts.owner.verify({ kind: 'student', run: spec.name, url: elsewhere.url }, elsewhere.signature);
      const remote = 'embedded' in student ? undefined : student;
      const account = purseOf(spec);
      const endpoint = openAiStudent({
        baseModel: 'embedded' in student ? student.embedded : 'model' in student ? student.model : student.driver,
        address: () => ({ ...address(elsewhere?.url ?? remote?.baseUrl, remote?.apiKeyEnv, student), account }),
        hyperparameters: student.hyperparameters,
      });
      if (!('driver' in student) || student.driver !== 'command') return endpoint;
      const { train, cwd, hyperparameters, apiKeyEnv: allowed } = student;
      const withheld = [
        ...withheldFromTraining(process.env),
        ...(spec.teacher !== undefined && 'apiKeyEnv' in spec.teacher ? [spec.teacher.apiKeyEnv ?? ''] : []),
      ];
      return commandStudent(endpoint, {
        train,
        cwd,
        hyperparameters,
        folder: join(parts.home, 'training'),
        environment: commandEnvironment(process.env, { allowed: allowed === undefined ? [] : [allowed], withheld }),
        logFile: (suffix) => join(parts.home, 'runs', spec.name, `train-${suffix}.log`),
      });
    },

    limiter: ({ teacher: config }) => parts.limiters.of(endpointOf(present(config))),
  };
}

type Flow = Pick<TeacherConfig, 'concurrency' | 'timeout'>;

/** Seconds. Not in the run file's defaults: a run that was started before there was a choice has none written down. */
const defaultStall = 60;

type AddressOf = (url: string | undefined, apiKeyEnv: string | undefined, flow: Flow) => EndpointAddress;

function teacherAddress(teacher: TeacherConfig, address: AddressOf): EndpointAddress {
  const remote = 'embedded' in teacher ? undefined : teacher;
  const stallSeconds = teacher.stallTimeout ?? defaultStall;
  return { ...address(remote?.baseUrl, remote?.apiKeyEnv, teacher), stallSeconds };
}

/** The teacher of a run; who only wants to know what would be sent gives an address that is never asked for. */
export function openTeacher(
  { teacher: config, data, task }: Pick<RunSpec, 'teacher' | 'data' | 'task'>,
  address: AddressOf,
  retryForMs: WorldParts['retryForMs'],
): Teacher {
  const teacher = present(config);
  const remote = 'embedded' in teacher ? undefined : teacher;
  return openAiTeacher({
    model: remote?.model ?? embeddedTeacherModel({ teacher, data, task }),
    address: () => teacherAddress(teacher, address),
    temperature: remote?.temperature,
    maxTokens: remote?.maxTokens ?? 1024,
    maxTokensField: remote?.maxTokensField ?? 'max_tokens',
    sendSeed: remote?.seed ?? true,
    unbilled: teacher.unbilled,
    retryForMs,
  });
}

/** What has limits of its own: an address and a model. */
function endpointOf(teacher: TeacherConfig): string {
  return 'embedded' in teacher ? `embedded ${teacher.embedded} teacher` : `${teacher.baseUrl} ${teacher.model}`;
}

/** Nothing asks a teacher in a run that has none. */
function present(teacher: TeacherConfig | undefined): TeacherConfig {
  if (teacher === undefined) throw new BaldistillError('InvalidInput', 'This run has no teacher to ask.');
  return teacher;
}

function embeddedTeacherModel({
  teacher,
  data,
  task,
}: Pick<RunSpec, 'data' | 'task'> & { readonly teacher: TeacherConfig }): string {
  if ('embedded' in teacher && teacher.embedded === 'simulated' && 'builtin' in data) {
    return teacherModelId({ kind: 'simulated', dataset: data.builtin, noise: teacher.noise, pool: data.pool });
  }
  if ('embedded' in teacher && teacher.embedded === 'recorded' && 'folder' in data && data.folder !== undefined) {
    const { folder, reserve: share = 0 } = data;
    const reserve = share === 0 ? null : { share, noise: teacher.noise };
    return teacherModelId({ kind: 'recorded', folder, task, reserve });
  }
  throw new BaldistillError(
    'InvalidInput',
    'An embedded teacher needs data it knows: `builtin` for simulated, `folder` for recorded.',
  );
}
