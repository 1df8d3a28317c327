/**
 * Plans a round of teacher calls: which slots, and the exact prompt of each. A pure function of seed, domain, slot,
 * round and of what earlier rounds and stages accepted (METHOD.md, step 3), written down before anything is sent.
 */
import { z } from 'zod';
import type { PlanRoundInput, RoundPlan } from '../contracts/activity-messages.ts';
import type { ArtifactRef } from '../contracts/artifact.ts';
import type { DomainProgress } from '../contracts/progress.ts';
import { Selected } from '../contracts/records.ts';
import type { PlannedCall, Row, UncalledSlot } from '../contracts/records.ts';
import { callsPerSlot, invents } from '../domain/planned-calls.ts';
import { drawRandom } from '../domain/selection.ts';
import { stageSlots } from '../domain/stage-slots.ts';
import { poolByDomain, taskOf } from './pool.ts';
import type { World } from './ports/world.ts';
import { firstShares, reallocatedShares, refillShares } from './round-shares.ts';
import type { Share } from './round-shares.ts';
import { stageDecisions } from './stage-decisions.ts';
import type { DecidedSlot } from './stage-decisions.ts';

/** Real rows of the domain shown to the teacher with each synthesis. */
const shownRows = 3;
/** Slots a chunk; fewer, larger chunks where a stage would have more than this many of them. */
const chunkSlots = 128;
const mostChunks = 300;
/** Domains listed for people; a payload stays under 64 KiB. */
const listedDomains = 200;

type Purpose = RoundPlan['purpose'];

/**
 * The first round fills the slots; each later one does the next thing there is to do: verify what the round before
 * invented, fill again what was dropped, give away what a domain cannot fill. A round without calls and without rows
 * ends the stage's rounds.
 */
export async function planRound(world: World, request: PlanRoundInput): Promise<RoundPlan> {
  const { input, earlier } = request;
  const { refill, shortfall, verify } = input.spec.switches;
  if (earlier.length === 0) return await planShares(world, request, 'fill', await firstShares(world, request));

  const { slots } = await stageDecisions(world, input, earlier);
  const unverified = verify === 'off' ? [] : slots.filter((slot) => isUnverified(slot, earlier));
  if (unverified.length > 0) return await planVerification(world, request, unverified);

  const did = (purpose: Purpose): number => earlier.filter((plan) => plan.purpose === purpose).length;
  if (did('reallocate') > 0) return await planShares(world, request, 'fill', []);
  const refills = did('fill') <= refill ? await refillShares(world, request, slots) : [];
  if (refills.length > 0 || shortfall !== 'reallocate') return await planShares(world, request, 'fill', refills);
  return await planShares(world, request, 'reallocate', await reallocatedShares(world, request, slots));
}

function isUnverified({ kind, round, decision }: DecidedSlot, earlier: readonly RoundPlan[]): boolean {
  return kind === 'synthesise' && decision.kind === 'example' && round === earlier.at(-1)?.round;
}

async function planShares(
  world: World,
  request: PlanRoundInput,
  purpose: Purpose,
  shares: readonly Share[],
): Promise<RoundPlan> {
  const { artifacts } = world;
  const { input } = request;
  const { spec, prepared } = input;
  const ordinals = new Map(Object.entries(await startOrdinals(world, request)));
  const task = await taskOf(artifacts, input);
  const chosen = new Set(shares.flatMap(({ rows }) => rows.map(({ id }) => id)));
  const inventing = new Set(shares.filter(({ slots, rows }) => slots.length > rows.length).map(({ domain }) => domain));
  const rows = await poolByDomain(artifacts, prepared, (row): Row | undefined =>
    chosen.has(row.id) || inventing.has(row.domain) ? row : undefined,
  );
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
        return [{ kind: 'annotate', slot, domain, rowId: row.id, messages: task.annotatePrompt(row) }];
      if (!invents(spec.switches)) return [];
      const ordinal = ordinals.get(domain) ?? 0;
      ordinals.set(domain, ordinal + 1);
      const shown = drawRandom(pool, shownRows, spec.seed, 'shown', domain, ordinal);
      const messages = task.synthesisePrompt({ instruction, domain, shown });
      return [{ kind: 'synthesise', slot, domain, ordinal, messages }];
    });
  });
  const domains = shares
    .map(({ domain, slots }): DomainProgress => ({ domain, quota: slots.length, real: 0, synthetic: 0 }))
    .sort((a, b) => b.quota - a.quota)
    .slice(0, listedDomains);
  const given = shares.flatMap((share) => share.rows);
  return await writePlan(world, request, { purpose, calls, uncalled, given, ordinals, domains });
}

/** Each row that the round before invented, answered blind. */
async function planVerification(
  world: World,
  request: PlanRoundInput,
  slots: readonly DecidedSlot[],
): Promise<RoundPlan> {
  const task = await taskOf(world.artifacts, request.input);
  const calls = slots.flatMap(({ slot, domain, decision }): PlannedCall[] =>
    decision.kind === 'example'
      ? [{ kind: 'verify', slot, domain, messages: task.verifyPrompt(decision.example) }]
      : [],
  );
  const ordinals = new Map(Object.entries(await startOrdinals(world, request)));
  return await writePlan(world, request, {
    purpose: 'verify',
    calls,
    uncalled: [],
    given: [],
    ordinals,
    domains: [],
  });
}

interface Planned {
  readonly purpose: Purpose;
  readonly calls: readonly PlannedCall[];
  readonly uncalled: readonly UncalledSlot[];
  /** Rows chosen for this round; those of the first round are the stage's selection. */
  readonly given: readonly Selected[];
  readonly ordinals: ReadonlyMap<string, number>;
  readonly domains: DomainProgress[];
}

async function writePlan(world: World, request: PlanRoundInput, planned: Planned): Promise<RoundPlan> {
  const { artifacts } = world;
  const { purpose, uncalled, given, ordinals, domains } = planned;
  const calls = planned.calls.toSorted((a, b) => a.slot - b.slot);
  await announcePlanned(world, request, calls);
  return {
    round: request.earlier.length,
    purpose,
    ...(uncalled.length === 0 ? {} : { uncalled: await artifacts.writeLines(uncalled) }),
    chunks: await writeChunks(world, calls),
    calls: calls.length,
    selection: await artifacts.writeLines([...(await selectedBefore(world, request)), ...given]),
    ordinals: await artifacts.writeJson(Object.fromEntries([...ordinals].sort(([a], [b]) => (a < b ? -1 : 1)))),
    domains,
  };
}

async function startOrdinals(
  { artifacts }: World,
  { input, earlier }: PlanRoundInput,
): Promise<Record<string, number>> {
  const last = earlier.at(-1)?.ordinals ?? input.history.at(-1)?.ordinals;
  return last === undefined ? {} : await artifacts.readJson(last, z.record(z.string(), z.int()));
}

async function selectedBefore({ artifacts }: World, { earlier }: PlanRoundInput): Promise<Selected[]> {
  const before: Selected[] = [];
  const last = earlier.at(-1);
  if (last !== undefined) for await (const row of artifacts.readLines(last.selection, Selected)) before.push(row);
  return before;
}

/**
 * Tells the ledger what the plan still needs, so that refills and reissues never eat it (METHOD, call limit): calls of
 * the first round that were not asked yet, one more for each row to be invented where these are verified, and the most
 * that later stages may need.
 */
async function announcePlanned(
  { ledger }: World,
  { input, earlier }: PlanRoundInput,
  calls: readonly PlannedCall[],
): Promise<void> {
  const { spec, stage } = input;
  const round = earlier.length;
  const verifies = spec.switches.verify === 'teacher';
  let planned = 0;
  if (round === 0 || (calls[0]?.kind === 'verify' && round === 1)) {
    const known = new Set((await ledger.slots(spec.name, stage, round)).map(({ slot }) => slot));
    planned += calls.filter(({ slot }) => !known.has(slot)).length;
    if (verifies) planned += calls.filter(({ kind }) => kind === 'synthesise').length;
  }
  let later = 0;
  for (let next = stage + 1; next < spec.stages; next += 1) later += stageSlots(spec.budget.slots, spec.stages, next);
  await ledger.setPlanned(spec.name, planned + later * callsPerSlot(spec.switches));
}

async function writeChunks({ artifacts }: World, calls: readonly PlannedCall[]): Promise<ArtifactRef[]> {
  const size = Math.max(chunkSlots, Math.ceil(calls.length / mostChunks));
  const chunks: ArtifactRef[] = [];
  for (let at = 0; at < calls.length; at += size) chunks.push(await artifacts.writeLines(calls.slice(at, at + size)));
  return chunks;
}
