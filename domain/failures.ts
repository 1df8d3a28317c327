/**
 * Every way a run can be stopped, with what the operator should do about it, in one sentence. Everything thrown across
 * an activity boundary has one of these types or is a bug.
 */
export const failures = {
  InvalidInput: 'Correct the run file or the data and start the run again.',
  EndpointDown:
    'Start the endpoint, then resume the run. For another address: stop the run with --now, correct the file, run it with --again; what was paid is kept.',
  EndpointUnstable: 'Too many calls ended without an answer; check the endpoint, then resume the run.',
  EndpointRefusesKey: 'Set a valid API key in the environment of the worker, then resume.',
  ModelUnknown: 'Correct the model name or make the model available, then resume the run.',
  RequestRejected:
    'The endpoint rejects the request as malformed; correct the parameters for this endpoint, then resume.',
  BillingExhausted: 'Add credit or raise the quota at the provider, then resume the run.',
  BudgetExhausted: 'Raise the limit with `baldistill budget RUN --usd X` and resume the run, or skip the step.',
  UsageAboveBound: 'Check what the endpoint bills and how it counts tokens, then resume the run.',
  BatchFailed: 'Check the batch at the endpoint, fix the cause, then resume: missing calls are submitted again.',
  FineTuneFailed: 'Check the job at the student endpoint, fix the cause, then resume.',
  AwaitingStudent: 'Train a student on the file named here, then resume the run with --student MODEL --endpoint URL.',
  ArtifactMissing: 'Restore the artifact folder from a copy, then resume the run.',
  StorageFull: 'Free disk space, or make the folder writable, then resume the run.',
  LedgerMismatch:
    'Restore the ledger this run was charged to, then resume the run; or accept the present one with `baldistill ledger adopt RUN --charged N`.',
  NotOurs:
    'Nothing was done. Start the run with `baldistill run` in the home of these workers, or give them the key it was signed with (BALDISTILL_KEY_FILE). If you did not start it, terminate it.',
  NotPermitted:
    'Start the run from this machine with `baldistill run`, or permit it under `permissions` in temporal.yaml, then resume the run.',
  LedgerUnavailable: 'Make the ledger file readable and unlocked, then resume the run.',
  WorkerLost: 'The worker died several times during this step; read its log, then resume.',
  Unexpected: 'This is a fault of baldistill; report it. After an update, resume the run.',
} as const satisfies Record<string, string>;

export type FailureType = keyof typeof failures;

/** What travels with a failure: its type, a sentence for people (no secret, no model text), and its remedy. */
export interface Failure {
  readonly type: FailureType;
  readonly message: string;
}

export function isFailureType(value: unknown): value is FailureType {
  return typeof value === 'string' && Object.hasOwn(failures, value);
}

/** Failures that end a run. All others block it until it is resumed. */
export function endsRun(type: FailureType): boolean {
  return type === 'InvalidInput';
}

export function remedyOf(type: FailureType): string {
  return failures[type];
}

/** The one error class of our own code: adapters and activities throw it, the activity boundary maps it for Temporal. */
export class BaldistillError extends Error {
  readonly type: FailureType;

  constructor(type: FailureType, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BaldistillError';
    this.type = type;
  }
}
