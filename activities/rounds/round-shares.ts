/** Divides a round among the domains: slots, and real rows for as many of them as there are. */
import type { PlanRoundInput } from '../../contracts/activity-messages.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { Ordinals } from '../../contracts/records.ts';
import type { Selected } from '../../contracts/records.ts';
import { candidatesLeft } from '../../domain/quotas/candidate-ceiling.ts';
import { synthesizes } from '../../domain/budget/needed-calls.ts';
import { creditsAfter } from '../../domain/quotas/quotas.ts';
import { reallocate } from '../../domain/quotas/reallocation.ts';
import { drawRandom } from '../../domain/selection/selection.ts';
import { quotaPolicy } from './balance.ts';
import { chosenIds, poolByDomain } from '../data/pool.ts';
import type { World } from '../ports/world.ts';
import { isShort } from './shortfall.ts';
import { slotLayout } from './slot-layout.ts';
import type { DecidedSlot } from '../decisions/stage-decisions.ts';

/** Slots with a real row first, then slots that need a synthetic row. */
export interface Share {
  readonly domain: string;
  readonly slots: readonly number[];
  readonly rows: readonly Selected[];
}

/** Round 0: every slot of the stage, domain by domain. Without quotas, the drawn rows of a domain are its quota. */
export async function firstShares(
  { artifacts }: Pick<World, 'artifacts'>,
  { balanced, selection }: PlanRoundInput,
): Promise<Share[]> {
  const { slots: quotas, chosen } = await slotLayout(artifacts, { quotas: balanced.quotas, selection });
  let next = 0;
  return [...quotas].map(([domain, quota]) => {
    const slots = Array.from({ length: quota }, () => next++);
    return { domain, slots, rows: (chosen.get(domain) ?? []).slice(0, quota) };
  });
}

/** The slots whose answer was dropped: filled with remaining real rows first, then with synthetic rows. */
export async function refillShares(
  world: World,
  request: PlanRoundInput,
  decided: readonly DecidedSlot[],
): Promise<Share[]> {
  const dropped = decided.filter(({ decision }) => decision.kind === 'dropped');
  const { input, earlier } = request;
  const wanted = Map.groupBy(dropped, ({ domain }) => domain);
  const left = await rowsLeft(world, request, (domain) => wanted.has(domain));
  const { seed, switches } = input.spec;
  const requested = await candidatesRequested(world, request);
  const synthetic = Map.groupBy(
    decided.filter(({ kind, decision }) => kind === 'synthesize' || decision.kind !== 'example'),
    ({ domain }) => domain,
  );
  const shares = [...wanted].map(([domain, open]) => {
    const rows = drawRandom(left.get(domain) ?? [], open.length, seed, 'refill', input.stage, earlier.length, domain);
    const wantedRows = (synthetic.get(domain)?.length ?? 0) - rows.length;
    const more = candidatesLeft(switches.ceiling, { wantedRows, asked: requested(domain) });
    return { domain, slots: open.map(({ slot }) => slot).slice(0, rows.length + more), rows };
  });
  return shares.filter(({ slots, rows }) => (synthesizes(switches) ? slots : rows).length > 0);
}

/** The candidates that this stage has requested so far, per domain. Ordinals count them over the whole run. */
async function candidatesRequested(
  { artifacts }: World,
  { input, earlier }: PlanRoundInput,
): Promise<(domain: string) => number> {
  const counts = async (reference: ArtifactRef | undefined): Promise<Record<string, number>> =>
    reference === undefined ? {} : await artifacts.readJson(reference, Ordinals);
  const before = await counts(input.history.at(-1)?.ordinals);
  const now = await counts(earlier.at(-1)?.ordinals);
  return (domain) => (now[domain] ?? 0) - (before[domain] ?? 0);
}

/** `shortfall: reallocate`: gives slots that a domain cannot fill to domains with remaining real rows. */
export async function reallocatedShares(
  world: World,
  request: PlanRoundInput,
  decided: readonly DecidedSlot[],
): Promise<Share[]> {
  const { input, balanced } = request;
  const { spec, stage } = input;
  const policy = await quotaPolicy(world.artifacts, input);
  if (policy === null) return [];
  const bySlot = new Map(decided.map((slot) => [slot.slot, slot]));
  const short = Array.from({ length: balanced.slots }, (_, slot) => slot).filter((slot) => isShort(bySlot.get(slot)));
  const left = await rowsLeft(world, request, () => true);
  const counts = new Map([...left].map(([domain, rows]) => [domain, rows.length]));
  const given = reallocate(short, creditsAfter(policy, stage), counts, spec.seed);
  return [...Map.groupBy(given, ({ domain }) => domain)].map(([domain, of]) => ({
    domain,
    slots: of.map(({ slot }) => slot),
    rows: drawRandom(left.get(domain) ?? [], of.length, spec.seed, 'reallocate', stage, domain),
  }));
}

/** Rows of the wanted domains that no stage or round has chosen yet. */
async function rowsLeft(
  { artifacts }: World,
  { input, earlier }: PlanRoundInput,
  wanted: (domain: string) => boolean,
): Promise<Map<string, Selected[]>> {
  const { history, prepared } = input;
  const chosen = await chosenIds(
    artifacts,
    history,
    earlier.map(({ selection }) => selection),
  );
  return await poolByDomain(artifacts, prepared, ({ id, domain }): Selected | undefined =>
    wanted(domain) && !chosen.has(id) ? { id, domain, score: null } : undefined,
  );
}
