/** Estimates the prompt tokens of a plan per stage and domain, before the rows of later stages are known. */
import type { PlannedCall } from '../../contracts/records.ts';
import type { Switches } from '../../domain/methods.ts';
import type { PlannedQuota, PlannedStage } from '../../domain/quotas/expected-stages.ts';
import { exactly, nothing, sumOf } from '../../domain/statistics/range.ts';
import type { Range } from '../../domain/statistics/range.ts';
import { amountsOf } from '../../domain/statistics/some-of.ts';
import type { Amounts } from '../../domain/statistics/some-of.ts';
import type { PromptLength } from './pool-lengths.ts';

/** Expected prompt tokens of some calls, as the tokenizer counts them. `paid`: calls without an answer in the ledger. */
export interface CallLoad {
  readonly calls: number;
  readonly paid: Range;
  readonly counted: Range;
}

/** A call with a certain prompt. */
export interface CertainLength {
  readonly kind: PlannedCall['kind'];
  readonly domain: string;
  readonly counted: number;
  readonly paid: boolean;
}

export interface PlannedLoad {
  readonly domain: string;
  readonly annotate: CallLoad;
  readonly synthesize: CallLoad;
}

export const noLoad: CallLoad = { calls: 0, paid: nothing, counted: nothing };

export function sumLoads(loads: readonly CallLoad[]): CallLoad {
  return {
    calls: loads.reduce((sum, { calls }) => sum + calls, 0),
    paid: sumOf(loads.map(({ paid }) => paid)),
    counted: sumOf(loads.map(({ counted }) => counted)),
  };
}

/** Per row of a domain: the tokens of its prompt, and whether it is paid; both 0 if another run has paid for it. */
interface Lengths {
  readonly counted: Amounts;
  readonly paid: Amounts;
}

export interface Prompts {
  /** The first round of stage 0; null if its rows were not selected. Then stage 0 is estimated like later stages. */
  readonly first: readonly CertainLength[] | null;
  /** The first synthesis prompts of each domain, in order. */
  readonly syntheses: ReadonlyMap<string, readonly CertainLength[]>;
  readonly rows: readonly PromptLength[];
  /** Whether another run has paid for the answer to this call key. */
  readonly isFree: (key: string) => boolean;
}

/** Margin for syntheses that are not certain: their prompts may show other rows. */
const otherPrompts = { low: 0.8, likely: 1, high: 1.25 };

/** The loads of each stage per domain; one entry for the whole pool if the method has no quotas. */
export function plannedLoads(
  stages: readonly PlannedStage[],
  switches: Pick<Switches, 'select' | 'rationale' | 'tail' | 'balance'>,
  prompts: Prompts,
): PlannedLoad[][] {
  const lengths = new Map(
    [...Map.groupBy(prompts.rows, ({ domain }) => domain)].map(([domain, rows]) => [domain, lengthsOf(rows, prompts)]),
  );
  const all = lengthsOf(prompts.rows, prompts);
  const synthetic = new Map<string, number>();
  return stages.map(({ stage, slots, quotas }) => {
    const how = stage === 0 || switches.select === 'random' ? 'drawn' : 'chosen';
    if (stage === 0 && prompts.first !== null) {
      const byDomain = [...Map.groupBy(prompts.first, ({ domain }) => domain)];
      for (const [domain, calls] of byDomain)
        synthetic.set(domain, calls.filter(({ kind }) => kind === 'synthesize').length);
      return byDomain.map(([domain, calls]) => ({ domain, ...loadsOf(calls) }));
    }
    const planned: readonly PlannedQuota[] = quotas ?? [{ domain: '', quota: slots, real: slots, missing: 0 }];
    return planned.map(({ domain, real, missing }): PlannedLoad => {
      const of = quotas === null ? all : (lengths.get(domain) ?? lengthsOf([], prompts));
      const annotate: CallLoad =
        switches.rationale === 'none'
          ? noLoad
          : { calls: real, paid: of.paid.some(real, how), counted: of.counted.some(real, how) };
      const before = synthetic.get(domain) ?? 0;
      synthetic.set(domain, before + missing);
      const synthesize =
        switches.tail === 'none' || quotas === null ? noLoad : synthesisLoad(prompts, domain, before, missing);
      return { domain, annotate, synthesize };
    });
  });
}

function lengthsOf(rows: readonly PromptLength[], { isFree }: Prompts): Lengths {
  const free = rows.map(({ key }) => key !== null && isFree(key));
  return {
    counted: amountsOf(rows.map(({ tokens }, index) => (free[index] ? 0 : tokens))),
    paid: amountsOf(free.map((known) => (known ? 0 : 1))),
  };
}

function loadsOf(calls: readonly CertainLength[]): Pick<PlannedLoad, 'annotate' | 'synthesize'> {
  const of = (kind: PlannedCall['kind']): CallLoad => {
    const own = calls.filter((call) => call.kind === kind);
    const paid = own.filter((call) => call.paid);
    const counted = paid.reduce((sum, call) => sum + call.counted, 0);
    return { calls: own.length, paid: exactly(paid.length), counted: exactly(counted) };
  };
  return { annotate: of('annotate'), synthesize: of('synthesize') };
}

function synthesisLoad({ syntheses, first }: Prompts, domain: string, before: number, missing: number): CallLoad {
  if (missing === 0) return noLoad;
  const known = syntheses.get(domain) ?? [];
  const some = known.slice(before, before + missing);
  const sample = some.length > 0 ? some : known;
  const share = sample.length === 0 ? 0 : missing / sample.length;
  const paid = sample.filter((call) => call.paid);
  const counted = paid.reduce((sum, call) => sum + call.counted, 0) * share;
  const margin =
    first !== null && before === 0 && some.length === missing ? { low: 1, likely: 1, high: 1 } : otherPrompts;
  return {
    calls: missing,
    paid: { low: paid.length * share, likely: paid.length * share, high: missing },
    counted: { low: counted * margin.low, likely: counted, high: counted * margin.high },
  };
}
