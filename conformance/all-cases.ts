/** The table: every case, in the order in which they are tried. One table for the tests and for `doctor`. */
import type { ContractCase } from './case.ts';
import { echoCases } from './cases/echo.ts';
import { errorCases } from './cases/errors.ts';
import { fileCases } from './cases/files.ts';
import { inputCases } from './cases/input.ts';
import { jobCreationCases } from './cases/job-creation.ts';
import { jobLifeCases } from './cases/job-life.ts';
import { logprobCases } from './cases/logprobs.ts';
import { reachingCases } from './cases/reaching.ts';
import { samplingCases } from './cases/sampling.ts';
import { tokenCases } from './cases/token-ids.ts';
import { trainingCases } from './cases/training.ts';
import { writingCases } from './cases/writing.ts';

/** Training comes first: where a model can be trained, it is the one that is asked from then on. */
export const contractCases: readonly ContractCase[] = [
  ...reachingCases,
  ...fileCases,
  ...trainingCases,
  ...jobCreationCases,
  ...writingCases,
  ...samplingCases,
  ...logprobCases,
  ...echoCases,
  ...tokenCases,
  ...jobLifeCases,
  ...inputCases,
  ...errorCases,
];
