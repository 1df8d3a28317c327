/**
 * Plans a round of teacher calls: which slots, and the exact prompt of each. A pure function of seed, domain, slot,
 * round and of what earlier rounds and stages accepted (METHOD.md, step 3), written down before anything is sent.
 */
import { z } from 'zod';
import type { ArtifactRef } from '../contracts/artifact.ts';
import type { PlanRoundInput, RoundPlan } from '../contracts/activity-messages.ts';
import type { DomainProgress } from '../contracts/progress.ts';
import { QuotaLine, Selected } from '../contracts/records.ts';
import type { PlannedCall, Row } from '../contracts/records.ts';
import { drawRandom } from '../domain/selection.ts';
import { stageSlots } from '../domain/stage-slots.ts';
import { chosenIds, poolByDomain, taskOf } from './pool.ts';
import type { World } from './ports/world.ts';
import { stageDecisions } from './stage-decisions.ts';

/** Real rows of the domain shown to the teacher with each synthesis. */
const shownRows = 3;
/** Slots a chunk; fewer, larger chunks where a stage would have more than this many of them. */
const chunkSlots = 128;
const mostChunks = 300;
/** Domains listed for people; a payload stays under 64 KiB. */
const listedDomains = 200;

/** What a round gives to one domain: slots with a real row first, then slots to invent for. */
interface Share {
  readonly domain: string;
  readonly slots: readonly number[];
  readonly rows: readonly Selected[];
}

export async function planRound(world: World, request: PlanRoundInput): Promise<RoundPlan> {
  const { artifacts } = world;
  const { input, earlier } = request;
  const { spec, prepared } = input;
  const round = earlier.length;
  const shares = round === 0 ? await firstShares(world, request) : await refillShares(world, request);
  const ordinals = new Map(Object.entries(await startOrdinals(world, request)));
  const task = await taskOf(artifacts, input);
  const chosen = new Set(shares.flatMap(({ rows }) => rows.map(({ id }) => id)));
  const inventing = new Set(shares.filter(({ slots, rows }) => slots.length > rows.length).map(({ domain }) => domain));
  const rows = await poolByDomain(artifacts, prepared, (row): Row | undefined =>
    chosen.has(row.id) || inventing.has(row.domain) ? row : undefined,
  );
  const instruction = [...rows.values()].flat().find((row) => row.instruction !== '')?.instruction ?? '';

  const calls = shares.flatMap(({ domain, slots, rows: selected }): PlannedCall[] => {
    const pool = rows.get(domain) ?? [];
    const byId = new Map(pool.map((row) => [row.id, row]));
    return slots.flatMap((slot, index): PlannedCall[] => {
      const row = byId.get(selected[index]?.id ?? '');
      if (row !== undefined)
        return [{ kind: 'annotate', slot, domain, rowId: row.id, messages: task.annotatePrompt(row) }];
      if (spec.switches.tail === 'none') return [];
      const ordinal = ordinals.get(domain) ?? 0;
      ordinals.set(domain, ordinal + 1);
      const shown = drawRandom(pool, shownRows, spec.seed, 'shown', domain, ordinal);
      return [
        {
          kind: 'synthesise',
          slot,
          domain,
          ordinal,
          messages: task.synthesisePrompt({ instruction, domain, shown }),
        },
      ];
    });
  });

  await announcePlanned(world, request, round === 0 ? calls : []);
  const selection: Selected[] = round === 0 ? [] : await selectedBefore(world, request);
  for (const share of shares) selection.push(...share.rows);
  return {
    round,
    chunks: await writeChunks(world, calls),
    calls: calls.length,
    selection: await artifacts.writeLines(selection),
    ordinals: await artifacts.writeJson(Object.fromEntries([...ordinals].sort(([a], [b]) => (a < b ? -1 : 1)))),
    domains: shares
      .map(({ domain, slots }): DomainProgress => ({ domain, quota: slots.length, real: 0, synthetic: 0 }))
      .sort((a, b) => b.quota - a.quota)
      .slice(0, listedDomains),
  };
}

/** Round 0: every slot of the stage, domain by domain. Without quotas, what was drawn is the quota. */
async function firstShares({ artifacts }: World, { balanced, selection }: PlanRoundInput): Promise<Share[]> {
  const selected = new Map<string, Selected[]>();
  for await (const row of artifacts.readLines(selection, Selected)) {
    selected.set(row.domain, [...(selected.get(row.domain) ?? []), row]);
  }
  const quotas = new Map([...selected].map(([domain, rows]) => [domain, rows.length]));
  for await (const { domain, quota } of artifacts.readLines(balanced.quotas, QuotaLine)) quotas.set(domain, quota);
  let next = 0;
  return [...quotas].map(([domain, quota]) => {
    const slots = Array.from({ length: quota }, () => next++);
    return { domain, slots, rows: (selected.get(domain) ?? []).slice(0, quota) };
  });
}

/** Later rounds: the slots whose answer was dropped, from real rows still left first, then invented. */
async function refillShares(world: World, { input, earlier }: PlanRoundInput): Promise<Share[]> {
  const { slots } = await stageDecisions(world, input, earlier);
  const dropped = slots.filter(({ decision }) => decision.kind === 'dropped');
  const chosen = await chosenIds(
    world.artifacts,
    input.history,
    earlier.map(({ selection }) => selection),
  );
  const wanted = new Set(dropped.map(({ domain }) => domain));
  const left = await poolByDomain(world.artifacts, input.prepared, (row): Selected | undefined =>
    wanted.has(row.domain) && !chosen.has(row.id) ? { id: row.id, domain: row.domain, score: null } : undefined,
  );
  const { seed } = input.spec;
  return [...Map.groupBy(dropped, ({ domain }) => domain)].map(([domain, open]) => ({
    domain,
    slots: open.map(({ slot }) => slot),
    rows: drawRandom(left.get(domain) ?? [], open.length, seed, 'refill', input.stage, earlier.length, domain),
  }));
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

/** Tells the ledger what the plan still needs, so that refills and reissues never eat it (METHOD, call limit). */
async function announcePlanned(
  { ledger }: World,
  { input }: PlanRoundInput,
  calls: readonly PlannedCall[],
): Promise<void> {
  const { spec, stage } = input;
  const known = new Set((await ledger.slots(spec.name, stage, 0)).map(({ slot }) => slot));
  const open = calls.filter(({ slot }) => !known.has(slot)).length;
  let later = 0;
  for (let next = stage + 1; next < spec.stages; next += 1) later += stageSlots(spec.budget.slots, spec.stages, next);
  await ledger.setPlanned(spec.name, open + later);
}

async function writeChunks({ artifacts }: World, calls: readonly PlannedCall[]): Promise<ArtifactRef[]> {
  const size = Math.max(chunkSlots, Math.ceil(calls.length / mostChunks));
  const chunks: ArtifactRef[] = [];
  for (let at = 0; at < calls.length; at += size) chunks.push(await artifacts.writeLines(calls.slice(at, at + size)));
  return chunks;
}
