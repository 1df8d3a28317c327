/** Balance: the quotas of one stage. */
import type { Balanced } from '../../contracts/activity-messages.ts';
import type { QuotaLine } from '../../contracts/records.ts';
import type { StageInput } from '../../contracts/stage.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { headOrTail } from '../../domain/quotas/head-tail.ts';
import { stageQuotas } from '../../domain/quotas/quotas.ts';
import type { QuotaPolicy } from '../../domain/quotas/quotas.ts';
import { stageSlots } from '../../domain/quotas/stage-slots.ts';
import { chosenIds, domainTable, poolByDomain } from '../data/pool.ts';
import type { Artifacts } from '../ports/artifacts.ts';

/** Derives the quotas from the first stage on, so that credits carry over without being stored. */
export async function balance(artifacts: Artifacts, input: StageInput): Promise<Balanced> {
  const { spec, prepared, history, stage } = input;
  const slots = stageSlots(spec.budget.slots, spec.stages, stage);
  const policy = await quotaPolicy(artifacts, input);
  if (policy === null) {
    if (spec.budget.slots > prepared.pool.rows) {
      throw new BaldistillError(
        'InvalidInput',
        `budget.slots is ${spec.budget.slots}, but the pool has ${prepared.pool.rows} rows, and ${spec.method} synthesizes none. Set budget.slots to at most ${prepared.pool.rows}.`,
      );
    }
    return { quotas: await artifacts.writeLines([]), slots, heads: 0, tails: 0 };
  }
  const quotas = stageQuotas(policy)[stage];
  if (quotas === undefined) throw new RangeError(`A run of ${spec.stages} stages has no stage ${stage}.`);
  const chosen = await chosenIds(artifacts, history);
  const left = await poolByDomain(artifacts, prepared, ({ id }): true | undefined =>
    chosen.has(id) ? undefined : true,
  );
  const lines: QuotaLine[] = [...quotas].map(([domain, quota]) => {
    const available = left.get(domain)?.length ?? 0;
    return { domain, quota, available, kind: headOrTail(quota, available) };
  });
  const heads = lines.filter(({ kind }) => kind === 'head').length;
  return { quotas: await artifacts.writeLines(lines), slots, heads, tails: lines.length - heads };
}

/** The parameters of the run's quotas; null if its method has none. */
export async function quotaPolicy(
  artifacts: Artifacts,
  { spec, prepared }: Pick<StageInput, 'spec' | 'prepared'>,
): Promise<QuotaPolicy | null> {
  const { balance: kind, schedule } = spec.switches;
  if (kind === 'none') return null;
  const { pool: counts } = await domainTable(artifacts, prepared);
  return { balance: kind, schedule, counts, slots: spec.budget.slots, stages: spec.stages, seed: spec.seed };
}
