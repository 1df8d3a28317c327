/**
 * The run file (YAML) and the run spec made from it. The file is what a person writes; the spec is the same with
 * every default filled in, and is what workflows and activities receive. Neither ever holds a secret: keys are
 * named by environment variable.
 */
import { z } from 'zod';
import { Sending } from './teacher-sending.ts';
import { methodNames } from '../../domain/methods.ts';
import { outputs } from '../../domain/tasks/output.ts';
import { taskNames } from '../../domain/tasks/open-task.ts';
import { embeddedStudentBases } from './embedded-models.ts';
import { RateLimits } from '../flow/flow.ts';
import { Price } from './prices.ts';

/** Names become workflow ids and folder names, so they are kept to characters that are safe in both. */
export const RunName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._,=+-]*$/, 'letters, digits and . _ , = + - only, starting with a letter or digit');

export const dataFormats = ['jsonl', 'csv', 'tsv', 'parquet'] as const;
export type DataFormat = (typeof dataFormats)[number];

const Source = z.union([
  z.string().min(1),
  z.strictObject({
    path: z.string().min(1),
    /** What the file's extension says, unless given. */
    format: z.enum(dataFormats).optional(),
    /** Keep only rows whose id occurs (or does not occur) in this file. */
    idsIn: z.string().min(1).optional(),
    idsNotIn: z.string().min(1).optional(),
  }),
]);
export type Source = z.infer<typeof Source>;

const FieldName = z.string().min(1).optional();
const Fields = z
  .strictObject({
    id: FieldName,
    domain: FieldName,
    instruction: FieldName,
    /** The text, or a passage that `question` is about. */
    input: FieldName,
    /** Chat messages, in place of `input`. */
    messages: FieldName,
    question: FieldName,
    answer: FieldName,
    /** The answer as a list of labels, in place of `answer`. */
    labels: FieldName,
    choices: FieldName,
    /** Other accepted answers. */
    references: FieldName,
  })
  .superRefine((fields, context) => {
    const missing = (key: string): void =>
      context.addIssue({ code: 'invalid_type', expected: 'string', input: undefined, path: [key] });
    if (fields.input === undefined && fields.messages === undefined && fields.question === undefined) missing('input');
    if (fields.answer === undefined && fields.labels === undefined) missing('answer');
  });

const Split = z.strictObject({
  validation: z.number().min(0).max(0.5).default(0.1),
  test: z.number().min(0).max(0.5).default(0.2),
  seed: z.int().nonnegative().default(0),
});

const BuiltinData = z.strictObject({
  builtin: z.literal('wordnet'),
  /** Rows of the training pool, in natural proportions. */
  pool: z.int().min(50).max(40_000).default(6000),
});

const FileData = z.strictObject({
  /** A folder of the data folder (BALDISTILL_DATA); without it paths are relative to the run file. */
  folder: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .optional(),
  train: Source,
  validation: Source.optional(),
  test: Source.optional(),
  fields: Fields,
  /** The domain as a fixed function of the row, where no field holds it: how many lines a field has, up to `most`. */
  domainFrom: z.strictObject({ lines: z.string().min(1), most: z.int().min(2).max(100).default(8) }).optional(),
  /**
   * Share of each domain's training rows that no method ever sees: an embedded teacher hands them out as if it had
   * synthesized them.
   */
  reserve: z.number().min(0).max(0.5).optional(),
  /** What precedes every input in the prompt, where the rows carry none. */
  instruction: z.string().min(1).optional(),
  duplicates: z.enum(['drop', 'keep']).default('drop'),
  leaks: z.enum(['drop', 'keep']).default('drop'),
  /** Taken from the training rows for whichever held-out file is not given. */
  split: Split.prefault({}),
});

export const Data = z.union([BuiltinData, FileData]);
export type Data = z.infer<typeof Data>;
export type BuiltinData = z.infer<typeof BuiltinData>;
export type FileData = z.infer<typeof FileData>;

const EnvironmentVariable = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]*$/, 'the name of an environment variable, never the key itself');
/** Addresses are shown in reports, memos and the ledger, so none may contain a secret. */
const BaseUrl = z.url({ protocol: /^https?$/ }).superRefine((address, context) => {
  const { username = '', password = '' } = URL.parse(address) ?? {};
  if (username === '' && password === '') return;
  context.addIssue({
    code: 'invalid_format',
    format: 'url',
    message: 'an address without user name and password: write the name of an environment variable as apiKeyEnv',
  });
});

/** What cannot be measured at an endpoint and has to be declared. */
const Declared = {
  /** The endpoint deduplicates on `Idempotency-Key` for this many seconds. Never assumed. */
  idempotency: z.strictObject({ ttl: z.int().positive() }).optional(),
  /** Statuses the endpoint never bills. */
  unbilled: z.array(z.int().min(400).max(599)).default([503, 529]),
};

const Flow = {
  /** Calls in flight at the same time, at most: fewer where more would not be faster. */
  concurrency: z.int().min(1).max(1024).default(16),
  /** What the endpoint allows a minute, for all runs together; its own headers may say less. */
  limits: RateLimits.optional(),
  /** Timeout of one call in seconds; after it the outcome is unknown. */
  timeout: z.number().positive().max(3600).default(120),
  /** Timeout in seconds without a byte of an answer that has begun; 60 where not set. */
  stallTimeout: z.number().positive().max(3600).optional(),
};

/** Templates of one's own: paths from the run file's folder. */
const PromptFiles = z.strictObject({
  annotate: z.string().min(1).optional(),
  synthesize: z.string().min(1).optional(),
  verify: z.string().min(1).optional(),
});
/** The form of the answers; `auto`: the best that the endpoint takes, found out by the first call. */
const TeacherOutput = z.enum(['auto', ...outputs]);

const EmbeddedTeacher = z.strictObject({
  embedded: z.enum(['simulated', 'recorded']),
  /** Share of synthetic rows that are wrong: text of another domain, or a wrong answer (not in a recording). */
  noise: z.number().min(0).max(1).default(0.2),
  /** Text: an embedded teacher has nothing to gain from a form, and its answers that were kept stay found. */
  output: TeacherOutput.default('text'),
  prompts: PromptFiles.optional(),
  ...Declared,
  ...Flow,
  ...Sending,
});
const RemoteTeacher = z.strictObject({
  baseUrl: BaseUrl,
  model: z.string().min(1),
  apiKeyEnv: EnvironmentVariable.optional(),
  temperature: z.number().min(0).max(2).optional(),
  maxTokens: z.int().positive().default(1024),
  /** Name the endpoint gives the output limit. */
  maxTokensField: z.enum(['max_tokens', 'max_completion_tokens']).default('max_tokens'),
  /** Send `seed` with each request; some hosted models refuse it. */
  seed: z.boolean().default(true),
  output: TeacherOutput.default('auto'),
  prompts: PromptFiles.optional(),
  /** What this endpoint asks for the model, before any price table. */
  price: Price.optional(),
  ...Declared,
  ...Flow,
  ...Sending,
});
export const TeacherConfig = z.union([EmbeddedTeacher, RemoteTeacher]);
export type TeacherConfig = z.infer<typeof TeacherConfig>;

const Hyperparameters = z.strictObject({
  epochs: z.int().positive().default(8),
  batchSize: z.int().positive().default(16),
  /** Sent as `learning_rate_multiplier` where set: hosts read it as a factor or as the rate itself. */
  learningRate: z.number().positive().optional(),
});
const StudentFlow = {
  concurrency: z.int().min(1).max(256).default(4),
  timeout: z.number().positive().max(3600).default(300),
  maxTokens: z
    .strictObject({ select: z.int().positive(), evaluate: z.int().positive() })
    .default({ select: 200, evaluate: 400 }),
  hyperparameters: Hyperparameters.prefault({}),
};
const EmbeddedStudent = z.strictObject({ embedded: z.enum(embeddedStudentBases), ...StudentFlow });
const RemoteStudent = z.strictObject({
  baseUrl: BaseUrl,
  model: z.string().min(1),
  apiKeyEnv: EnvironmentVariable.optional(),
  price: Price.optional(),
  ...StudentFlow,
});
const ManualStudent = z.strictObject({
  driver: z.literal('manual'),
  baseUrl: BaseUrl.optional(),
  apiKeyEnv: EnvironmentVariable.optional(),
  price: Price.optional(),
  ...StudentFlow,
});
const CommandStudent = z.strictObject({
  driver: z.literal('command'),
  /** A program and its arguments, without a shell. */
  train: z.array(z.string().min(1)).min(1),
  /** Where it runs, from the run file's folder. */
  cwd: z.string().min(1).default('.'),
  /** Where what it trains is served. */
  baseUrl: BaseUrl,
  apiKeyEnv: EnvironmentVariable.optional(),
  price: Price.optional(),
  ...StudentFlow,
});
const NoStudent = z.strictObject({ driver: z.literal('none') });
export const StudentConfig = z.union([EmbeddedStudent, RemoteStudent, ManualStudent, CommandStudent, NoStudent]);
export type StudentConfig = z.infer<typeof StudentConfig>;

const SwitchOverrides = z.strictObject({
  balance: z.enum(['adaptive', 'naive', 'natural', 'none']).optional(),
  schedule: z.enum(['paper', 'full']).optional(),
  select: z.enum(['ifd', 'random', 'uncertainty']).optional(),
  scoreOn: z.enum(['self', 'gold']).optional(),
  diversity: z.enum(['off', 'distinct-output']).optional(),
  tail: z.enum(['real-first', 'none']).optional(),
  shortfall: z.enum(['duplicate', 'reallocate', 'leave']).optional(),
  onMismatch: z.enum(['answer-only', 'drop', 'keep']).optional(),
  consistency: z.enum(['keep', 'drop']).optional(),
  nearDuplicates: z.enum(['keep', 'drop']).optional(),
  verify: z.enum(['off', 'teacher']).optional(),
  refill: z.int().min(0).max(10).optional(),
  ceiling: z.number().min(1).max(11).optional(),
  candidates: z.union([z.enum(['auto', 'all']), z.int().positive()]).optional(),
  rationale: z.enum(['teacher', 'none']).optional(),
  format: z.enum(['text', 'chat']).optional(),
  loss: z.enum(['completion', 'full']).optional(),
  init: z.enum(['base', 'continue']).optional(),
});

const Budget = z.strictObject({
  /** B: example slots of the whole run. Fixed. */
  slots: z.int().positive().max(10_000_000),
  /** L: teacher calls the run may be charged; default B. */
  calls: z.int().positive().optional(),
  /** Tokens in and out of the teacher, worst case before each call, actual after it; no limit where not set. */
  tokens: z.int().positive().optional(),
  /** Money for teacher and student, in USD; no limit where not set. Every model then needs a price. */
  usd: z.number().positive().max(10_000_000).optional(),
  cached: z.enum(['count', 'free']).default('count'),
  maxForfeits: z.int().positive().optional(),
});

export const RunFile = z.strictObject({
  name: RunName,
  data: Data,
  task: z.enum(taskNames).default('classification'),
  method: z.enum(methodNames).default('recommended'),
  switches: SwitchOverrides.prefault({}),
  stages: z.int().min(1).max(100).default(5),
  budget: Budget,
  seed: z.int().nonnegative().max(1_000_000).default(0),
  /** Absent where the method asks no teacher. */
  teacher: TeacherConfig.optional(),
  student: StudentConfig,
  /** Prices by model name, before those of the price table. */
  prices: z.record(z.string().min(1), Price).default({}),
});
export type RunFile = z.infer<typeof RunFile>;

/** A run recorded before one of these switches existed ran with its first value. */
export const Switches = SwitchOverrides.required().extend({
  scoreOn: z.enum(['self', 'gold']).default('self'),
  diversity: z.enum(['off', 'distinct-output']).default('off'),
  nearDuplicates: z.enum(['keep', 'drop']).default('keep'),
  ceiling: z.number().min(1).max(11).default(3),
  verify: z.enum(['off', 'teacher']).default('off'),
});

/** A run with every choice made. `dataRoot` is the folder that relative data paths start from. */
export const RunSpec = RunFile.extend({
  dataRoot: z.string(),
  switches: Switches,
  /** The text of the templates that `teacher.prompts` names: another text is another run. */
  prompts: z
    .strictObject({ annotate: z.string().optional(), synthesize: z.string().optional(), verify: z.string().optional() })
    .default({}),
  /** 0: the base student is only evaluated. */
  stages: z.int().min(0).max(100),
  budget: Budget.extend({ calls: z.int().positive(), maxForfeits: z.int().positive() }),
});
export type RunSpec = z.infer<typeof RunSpec>;
