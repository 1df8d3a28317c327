/** The largest values that the limits allow, of what workflows and activities exchange. */
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { Balanced, RoundPlan, SliceResult } from '../../contracts/activity-messages.ts';
import type { FlowSnapshot } from '../../contracts/flow/flow.ts';
import {
  listedName,
  longestEndpointName,
  longestMessage,
  longestSpec,
  mostListed,
  mostNamedChunks,
  mostReasons,
  mostReported,
} from '../../contracts/payload-limits.ts';
import type { Blocked, BudgetCopy, DomainProgress } from '../../contracts/progress.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Connected, Prepared, StageInput, StageResult, StudentRef } from '../../contracts/stage.ts';
import { longestName } from '../../domain/data/data-limits.ts';
import { specOf } from '../ledger/support.ts';

/** Three bytes a character, as many as a UTF-16 unit takes at most. */
export const wide = (characters: number): string => '語'.repeat(characters);

/** As many digits as counts and bytes ever have. */
const number = 9_999_999_999_999;
export const reference: ArtifactRef = {
  uri: `artifact:${'f'.repeat(64)}`,
  sha256: 'f'.repeat(64),
  bytes: number,
  rows: number,
};

/** Settings of exactly the largest size, most of it in a template. */
export const spec: RunSpec = (() => {
  const plain = { ...specOf('r'.repeat(200)), stages: 100, prompts: { annotate: '' } };
  return { ...plain, prompts: { annotate: 'x'.repeat(longestSpec - JSON.stringify(plain).length) } };
})();

export const pin = { id: 'f'.repeat(36), counter: number, mark: 'f'.repeat(16) };
const amount = { charged: number, limit: number };
export const budget: BudgetCopy = {
  slots: number,
  limit: number,
  charged: number,
  settled: number,
  forfeited: number,
  tokens: amount,
  microUsd: amount,
};
export const connected: Connected = {
  ledger: pin,
  teacherModel: wide(longestEndpointName),
  batch: false,
  student: {
    fineTuning: false,
    arrayPrompts: false,
    outputLogprobs: false,
    promptLogprobs: 'token-ids',
    startIds: Array.from({ length: 64 }, () => number),
    rescore: false,
  },
  studentModel: wide(longestEndpointName),
};
export const prepared: Prepared = {
  pool: reference,
  validation: reference,
  test: reference,
  domains: reference,
  dropped: { duplicates: number, leaks: number },
  reserved: number,
};
export const balanced: Balanced = { quotas: reference, slots: number, heads: number, tails: number };
export const student: StudentRef = {
  model: wide(longestEndpointName),
  job: wide(longestEndpointName),
  losses: reference,
  address: { url: `https://${'x'.repeat(504)}`, signature: { key: 'f'.repeat(8), mac: 'f'.repeat(64) } },
};
export const blocked: Blocked = {
  type: 'UsageAboveBound',
  message: wide(longestMessage),
  remedy: 'x'.repeat(300),
  skip: 'x'.repeat(200),
};

export const stageResult = (stage: number): StageResult => ({
  stage,
  quotas: reference,
  selection: reference,
  examples: reference,
  outcomes: reference,
  counts: { slots: number, real: number, synthetic: number, duplicated: number, unfilled: number, dropped: number },
  ranked: { rows: number, cut: number },
  ordinals: reference,
  output: 'json-schema',
  training: reference,
  student,
  validation: {
    split: 'validation',
    macro: 0.123456789012345,
    micro: 0.123456789012345,
    rows: number,
    metrics: reference,
    predictions: reference,
  },
  skipped: ['generate', 'fine-tune', 'evaluate'],
  budget,
  ledger: pin,
});

/** Every name differs in its first characters, so that none is merged with another. */
export const domains = (count: number): DomainProgress[] =>
  Array.from({ length: count }, (_, index) => ({
    domain: listedName(`${index}${wide(longestName - 5)}`),
    quota: number,
    real: number,
    synthetic: number,
  }));

export const chunkOf = (index: number): ArtifactRef => ({ ...reference, sha256: String(index).padStart(64, 'f') });

/** A plan with the most chunks, or with as many as it names itself. */
export const plan = (round: number, chunks: number): RoundPlan => ({
  round,
  purpose: 'reallocate',
  uncalled: reference,
  chunks: Array.from({ length: chunks }, (_, index) => chunkOf(index)),
  ...(chunks <= mostNamedChunks ? {} : { chunkList: reference }),
  calls: number,
  output: 'json-schema',
  selection: reference,
  ordinals: reference,
  domains: domains(mostListed),
});

export const look: FlowSnapshot = {
  callsPerSecond: 12345.678901234,
  tokensPerMinute: 12345678.901234,
  inFlight: number,
  waiting: number,
  p50Ms: 12345.678901234,
  p95Ms: 12345.678901234,
  answered: number,
  inputTokens: number,
  outputTokens: number,
  failed: Object.fromEntries(Array.from({ length: mostReasons }, (_, index) => [`${index}`.padEnd(60, 'r'), number])),
};

export const sliceResult: SliceResult = {
  answered: 1,
  empty: 1,
  unsent: 1,
  sent: 1,
  seconds: 12345.678901234,
  domains: domains(mostReported).map(({ domain, real, synthetic }) => ({ domain, real, synthetic })),
  budget,
  ledger: pin,
  flow: { worker: 'w'.repeat(100), look },
};

export const stageInput = (history: readonly StageResult[]): StageInput => ({
  spec,
  connected,
  prepared,
  stage: 99,
  history: [...history],
});
