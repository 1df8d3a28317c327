/** Closes a stage: decides every slot, fills the shortfall with duplicates and writes the training set so far. */
import type { Balanced, ClosedStage, CloseStageInput, RoundPlan } from '../../contracts/activity-messages.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { Example, QuotaLine } from '../../contracts/records.ts';
import type { DomainOutcome, Message } from '../../contracts/records.ts';
import { listedName, mostListed } from '../../contracts/payload-limits.ts';
import { seededRandom } from '../../domain/random.ts';
import { studentTarget } from '../../domain/tasks/answer-line.ts';
import type { Task } from '../../domain/tasks/task.ts';
import { withChunks } from '../rounds/chunks.ts';
import { closeSkipped } from './close-skipped.ts';
import { taskOf } from '../data/pool.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { World } from '../ports/world.ts';
import { isShort } from '../rounds/shortfall.ts';
import { slotLayout } from '../rounds/slot-layout.ts';
import { stageDecisions } from './stage-decisions.ts';
import type { DecidedSlot } from './stage-decisions.ts';
import { tally } from './tally.ts';

export async function closeStage(world: World, closing: CloseStageInput): Promise<ClosedStage> {
  const { artifacts, ledger } = world;
  // The stored request lists every chunk: `ledger verify` and `ledger reparse` read them from there.
  const request = { ...closing, plans: await withChunks(artifacts, closing.plans) };
  const { input, balanced } = request;
  const last = request.plans.at(-1);
  const filled =
    balanced === null || last === undefined
      ? await closeSkipped(artifacts, request)
      : await fillStage(world, request, balanced, last);
  const references = [...input.history.map((stage) => stage.examples), filled.examples];
  const task = await taskOf(artifacts, input);
  const training = await artifacts.writeLines(trainingLines(artifacts, references, task));
  await ledger.recordStage({
    run: input.spec.name,
    stage: input.stage,
    duplicated: filled.counts.duplicated,
    request: JSON.stringify(request),
    closed: JSON.stringify({ ...filled, training }),
  });
  const output = request.plans.findLast((plan) => plan.output !== undefined)?.output;
  const form = output === undefined ? {} : { output };
  return {
    ...filled,
    ...form,
    training,
    budget: await ledger.budget({ run: input.spec.name }),
    ledger: await ledger.identity(),
  };
}

/** The training file: one line per example, in the order of stages and slots. */
async function* trainingLines(
  artifacts: Artifacts,
  references: readonly ArtifactRef[],
  task: Task,
): AsyncGenerator<{ messages: Message[] }> {
  for (const reference of references) {
    for await (const example of artifacts.readLines(reference, Example)) {
      yield {
        messages: [
          { role: 'user', content: task.studentPrompt(example) },
          { role: 'assistant', content: studentTarget(example.rationale, example.answer) },
        ],
      };
    }
  }
}

async function fillStage(
  world: World,
  { input, plans }: CloseStageInput,
  balanced: Balanced,
  last: RoundPlan,
): Promise<Omit<ClosedStage, 'training' | 'budget' | 'ledger'>> {
  const { artifacts, ledger } = world;
  const { spec } = input;
  const { slots: decided, flawed } = await stageDecisions(world, input, plans);
  await ledger.markUnusable({ marks: flawed });
  const earlier = await examplesOf(
    artifacts,
    input.history.map((stage) => stage.examples),
  );
  const bySlot = new Map(decided.map((slot) => [slot.slot, slot]));
  const duplicates = spec.switches.shortfall === 'duplicate';
  const filled: Filled[] = [];
  const { slots: layout } = await slotLayout(artifacts, { quotas: balanced.quotas, selection: plans[0]?.selection });
  for (const [domain, quota] of layout) {
    const first = filled.length;
    const slots = Array.from({ length: quota }, (_, index) => bySlot.get(first + index));
    const accepted = slots.flatMap((slot) => (slot?.decision.kind === 'example' ? [slot.decision.example] : []));
    const source = [
      ...earlier.filter((example) => example.domain === domain && example.origin !== 'duplicate'),
      ...accepted,
    ];
    const random = seededRandom(spec.seed, 'shortfall', input.stage, domain);
    for (const [index, slot] of slots.entries()) {
      const result = fill(slot, first + index, duplicates ? source : [], random, input.stage);
      filled.push({ domain: slot?.domain ?? domain, result });
    }
  }
  const examples = filled.flatMap(({ result }) => (typeof result === 'string' ? [] : [result]));
  const outcomes = (await domainsIn(artifacts, balanced.quotas, layout)).map((domain) => {
    const dropped = flawed.filter((flaw) => flaw.dropped && flaw.domain === domain).map(({ reason }) => reason);
    const results = filled.flatMap((slot) => (slot.domain === domain ? [slot.result] : []));
    return outcomeOf(domain, results, dropped);
  });
  return {
    quotas: balanced.quotas,
    selection: last.selection,
    ordinals: last.ordinals,
    examples: await artifacts.writeLines(examples),
    outcomes: await artifacts.writeLines(outcomes),
    counts: countsOf(balanced.slots, outcomes),
    domains: outcomes
      .slice(0, mostListed)
      .map(({ domain, quota, real, synthetic }) => ({ domain: listedName(domain), quota, real, synthetic })),
  };
}

/** A slot with its final domain, which reallocation may have changed. */
interface Filled {
  readonly domain: string;
  /** The example, or the reason why there is none. */
  readonly result: Example | string;
}

/** The example of a slot, or the reason why it stays empty. */
function fill(
  slot: DecidedSlot | undefined,
  index: number,
  source: readonly Example[],
  random: ReturnType<typeof seededRandom>,
  stage: number,
): Example | string {
  if (slot?.decision.kind === 'example') return slot.decision.example;
  if (slot !== undefined && !isShort(slot)) return slot.decision.reason;
  const duplicated = source.length === 0 ? undefined : source[random.int(source.length)];
  if (duplicated === undefined) return slot?.decision.kind === 'empty' ? slot.decision.reason : 'shortfall';
  return { ...duplicated, stage, slot: index, origin: 'duplicate', call: null };
}

function outcomeOf(domain: string, filled: readonly (Example | string)[], dropped: readonly string[]): DomainOutcome {
  const of = (origin: Example['origin']): number =>
    filled.filter((result) => typeof result !== 'string' && result.origin === origin).length;
  return {
    domain,
    quota: filled.length,
    real: of('real'),
    synthetic: of('synthetic'),
    duplicated: of('duplicate'),
    unfilled: tally(filled.filter((result) => typeof result === 'string')),
    dropped: tally(dropped),
  };
}

const sumOf = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);

function countsOf(slots: number, outcomes: readonly DomainOutcome[]): ClosedStage['counts'] {
  const sum = (of: (outcome: DomainOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  return {
    slots,
    real: sum(({ real }) => real),
    synthetic: sum(({ synthetic }) => synthetic),
    duplicated: sum(({ duplicated }) => duplicated),
    unfilled: sum(({ unfilled }) => sumOf(unfilled)),
    dropped: sum(({ dropped }) => sumOf(dropped)),
  };
}

/** In the order of the quotas, or of the drawn rows if the method has no quotas. */
async function domainsIn(
  artifacts: Artifacts,
  quotas: ArtifactRef,
  layout: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const domains: string[] = [];
  for await (const { domain } of artifacts.readLines(quotas, QuotaLine)) domains.push(domain);
  return domains.length === 0 ? [...layout.keys()] : domains;
}

async function examplesOf(artifacts: Artifacts, references: readonly ArtifactRef[]): Promise<Example[]> {
  const examples: Example[] = [];
  for (const reference of references)
    for await (const example of artifacts.readLines(reference, Example)) examples.push(example);
  return examples;
}
