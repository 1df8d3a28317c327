/**
 * The closed list of ways a run can be stopped, and what each one means for retries, for money, and for the person
 * who has to mend it. Everything thrown across an activity boundary is one of these or a bug.
 */

/** How the engine treats a failure: `retry` by itself a few times, `mend` parks the run until a person acts, `final` ends it. */
export type RetryClass = 'retry' | 'mend' | 'final';

export interface FailureKind {
  readonly retry: RetryClass;
  /** What the operator should do, one sentence. */
  readonly remedy: string;
}

export const failures = {
  InvalidInput: { retry: 'final', remedy: 'Correct the run file or the data and start the run again.' },
  EndpointDown: {
    retry: 'mend',
    remedy:
      'Start the endpoint, then resume the run. For another address: stop the run with --now, correct the file, run it with --again; what was paid is kept.',
  },
  EndpointUnstable: {
    retry: 'mend',
    remedy: 'Too many calls ended without an answer; look at the endpoint, then resume the run.',
  },
  EndpointRefusesKey: { retry: 'mend', remedy: 'Set a valid API key in the environment of the worker, then resume.' },
  ModelUnknown: { retry: 'mend', remedy: 'Correct the model name or make the model available, then resume the run.' },
  RequestRejected: {
    retry: 'mend',
    remedy: 'The endpoint rejects the request as malformed; correct the parameters for this endpoint, then resume.',
  },
  BillingExhausted: { retry: 'mend', remedy: 'Add credit or raise the quota at the provider, then resume the run.' },
  BudgetExhausted: {
    retry: 'mend',
    remedy: 'Raise the limit with `baldistill budget RUN --usd X` and resume the run, or skip the step.',
  },
  UsageAboveBound: {
    retry: 'mend',
    remedy: 'Check what the endpoint bills and how it counts tokens, then resume the run.',
  },
  BatchFailed: {
    retry: 'mend',
    remedy: 'Look at the batch at the endpoint, mend the cause, then resume: what is missing is submitted again.',
  },
  FineTuneFailed: { retry: 'mend', remedy: 'Look at the job at the student endpoint, mend the cause, then resume.' },
  AwaitingStudent: {
    retry: 'mend',
    remedy: 'Train a student on the file named here, then resume the run with --student MODEL --endpoint URL.',
  },
  ArtifactMissing: { retry: 'mend', remedy: 'Restore the artifact folder from a copy, then resume the run.' },
  StorageFull: { retry: 'mend', remedy: 'Free disk space, or make the folder writable, then resume the run.' },
  LedgerMismatch: {
    retry: 'mend',
    remedy:
      'Restore the ledger this run was charged to, then resume the run; or take the one that is there with `baldistill ledger adopt RUN --charged N`.',
  },
  NotOurs: {
    retry: 'mend',
    remedy:
      'Nothing was done. Start the run with `baldistill run` in the home of these workers, or give them the key it was signed with (BALDISTILL_KEY_FILE). If you did not start it, terminate it.',
  },
  NotPermitted: {
    retry: 'mend',
    remedy:
      'Start the run from this machine with `baldistill run`, or permit it under `permissions` in temporal.yaml, then resume the run.',
  },
  LedgerUnavailable: { retry: 'mend', remedy: 'Make the ledger file readable and unlocked, then resume the run.' },
  WorkerLost: { retry: 'mend', remedy: 'The worker died again and again during this step; read its log, then resume.' },
  Unexpected: { retry: 'mend', remedy: 'This is a fault of baldistill; report it. After an update, resume the run.' },
} as const satisfies Record<string, FailureKind>;

export type FailureType = keyof typeof failures;

/** What travels with a failure: its type, a sentence for people (no secret, no model text), and its remedy. */
export interface Failure {
  readonly type: FailureType;
  readonly message: string;
}

export function isFailureType(value: unknown): value is FailureType {
  return typeof value === 'string' && Object.hasOwn(failures, value);
}

export function remedyOf(type: FailureType): string {
  return failures[type].remedy;
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
