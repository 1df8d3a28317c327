/** What a comparison would cost from here on: what is completed or paid for costs nothing any more. */
import { recordsOf } from '../../activities/comparison/records.ts';
import { estimateComparison } from '../../estimate/estimate-comparison.ts';
import type { ComparisonEstimate } from '../../estimate/estimate-comparison.ts';
import type { Ledger } from '../../activities/ports/ledger.ts';
import type { PlannedRun } from '../../contracts/comparison/comparison-grid.ts';
import type { ComparisonSource } from '../compare/comparison-source.ts';
import { withLedger } from '../runs/stored-runs.ts';
import { planningWorld } from './estimate-run.ts';

export interface PricedComparison {
  readonly estimate: ComparisonEstimate;
  /** Cells that the ledger has completed, and cells over counts in place of data, whose tokens are unknown. */
  readonly completed: number;
  readonly unknown: number;
}

/** `of`: which of the cells to look at; the others are left out of all figures. */
export async function priceComparison(
  home: string,
  { runs, dataSets }: Pick<ComparisonSource, 'runs' | 'dataSets'>,
  of: (run: PlannedRun) => boolean = () => true,
): Promise<PricedComparison> {
  const prepared = new Map(dataSets.map((data) => [data.name, data.prepared]));
  const price = async (ledger: Ledger | null): Promise<PricedComparison> => {
    const some = runs.filter(of);
    const names = some.map(({ spec }) => spec.name);
    const records = ledger === null ? null : await recordsOf(ledger, names);
    const left = some.filter(({ spec }) => records?.get(spec.name)?.status !== 'completed');
    const here = left.flatMap(({ spec, data }) => {
      const known = prepared.get(data) ?? null;
      return known === null ? [] : [{ spec, prepared: known }];
    });
    const estimate = await estimateComparison(planningWorld(home, ledger), here);
    return { estimate, completed: some.length - left.length, unknown: left.length - here.length };
  };
  return (await withLedger(home, price)) ?? (await price(null));
}
