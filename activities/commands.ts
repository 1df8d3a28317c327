/** Applies signed commands of the owner. They are verified here, because workflows hold no key. */
import { changedTerms, termsOf } from '../contracts/flow/flow-terms.ts';
import type { BudgetCopy } from '../contracts/progress.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import type {
  Brought,
  SignedBudget,
  SignedFlow,
  SignedResume,
  SignedTerms,
} from '../contracts/signed/signed-command.ts';
import { microUsdOf } from '../domain/budget/cost.ts';
import { openInLedger, requirePrices } from './connect.ts';
import type { Owner } from './ports/owner.ts';
import type { World } from './ports/world.ts';

/** Sets new limits of a run. Throws `NotOurs`, and `InvalidInput` for a limit in money if a price is unknown. */
export async function setLimits(
  world: World,
  spec: RunSpec,
  { content, issuedAt, signature }: SignedBudget,
): Promise<{ accepted: boolean; budget: BudgetCopy }> {
  world.owner.verify({ kind: 'command', run: spec.name, action: 'budget', content, issuedAt }, signature);
  const { calls, tokens, usd } = content;
  if (usd !== undefined) requirePrices(spec);
  // A run that was blocked in `connect` may not be in the ledger yet.
  await openInLedger(world, spec);
  return await world.ledger.setLimits({
    run: spec.name,
    limits: { calls, tokens, microUsd: usd === undefined ? undefined : microUsdOf(usd) },
  });
}

/** Applies a flow command and signs the new terms for the following stages and workers. Throws `NotOurs`. */
export function setTerms(
  { owner }: World,
  spec: RunSpec,
  { content, issuedAt, signature }: SignedFlow,
  before: SignedTerms | null,
): SignedTerms {
  owner.verify({ kind: 'command', run: spec.name, action: 'flow', content, issuedAt }, signature);
  if (before !== null) verifyTerms(owner, spec, before);
  const terms = changedTerms(before?.terms ?? termsOf(spec), content);
  return { terms, issuedAt, signature: owner.sign({ kind: 'terms', run: spec.name, terms, issuedAt }) };
}

/** Throws `NotOurs`. */
export function verifyTerms(owner: Owner, { name }: RunSpec, { terms, issuedAt, signature }: SignedTerms): void {
  owner.verify({ kind: 'terms', run: name, terms, issuedAt }, signature);
}

/** Verifies a resume command. The student's address is signed separately, because it is passed on with the student. */
export function acceptResume(
  { owner }: World,
  { name }: RunSpec,
  { content, issuedAt, signature }: SignedResume,
): Brought {
  owner.verify({ kind: 'command', run: name, action: 'resume', content, issuedAt }, signature);
  const { studentModel, studentUrl: url, ledger } = content;
  return {
    studentModel,
    ledger,
    student: url === undefined ? undefined : { url, signature: owner.sign({ kind: 'student', run: name, url }) },
  };
}
