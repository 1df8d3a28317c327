import { costDifference } from '../../../domain/budget/cost.ts';
import { chargesOfSlot, insertCharge } from '../calls.ts';
import type { Operation } from '../protocol.ts';
import { identity } from './identity.ts';

/** Stage of the entries for charges that this ledger does not have. */
const adoptedStage = -1;

export const adopt: Operation<'adopt'> = async (transaction, { run, charged }) => {
  const account = await transaction.account(run);
  const before = account.state;
  const refusal = account.apply({ type: 'adopt', ...charged }, 'adopt', null);
  const missing = account.state.charged - before.charged;
  const { tokens, microUsd } = costDifference(account.state, before);
  if (missing > 0 || tokens > 0 || microUsd > 0) {
    const slot = { run, stage: adoptedStage, round: 0, slot: 0 };
    const earlier = await transaction.run(chargesOfSlot, slot);
    await transaction.run(insertCharge, {
      ...slot,
      attempt: earlier.length,
      call_id: null,
      domain: '(adopted)',
      kind: 'adopted',
      role: 'payer',
      state: 'forfeited',
      reason: 'adopted',
      final: 0,
      from_plan: 0,
      charged: missing,
      tokens,
      micro_usd: microUsd,
      worst_tokens: tokens,
      worst_micro_usd: microUsd,
    });
  }
  const { budget } = account;
  return { accepted: refusal === undefined, budget, ledger: await identity(transaction, undefined) };
};
