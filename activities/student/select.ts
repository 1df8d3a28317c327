/** Select: chooses the real rows of a stage. */
import type { Balanced, SelectedRows, SelectInput } from '../../contracts/activity-messages.ts';
import { QuotaLine } from '../../contracts/records.ts';
import type { Row, Selected } from '../../contracts/records.ts';
import type { StageInput } from '../../contracts/stage.ts';
import { rankedPerSlot, rankedRows } from '../../domain/selection/candidates.ts';
import { drawRandom, takeDistinct, takeHighest } from '../../domain/selection/selection.ts';
import type { SeedPart } from '../../domain/random.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { World } from '../ports/world.ts';
import { chosenIds, poolByDomain, taskOf } from '../data/pool.ts';
import { scoreRows } from './score-rows.ts';
import type { ScoredRow } from './score-rows.ts';

interface Identity {
  readonly id: string;
  readonly domain: string;
}

/** Rows that are ranked together, and how many of them are wanted: a domain, or without quotas the whole pool. */
interface Group {
  readonly rows: readonly Identity[];
  readonly quota: number;
  /** Part of the seed of its draws. */
  readonly name: readonly SeedPart[];
}

const unscored = ({ id, domain }: Identity): Selected => ({ id, domain, score: null });

/**
 * From a group with more rows than its quota: a seeded draw in stage 0 and with `select: random`, else the rows that are
 * most difficult for the previous stage's student. From any other group: all remaining rows. Groups are in quota order,
 * rows best first. See docs/method.md#select.
 */
export async function select(
  world: Pick<World, 'artifacts' | 'student'>,
  { input, balanced }: SelectInput,
  signal: AbortSignal,
): Promise<SelectedRows> {
  const { chosen, scores } = await chooseRows(world, { input, balanced }, signal);
  const scored = [...(scores?.values() ?? [])];
  return {
    selection: await world.artifacts.writeLines(chosen),
    candidates: scored.length,
    cut: scored.filter(({ truncated }) => truncated).length,
  };
}

/** The rows that `select` writes, without writing them. `scores` is null if rows are drawn. */
export async function chooseRows(
  world: Pick<World, 'artifacts' | 'student'>,
  { input, balanced }: SelectInput,
  signal: AbortSignal,
): Promise<{ readonly chosen: readonly Selected[]; readonly scores: ReadonlyMap<string, ScoredRow> | null }> {
  const { spec, stage } = input;
  const groups = await groupsOf(world.artifacts, input, balanced);
  const scores = await scoreGroups(world, input, groups, signal);
  const chosenOutputs = new Set<string>();
  const chosen = groups.flatMap(({ rows, quota, name }): Selected[] => {
    if (quota > rows.length) return rows.map(unscored);
    if (scores === null) return drawRandom(rows, quota, spec.seed, 'select', stage, ...name).map(unscored);
    const scored = rows.flatMap(({ id }) => scores.get(id) ?? []);
    const seed = [spec.seed, 'select', stage] as const;
    const taken =
      spec.switches.diversity === 'distinct-output'
        ? takeDistinct(scored, quota, chosenOutputs, ...seed)
        : takeHighest(scored, quota, ...seed);
    return taken.map(({ id, domain, score }) => ({ id, domain, score }));
  });
  return { chosen, scores };
}

async function groupsOf(artifacts: Artifacts, input: StageInput, balanced: Balanced): Promise<Group[]> {
  const { spec, prepared, history } = input;
  const chosen = await chosenIds(artifacts, history);
  const left = await poolByDomain(artifacts, prepared, ({ id, domain }): Identity | undefined =>
    chosen.has(id) ? undefined : { id, domain },
  );
  if (spec.switches.balance === 'none') return [{ rows: [...left.values()].flat(), quota: balanced.slots, name: [] }];
  const groups: Group[] = [];
  for await (const { domain, quota } of artifacts.readLines(balanced.quotas, QuotaLine))
    groups.push({ rows: left.get(domain) ?? [], quota, name: [domain] });
  return groups;
}

/** Scores the candidates, by id; null if rows are drawn, not ranked. */
async function scoreGroups(
  world: Pick<World, 'artifacts' | 'student'>,
  input: StageInput,
  groups: readonly Group[],
  signal: AbortSignal,
): Promise<Map<string, ScoredRow> | null> {
  const { spec, prepared, history, stage, connected } = input;
  const student = history.findLast((earlier) => earlier.student !== null)?.student ?? null;
  if (spec.switches.select === 'random' || student === null) return null;
  const total = groups.reduce((sum, { rows }) => sum + rows.length, 0);
  const perSlot = rankedPerSlot(spec.switches.candidates, total);
  const wanted = new Set(groups.flatMap((group) => candidateIds(group, perSlot, [spec.seed, stage])));
  const candidates = await poolByDomain(world.artifacts, prepared, (row): Row | undefined =>
    wanted.has(row.id) ? row : undefined,
  );
  const task = await taskOf(world.artifacts, input);
  const scored = await scoreRows(world, { spec, connected, student, task }, [...candidates.values()].flat(), signal);
  return new Map(scored.map((row) => [row.id, row]));
}

function candidateIds({ rows, quota, name }: Group, perSlot: number | null, seed: readonly SeedPart[]): string[] {
  const ranked = rankedRows(rows.length, quota, perSlot);
  const sample = ranked === rows.length ? rows : drawRandom(rows, ranked, ...seed, 'candidates', ...name);
  return sample.map(({ id }) => id);
}
