/** An estimate looks up answers only if a run of the same model can have paid for one; the result is the same. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createPrepare } from '../../activities/data/prepare.ts';
import { estimateRun } from '../../estimate/estimate-run.ts';
import type { Ledger } from '../../activities/ports/ledger.ts';
import { openingOf } from '../../activities/run-opening.ts';
import { createImporter } from '../../adapters/datasets/importer.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { planningWorld } from '../../cli/estimate/estimate-run.ts';
import type { RunEstimate } from '../../contracts/run-estimate.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { wordnetSpec } from '../engine/rig.ts';

const teacher = "{ baseUrl: 'http://127.0.0.1:9/v1', model: m }";

async function openHome(): Promise<{ readonly home: string; readonly ledger: Ledger }> {
  const home = mkdtempSync(join(tmpdir(), 'baldistill-estimate-'));
  const ledger = await openLedger({ path: join(home, 'ledger.sqlite') });
  onTestFinished(async () => {
    await ledger.close();
    rmSync(home, { recursive: true });
  });
  return { home, ledger };
}

/** The estimate, and how many prompts were looked up in the ledger. */
async function estimated(home: string, ledger: Ledger, spec: RunSpec): Promise<{ of: RunEstimate; lookups: number }> {
  let lookups = 0;
  const world = planningWorld(home, {
    ...ledger,
    knownAnswers: async (query) => {
      lookups += query.contentKeys.length;
      return await ledger.knownAnswers(query);
    },
  });
  const prepared = await createPrepare({ artifacts: world.artifacts, importer: createImporter() })(spec);
  return { of: await estimateRun(world, spec, prepared), lookups };
}

/** Another run of the model, with one call charged. */
async function charge(ledger: Ledger, spec: RunSpec): Promise<void> {
  await ledger.openRun(openingOf(spec));
  const { accepted } = await ledger.adopt({ run: spec.name, charged: { calls: 1, tokens: 0, microUsd: 0 } });
  expect(accepted).toBe(true);
}

/** The planned calls, without tokens and money. */
const calls = ({ stages, teacher: { calls: all, callLimit, answered, bought } }: RunEstimate) => ({
  all,
  callLimit,
  answered,
  bought,
  stages: stages.map(({ annotate, synthesize, verify }) => ({ annotate, synthesize, verify })),
  domains: stages.map(({ domains }) =>
    domains
      ?.map(({ domain, real, synthetic }) => ({ domain, real, synthetic }))
      .toSorted((a, b) => (a.domain < b.domain ? -1 : 1)),
  ),
});

test.each(['{ balance: naive }', '{ balance: none }'])(
  '%s: nothing is looked up if no run was charged',
  async (switches) => {
    const { home, ledger } = await openHome();
    const spec = wordnetSpec('planned', { seed: 5 }, { teacher, switches, budget: '{ slots: 240, calls: 270 }' });
    await charge(ledger, wordnetSpec('elsewhere', {}, { teacher: teacher.replace('model: m', 'model: other') }));
    const unpaid = await estimated(home, ledger, spec);
    expect(unpaid.lookups).toBe(0);

    await charge(ledger, { ...spec, name: 'same-model' });
    const paid = await estimated(home, ledger, spec);
    expect(paid.lookups).toBeGreaterThan(240);

    expect(calls(unpaid.of)).toEqual(calls(paid.of));
    // The rows of stage 0 are known only after a lookup; the exact figures lie within the estimated ranges.
    const [wide, narrow] = [unpaid.of.stages[0]?.inputTokens, paid.of.stages[0]?.inputTokens];
    expect(wide?.low).toBeLessThanOrEqual(narrow?.low ?? 0);
    expect(wide?.high).toBeGreaterThanOrEqual(narrow?.high ?? Infinity);
  },
);
