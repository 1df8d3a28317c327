/** Commands of the owner: verified here, since workflows hold no key. */
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

/** New limits of a run. Throws `NotOurs`, and `InvalidInput` for a limit in money where a price is not known. */
export async function setLimits(
  world: World,
  spec: RunSpec,
  { content, issuedAt, signature }: SignedBudget,
): Promise<{ accepted: boolean; budget: BudgetCopy }> {
  world.owner.verify({ kind: 'command', run: spec.name, action: 'budget', content, issuedAt }, signature);
  const { calls, tokens, usd } = content;
  if (usd !== undefined) requirePrices(spec);
  // A run that is blocked before it could open its ledger has a budget all the same.
  await openInLedger(world, spec);
  return await world.ledger.setLimits({
    run: spec.name,
    limits: { calls, tokens, microUsd: usd === undefined ? undefined : microUsdOf(usd) },
  });
}

/** The terms after a command, signed for the stages and workers that follow. Throws `NotOurs`. */
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

/** What a resume may change. The address of a student is signed again on its own, since it travels with the student. */
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
