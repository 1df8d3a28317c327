/** Select: which real rows a stage takes (METHOD.md, "One stage", step 2). */
import type { SelectedRows, SelectInput } from '../contracts/activity-messages.ts';
import { QuotaLine } from '../contracts/records.ts';
import type { Row, Selected } from '../contracts/records.ts';
import type { StageInput } from '../contracts/stage.ts';
import { drawRandom, takeHighest } from '../domain/selection.ts';
import { chosenIds, poolByDomain, taskOf } from './pool.ts';
import type { World } from './ports/world.ts';
import { scoreRows } from './score-rows.ts';
import type { ScoredRow } from './score-rows.ts';

interface Identity {
  readonly id: string;
  readonly domain: string;
}

const unscored = ({ id, domain }: Identity): Selected => ({ id, domain, score: null });

/**
 * Head domains: a seeded draw in stage 0 and with `select: random`, else the rows the previous stage's student finds
 * hardest. Tail domains: all rows left. The selection lists domains in quota order, rows best first.
 */
export async function select(
  world: World,
  { input, balanced }: SelectInput,
  signal: AbortSignal,
): Promise<SelectedRows> {
  const { artifacts } = world;
  const { spec, prepared, history, stage } = input;
  const chosen = await chosenIds(artifacts, history);
  const left = await poolByDomain(artifacts, prepared, ({ id, domain }): Identity | undefined =>
    chosen.has(id) ? undefined : { id, domain },
  );

  if (spec.switches.balance === 'none') {
    const drawn = drawRandom([...left.values()].flat(), balanced.slots, spec.seed, 'select', stage).map(unscored);
    return { selection: await artifacts.writeLines(drawn), candidates: 0, cut: 0 };
  }

  const quotas: QuotaLine[] = [];
  for await (const line of artifacts.readLines(balanced.quotas, QuotaLine)) quotas.push(line);
  const scores = await scoreHeads(world, input, quotas, left, signal);
  const selection = quotas.flatMap(({ domain, quota, kind }): Selected[] => {
    const rows = left.get(domain) ?? [];
    if (kind === 'tail') return rows.map(unscored);
    if (scores === null) return drawRandom(rows, quota, spec.seed, 'select', stage, domain).map(unscored);
    return takeHighest(scores.get(domain) ?? [], quota, spec.seed, 'select', stage).map(({ id, score }) => ({
      id,
      domain,
      score,
    }));
  });
  const scored = scores === null ? [] : [...scores.values()].flat();
  return {
    selection: await artifacts.writeLines(selection),
    candidates: scored.length,
    cut: scored.filter(({ cut }) => cut).length,
  };
}

/** Scores the candidates of the head domains; null where rows are drawn, not ranked. */
async function scoreHeads(
  world: World,
  input: StageInput,
  quotas: readonly QuotaLine[],
  left: ReadonlyMap<string, readonly Identity[]>,
  signal: AbortSignal,
): Promise<Map<string, ScoredRow[]> | null> {
  const { spec, prepared, history, stage, connected } = input;
  const student = history.findLast((earlier) => earlier.student !== null)?.student ?? null;
  if (spec.switches.select !== 'ifd' || student === null) return null;
  const wanted = new Set(
    quotas.flatMap((line) => candidateIds(line, left, spec.switches.candidates, [spec.seed, stage])),
  );
  const candidates = await poolByDomain(world.artifacts, prepared, (row): Row | undefined =>
    wanted.has(row.id) ? row : undefined,
  );
  const task = await taskOf(world.artifacts, input);
  const scored = await scoreRows(world, { spec, connected, student, task }, [...candidates.values()].flat(), signal);
  return Map.groupBy(scored, ({ domain }) => domain);
}

/** Rows to score for a head domain that takes some: all of them, or a seeded sample of so many a slot. */
function candidateIds(
  line: QuotaLine,
  left: ReadonlyMap<string, readonly Identity[]>,
  limit: number | 'auto' | 'all',
  seed: readonly (string | number)[],
): string[] {
  if (line.kind === 'tail' || line.quota === 0) return [];
  const rows = left.get(line.domain) ?? [];
  const total = [...left.values()].reduce((sum, domain) => sum + domain.length, 0);
  const all = limit === 'all' || (limit === 'auto' && total <= 20_000);
  const sample = all
    ? rows
    : drawRandom(rows, line.quota * (limit === 'auto' ? 20 : limit), ...seed, 'candidates', line.domain);
  return sample.map(({ id }) => id);
}
