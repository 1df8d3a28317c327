/** What the driver can break, and what each may cost: the closed list of issue 4, in its order. */
import type { FailureType } from '../../domain/failures.ts';
import type { Fault } from '../../embedded/behavior.ts';

export interface FaultKind {
  /** Calls whose answer one strike may lose at an endpoint that is not idempotent. */
  readonly loses: 'none' | 'in-flight' | 'struck';
  /** How the endpoint misbehaves, for faults that are the endpoint's alone. */
  readonly endpoint?: Pick<Fault, 'status' | 'when'> & Partial<Fault>;
  /** Workers from the start of the run. */
  readonly workers?: number;
  /** The run has a Temporal server of its own. */
  readonly ownTemporal?: true;
  /** Seconds a call may take: short where the client has to give up. */
  readonly timeout?: number;
  /** Statuses that are declared unbilled; the default where not said. */
  readonly unbilled?: readonly number[];
  /** What lies on a file system of its own, which is filled. */
  readonly full?: 'artifacts' | 'ledger';
  /** Why a run may be blocked by it. */
  readonly blocks: readonly FailureType[];
  /** The answers themselves are changed, so the training set may be another one. */
  readonly changesAnswers?: true;
  /** A slot may stay empty although no call was lost. */
  readonly lowersLimit?: true;
}

const lost = { loses: 'struck', blocks: ['EndpointUnstable'] } as const;
const harmless = { loses: 'none', blocks: [] } as const;

export const faults = {
  'worker-kill': { loses: 'in-flight', blocks: ['WorkerLost'] },
  'worker-term': harmless,
  // A worker that is stopped while it writes holds the ledger's lock.
  'worker-stop': { loses: 'none', blocks: ['LedgerUnavailable'] },
  'worker-stop-long': { loses: 'none', blocks: ['LedgerUnavailable'], workers: 2 },
  'temporal-kill': { ...harmless, ownTemporal: true },
  'teacher-kill': { loses: 'in-flight', blocks: ['EndpointDown', 'EndpointUnstable'] },
  'teacher-stop': harmless,
  'student-kill': { loses: 'none', blocks: ['EndpointDown', 'FineTuneFailed'] },
  terminate: harmless,
  '429-retry-after': {
    ...harmless,
    endpoint: { status: 429, when: 'before', headers: { 'retry-after': '1' } },
  },
  '429-plain': { ...harmless, endpoint: { status: 429, when: 'before' } },
  '500-before': { ...lost, endpoint: { status: 500, when: 'before' } },
  '500-after': { ...lost, endpoint: { status: 500, when: 'after' } },
  '503-before': { ...harmless, endpoint: { status: 503, when: 'before' } },
  '503-after': { ...lost, unbilled: [], endpoint: { status: 503, when: 'after' } },
  '503-blocked': { loses: 'none', blocks: ['EndpointDown'] },
  'reset-before': { ...lost, endpoint: { status: 'reset', when: 'before' } },
  'reset-after': { ...lost, endpoint: { status: 'reset', when: 'after' } },
  'reset-body': { ...lost, endpoint: { status: 'reset-body', when: 'after' } },
  'stall-body': { ...lost, timeout: 2, endpoint: { status: 'stall-body', when: 'after' } },
  'half-json': { ...lost, endpoint: { status: 'half-json', when: 'after' } },
  'old-answer': { ...harmless, changesAnswers: true, endpoint: { status: 'repeat', when: 'after' } },
  'late-answer': { ...lost, timeout: 2, endpoint: { status: 'late', when: 'after', delayMs: 2500 } },
  'artifacts-full': { loses: 'none', full: 'artifacts', blocks: ['StorageFull'] },
  'ledger-full': { loses: 'in-flight', full: 'ledger', blocks: ['StorageFull', 'LedgerUnavailable'] },
  'two-workers': { ...harmless, workers: 2 },
  'three-workers': { ...harmless, workers: 3 },
  'two-runs': harmless,
  steering: { ...harmless, lowersLimit: true },
  'old-ledger': { loses: 'in-flight', blocks: ['LedgerMismatch', 'WorkerLost'] },
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof faults;

export const faultNames = Object.keys(faults).filter((name): name is FaultName => Object.hasOwn(faults, name));

export function kindOf(name: FaultName): FaultKind {
  return faults[name];
}
