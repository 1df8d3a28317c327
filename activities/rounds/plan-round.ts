/**
 * Plans a round of teacher calls: the slots and the exact prompt of each. A pure function of seed, domain, slot, round
 * and the rows that earlier rounds and stages accepted. The plan is written before anything is sent.
 */
import type { PlanRoundInput, RoundPlan } from '../../contracts/activity-messages.ts';
import type { DomainProgress } from '../../contracts/progress.ts';
import { Ordinals, Selected } from '../../contracts/records.ts';
import type { PlannedCall, Row, UncalledSlot } from '../../contracts/records.ts';
import { listedName, mostListed, mostNamedChunks } from '../../contracts/payload-limits.ts';
import { synthesizes } from '../../domain/budget/needed-calls.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { drawRandom } from '../../domain/selection/selection.ts';
import { openAvoidList } from './avoid-list.ts';
import { withResponseFormat } from '../calls/call-request.ts';
import { poolByDomain, taskOf } from '../data/pool.ts';
import { planInBestForm } from './output-form.ts';
import type { World } from '../ports/world.ts';
import { affordable, announcePlan } from './round-budget.ts';
import { withChunks, writeChunks } from './chunks.ts';
import { firstShares, reallocatedShares, refillShares } from './round-shares.ts';
import type { Share } from './round-shares.ts';
import { isUnverified } from '../decisions/decide-slots.ts';
import { stageDecisions } from '../decisions/stage-decisions.ts';
import type { DecidedSlot } from '../decisions/stage-decisions.ts';

/** Real rows of the domain in each synthesis prompt. */
const shownRows = 3;

type Purpose = RoundPlan['purpose'];

/**
 * The first round fills the slots. Each later round does the first of these that applies: verify the rows synthesized in
 * the round before, refill dropped slots, reallocate slots that a domain cannot fill. A round without calls and rows ends
 * the stage's rounds. See docs/method.md#generate.
 */
export async function planRound(world: World, input: PlanRoundInput): Promise<RoundPlan> {
  const earlier = await withChunks(world.artifacts, input.earlier);
  const request = { ...input, earlier };
  if (earlier.length === 0) {
    let announced = false;
    const { planned, output } = await planInBestForm(world, request, async (form) => {
      const first = await planFirst(world, request, form);
      if (!announced) await announcePlan(world, request, first.calls);
      announced = true;
      return first;
    });
    return await writePlan(world, request, planned, output);
  }
  const { slots } = await stageDecisions(world, request.input, earlier);
  const { planned, output } = await planInBestForm(
    world,
    request,
    async (form) =>
      (await planVerification(world, request, slots, form)) ?? (await planFilling(world, request, slots, form)),
  );
  return await writePlan(world, request, planned, output);
}

/** Plans the first round, also for a preview before the run starts. */
export async function planFirst(
  world: Pick<World, 'artifacts'>,
  request: PlanRoundInput,
  output: Output,
): Promise<Planned> {
  const shares = await firstShares(world, request);
  return await planShares(world, request, { purpose: 'fill', shares, decided: [] }, output);
}

/** Plans a refill; after the last refill, one reallocation. */
async function planFilling(
  world: World,
  request: PlanRoundInput,
  slots: readonly DecidedSlot[],
  output: Output,
): Promise<Planned> {
  const { input, earlier } = request;
  const { refill, shortfall } = input.spec.switches;
  const roundsOf = (purpose: Purpose): number => earlier.filter((plan) => plan.purpose === purpose).length;
  const reallocated = roundsOf('reallocate') > 0;
  const refills = reallocated || roundsOf('fill') > refill ? [] : await refillShares(world, request, slots);
  const reallocates = refills.length === 0 && !reallocated && shortfall === 'reallocate';
  const shares = reallocates ? await reallocatedShares(world, request, slots) : refills;
  const wanted = shares.flatMap((share) => share.slots);
  const paid = await affordable(world, request, 'fill', wanted);
  const within = shares.map((share) => ({
    domain: share.domain,
    slots: share.slots.filter((slot) => paid.has(slot)),
    rows: share.rows.filter((_, index) => paid.has(share.slots[index] ?? -1)),
  }));
  const purpose = reallocates ? 'reallocate' : 'fill';
  return await planShares(world, request, { purpose, shares: within, decided: slots }, output);
}

interface Filling {
  readonly purpose: Purpose;
  readonly shares: readonly Share[];
  /** The slots as earlier rounds of the stage decided them. */
  readonly decided: readonly DecidedSlot[];
}

/** Plans each share independently of the other shares of the round. */
export async function planShares(
  world: Pick<World, 'artifacts'>,
  request: Pick<PlanRoundInput, 'input' | 'earlier'>,
  { purpose, shares, decided }: Filling,
  output: Output,
): Promise<Planned> {
  const { artifacts } = world;
  const { input } = request;
  const { spec, prepared } = input;
  const ordinals = new Map(Object.entries(await startOrdinals(world, request)));
  const task = await taskOf(artifacts, input, output);
  const chosen = new Set(shares.flatMap(({ rows }) => rows.map(({ id }) => id)));
  const synthesizing = new Set(
    shares.filter(({ slots, rows }) => slots.length > rows.length).map(({ domain }) => domain),
  );
  const rows = await poolByDomain(artifacts, prepared, (row): Row | undefined =>
    chosen.has(row.id) || synthesizing.has(row.domain) ? row : undefined,
  );
  const avoid = await openAvoidList(artifacts, input, decided, synthesizing);
  const instruction = [...rows.values()].flat().find((row) => row.instruction !== '')?.instruction ?? '';

  const uncalled: UncalledSlot[] = [];
  const calls = shares.flatMap(({ domain, slots, rows: selected }): PlannedCall[] => {
    const pool = rows.get(domain) ?? [];
    const byId = new Map(pool.map((row) => [row.id, row]));
    return slots.flatMap((slot, index): PlannedCall[] => {
      const row = byId.get(selected[index]?.id ?? '');
      if (row !== undefined && spec.switches.rationale === 'none') {
        uncalled.push({ slot, domain, rowId: row.id });
        return [];
      }
      if (row !== undefined)
        return [
          {
            kind: 'annotate',
            slot,
            domain,
            rowId: row.id,
            ...withResponseFormat(task, 'annotate', task.annotatePrompt(row)),
          },
        ];
      if (!synthesizes(spec.switches)) return [];
      const ordinal = ordinals.get(domain) ?? 0;
      ordinals.set(domain, ordinal + 1);
      const shown = drawRandom(pool, shownRows, spec.seed, 'shown', domain, ordinal);
      const messages = task.synthesizePrompt({ instruction, domain, shown, avoid: avoid(domain, ordinal) });
      return [{ kind: 'synthesize', slot, domain, ordinal, ...withResponseFormat(task, 'synthesize', messages) }];
    });
  });
  const domains = shares
    .map(({ domain, slots }): DomainProgress => ({ domain, quota: slots.length, real: 0, synthetic: 0 }))
    .sort((a, b) => b.quota - a.quota)
    .slice(0, mostListed)
    .map((line) => ({ ...line, domain: listedName(line.domain) }));
  const given = shares.flatMap((share) => share.rows);
  return { purpose, calls, uncalled, given, ordinals, domains };
}

/** Plans a verification of each row that the round before synthesized; undefined if there is none, or no budget for it. */
async function planVerification(
  world: World,
  request: PlanRoundInput,
  slots: readonly DecidedSlot[],
  output: Output,
): Promise<Planned | undefined> {
  const { input, earlier } = request;
  const last = earlier.at(-1)?.round;
  const unverified = slots.filter(({ round, decision }) => round === last && isUnverified(decision));
  if (unverified.length === 0) return undefined;
  const paid = await affordable(
    world,
    request,
    'verify',
    unverified.map(({ slot }) => slot),
  );
  const task = await taskOf(world.artifacts, input, output);
  const calls = unverified.flatMap(({ slot, domain, decision }): PlannedCall[] =>
    decision.kind === 'example' && paid.has(slot)
      ? [{ kind: 'verify', slot, domain, ...withResponseFormat(task, 'verify', task.verifyPrompt(decision.example)) }]
      : [],
  );
  if (calls.length === 0) return undefined;
  const ordinals = new Map(Object.entries(await startOrdinals(world, request)));
  return { purpose: 'verify', calls, uncalled: [], given: [], ordinals, domains: [] };
}

export interface Planned {
  readonly purpose: Purpose;
  readonly calls: readonly PlannedCall[];
  readonly uncalled: readonly UncalledSlot[];
  /** Rows chosen for this round; those of the first round are the stage's selection. */
  readonly given: readonly Selected[];
  readonly ordinals: ReadonlyMap<string, number>;
  readonly domains: DomainProgress[];
}

async function writePlan(
  world: World,
  request: PlanRoundInput,
  planned: Planned,
  output: Output | undefined,
): Promise<RoundPlan> {
  const { artifacts } = world;
  const { purpose, uncalled, given, ordinals, domains } = planned;
  const calls = planned.calls.toSorted((a, b) => a.slot - b.slot);
  const chunks = await writeChunks(world.artifacts, calls, request.input.spec);
  return {
    round: request.earlier.length,
    purpose,
    ...(uncalled.length === 0 ? {} : { uncalled: await artifacts.writeLines(uncalled) }),
    chunks,
    ...(chunks.length <= mostNamedChunks ? {} : { chunkList: await artifacts.writeLines(chunks) }),
    calls: calls.length,
    ...(output === undefined ? {} : { output }),
    selection: await artifacts.writeLines([...(await selectedBefore(world, request)), ...given]),
    ordinals: await artifacts.writeJson(Object.fromEntries([...ordinals].sort(([a], [b]) => (a < b ? -1 : 1)))),
    domains,
  };
}

async function startOrdinals(
  { artifacts }: Pick<World, 'artifacts'>,
  { input, earlier }: Pick<PlanRoundInput, 'input' | 'earlier'>,
): Promise<Record<string, number>> {
  const last = earlier.at(-1)?.ordinals ?? input.history.at(-1)?.ordinals;
  return last === undefined ? {} : await artifacts.readJson(last, Ordinals);
}

async function selectedBefore({ artifacts }: World, { earlier }: PlanRoundInput): Promise<Selected[]> {
  const before: Selected[] = [];
  const last = earlier.at(-1);
  if (last !== undefined) for await (const row of artifacts.readLines(last.selection, Selected)) before.push(row);
  return before;
}
