/** What has to hold after a run, whatever was broken: from the event log and the teacher's meter. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Report } from '../../contracts/report.ts';
import { queryLedger, violations as ledgerViolations } from '../ledger/ledger-file.ts';
import { kindOf } from './faults.ts';
import { moneyViolations } from './money.ts';
import { readMeter } from './meter.ts';
import type { Site } from './site.ts';
import type { Struck } from './strike.ts';

export interface Finding {
  readonly forfeited: number;
  /** Of these, how many go beyond what was in flight at the signals: taken and reset by an endpoint on its way out. */
  readonly afterSignal: number;
  readonly recovered: number;
  readonly billed: number;
  readonly seconds: readonly { readonly strike: Struck['strike']; readonly recovery: number }[];
  readonly violations: readonly string[];
}

/**
 * Calls whose answers the strikes may have lost. `departures`: when calls left. To those in flight at the signal that
 * kills an endpoint come those that it still took before it was gone.
 */
export function mayLose(
  { plan, small }: Pick<Site, 'plan' | 'small'>,
  struck: readonly Struck[],
  departures: readonly number[],
): number {
  if (plan.idempotent) return 0;
  const inFlight = plan.concurrency * plan.workers;
  return struck.reduce((sum, { strike, at, goneAt }) => {
    const { loses: usually, full } = kindOf(strike.fault);
    // Without a file system of its own, whatever a worker writes is limited: the ledger too.
    const loses = full !== undefined && small === undefined ? 'in-flight' : usually;
    if (loses === 'none') return sum;
    if (loses === 'struck') return sum + strike.count;
    return (
      sum + inFlight + (goneAt === undefined ? 0 : departures.filter((left) => left >= at && left <= goneAt).length)
    );
  }, 0);
}

export function inspect(
  site: Site,
  runs: readonly string[],
  struck: readonly Struck[],
  quiet: string | undefined,
): Finding {
  const { plan, ledgerPath } = site;
  const found = ledgerViolations(ledgerPath).slice(0, 5);
  const entries = readMeter(site.meterPath);
  found.push(...moneyViolations(ledgerPath, entries, plan.idempotent));

  const count = (state: string): number =>
    queryLedger(ledgerPath, `select count(*) as n from calls where state = '${state}'`).map(({ n }) => Number(n))[0] ??
    0;
  const [forfeited, recovered, open] = [count('forfeited'), count('recovered'), count('intent')];
  if (open > 0) found.push(`${open} intents are still open`);
  const departures = queryLedger(
    ledgerPath,
    "select at from events where transition in ('intend', 'reissue', 'send-again') order by counter",
  ).map(({ at }) => Number(at));
  const bound = mayLose(site, struck, departures);
  if (forfeited > bound) found.push(`${forfeited} calls forfeited where at most ${bound} were in flight at the faults`);

  const atTheSignals = mayLose(
    site,
    struck.map((strike) => ({ ...strike, goneAt: undefined })),
    departures,
  );
  const afterSignal = Math.max(0, Math.min(forfeited, bound) - atTheSignals);

  const kinds = struck.map(({ strike }) => kindOf(strike.fault));
  const lowered = kinds.some(({ lowersLimit }) => lowersLimit === true);
  const changed = kinds.some(({ changesAnswers }) => changesAnswers === true);
  for (const run of runs) {
    const { violations, unfilled } = slotViolations(site, run, lowered);
    found.push(...violations);
    if (quiet === undefined || changed || unfilled > 0) continue;
    const bytes = trainingHash(site, run);
    if (bytes !== quiet) found.push(`the training set of ${run} is not that of the undisturbed run`);
  }
  const ends = queryLedger(
    ledgerPath,
    `select at from events where transition in ('settle', 'recover', 'reuse') or transition like 'run-%' order by counter`,
  ).map(({ at }) => Number(at));
  // From the fault to the first answer that was stored after it was fixed.
  const seconds = struck.map(({ strike, at, mendedAt }) => {
    const next = ends.find((end) => end > mendedAt) ?? mendedAt;
    return { strike, recovery: (next - at) / 1000 };
  });
  const billed = entries.filter(({ kind }) => kind === 'bill').length;
  return { forfeited, afterSignal, recovered, billed, seconds, violations: found };
}

export function trainingHash(site: Site, run: string): string {
  const path = join(site.home, 'runs', run, 'train.jsonl');
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'no training set';
}

/** No slot lost or doubled; empty only where a call was lost and none was left for it. */
function slotViolations(site: Site, run: string, lowered: boolean): { violations: string[]; unfilled: number } {
  const path = join(site.home, 'runs', run, 'report.json');
  if (!existsSync(path)) return { violations: [`${run} has no report`], unfilled: 0 };
  const report = Report.parse(JSON.parse(readFileSync(path, 'utf8')));
  const violations: string[] = [];
  if (report.status !== 'completed') violations.push(`${run} ended as ${report.status}`);
  const slots = report.stages.reduce((sum, { counts }) => sum + counts.slots, 0);
  if (slots !== site.plan.slots) violations.push(`${run} has ${slots} slots instead of ${site.plan.slots}`);
  const reasons: Record<string, number> = {};
  for (const { stage, counts, outcomes } of report.stages) {
    if (counts.real + counts.synthetic + counts.duplicated + counts.unfilled !== counts.slots)
      violations.push(`${run} stage ${stage}: ${JSON.stringify(counts)} do not add up`);
    for (const { unfilled } of outcomes)
      for (const [reason, n] of Object.entries(unfilled)) reasons[reason] = (reasons[reason] ?? 0) + n;
  }
  const unfilled = Object.values(reasons).reduce((a, b) => a + b, 0);
  const rows = queryLedger(
    site.ledgerPath,
    `select call_limit - charged as left_over, forfeited + recovered as lost from runs where name = '${run}'`,
  )[0];
  const lost = Number(rows?.['lost'] ?? 0);
  // A call that is resent may take the call of a slot after it: that one says `calls`.
  if (unfilled > lost && !lowered)
    violations.push(`${run} has ${JSON.stringify(reasons)} empty slots for ${lost} lost calls`);
  const training = join(site.home, 'runs', run, 'train.jsonl');
  const lines = existsSync(training) ? readFileSync(training, 'utf8').split('\n').length - 1 : 0;
  if (lines !== slots - unfilled) violations.push(`${run} has ${lines} training rows for ${slots - unfilled} slots`);
  return { violations, unfilled };
}
