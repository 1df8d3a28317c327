/**
 * Quotas of every domain in every stage, with carried credit. Exact: all of it is
 * whole numbers over one common denominator.
 */
import { seededHash } from '../random.ts';
import { stageSlots } from './stage-slots.ts';

export interface QuotaPolicy {
  readonly balance: 'adaptive' | 'naive' | 'natural';
  readonly schedule: 'paper' | 'full';
  /** Rows of each domain in the training pool before the first stage (`n_d`). */
  readonly counts: Readonly<Record<string, number>>;
  /** B, the slots of the whole run. */
  readonly slots: number;
  /** K. */
  readonly stages: number;
  readonly seed: number;
}

export type StageQuotas = ReadonlyMap<string, number>;

interface Account {
  readonly domain: string;
  readonly count: bigint;
  readonly tie: number;
  credit: bigint;
}

/**
 * One map a stage, domains in the order of their names. Every stage hands out exactly its slots. Throws `RangeError`
 * for no domain, no rows, or the `full` schedule with a single stage.
 */
export function stageQuotas(policy: QuotaPolicy): StageQuotas[] {
  return book(policy, policy.stages).quotas;
}

/** What each domain is still owed: exact, in parts of `unit`, which is one slot. */
export interface StageCredits {
  readonly credits: ReadonlyMap<string, bigint>;
  readonly unit: bigint;
}

/** Credits once stage `stage` has handed out its slots. Throws like `stageQuotas`. */
export function creditsAfter(policy: QuotaPolicy, stage: number): StageCredits {
  const { accounts, unit } = book(policy, stage + 1);
  return { credits: new Map(accounts.map(({ domain, credit }) => [domain, credit])), unit };
}

interface Book {
  readonly quotas: StageQuotas[];
  readonly accounts: readonly Account[];
  readonly unit: bigint;
}

/** The first `stages` stages of a run, accounted for one after the other. */
function book(policy: QuotaPolicy, stages: number): Book {
  const accounts = openAccounts(policy);
  const rows = accounts.reduce((sum, account) => sum + account.count, 0n);
  const domains = BigInt(accounts.length);
  if (rows === 0n) throw new RangeError('Quotas need a pool with at least one row.');

  const first = weights(policy, 0);
  const unit = rows * domains * (first.natural + first.balanced);
  const quotas = Array.from({ length: stages }, (_, stage) => {
    const { natural, balanced } = weights(policy, stage);
    const slots = BigInt(stageSlots(policy.slots, policy.stages, stage));
    for (const account of accounts) {
      account.credit += slots * (account.count * domains * natural + rows * balanced);
    }
    return handOut(accounts, slots, unit);
  });
  return { quotas, accounts, unit };
}

function openAccounts(policy: QuotaPolicy): Account[] {
  const named = Object.entries(policy.counts).sort(([a], [b]) => (a < b ? -1 : 1));
  return named.map(([domain, count]) => ({
    domain,
    count: BigInt(count),
    tie: seededHash(policy.seed, 'quota', domain),
    credit: 0n,
  }));
}

/** Shares of the natural and the balanced distribution, as whole numbers whose sum is the same in every stage. */
function weights({ balance, schedule, stages }: QuotaPolicy, stage: number): { natural: bigint; balanced: bigint } {
  if (balance === 'natural') return { natural: 1n, balanced: 0n };
  if (balance === 'naive') return { natural: 0n, balanced: 1n };
  if (schedule === 'full' && stages < 2) throw new RangeError('The full schedule needs at least two stages.');
  const whole = schedule === 'full' ? stages - 1 : stages;
  return { natural: BigInt(whole - stage), balanced: BigInt(stage) };
}

/**
 * Gives the slots one by one to the largest credit, minus one unit each. The same result without the loop over slots:
 * the slots taken are the largest of all values `credit - k` units, so whole levels are taken at once, and only the
 * level that does not fit whole is ranked.
 */
function handOut(accounts: readonly Account[], slots: bigint, unit: bigint): StageQuotas {
  let level = 1n;
  const taken = (account: Account): bigint => atLeastZero(floorDivide(account.credit, unit) - level + 1n);
  const total = (): bigint => accounts.reduce((sum, account) => sum + taken(account), 0n);
  while (total() > slots) level += 1n;

  const quotas = new Map<string, number>();
  let rest = slots;
  for (const account of accounts) {
    const given = taken(account);
    quotas.set(account.domain, Number(given));
    rest -= given;
    account.credit -= given * unit;
  }
  for (const account of accounts.toSorted(byCredit).slice(0, Number(rest))) {
    quotas.set(account.domain, (quotas.get(account.domain) ?? 0) + 1);
    account.credit -= unit;
  }
  return quotas;
}

function byCredit(a: Account, b: Account): number {
  if (a.credit !== b.credit) return a.credit > b.credit ? -1 : 1;
  return a.tie - b.tie || (a.domain < b.domain ? -1 : 1);
}

function atLeastZero(value: bigint): bigint {
  return value > 0n ? value : 0n;
}

/** BigInt division rounds towards zero; credits may be negative. */
function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}
