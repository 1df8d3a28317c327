/** Draws the samples of a report: rationales, synthetic rows and unusable answers. */
import type { ReportInput } from '../../contracts/activity-messages.ts';
import { Example } from '../../contracts/records.ts';
import type { Sample } from '../../contracts/report.ts';
import { seededHash } from '../../domain/random.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Ledger } from '../ports/ledger.ts';

const mostOfAKind = 70;
const mostOfADomain = 10;
const mostOfAReason = 20;
const longestText = 2000;
const longestInput = 1000;

interface Drawn {
  readonly example: Example;
  readonly hash: number;
}

/** At most 70 real and 70 synthetic examples, spread over the domains, and 60 unusable answers over their reasons. */
export async function drawSamples(
  { artifacts, ledger }: { readonly artifacts: Artifacts; readonly ledger: Ledger },
  { spec, stages }: ReportInput,
): Promise<Sample[]> {
  const marked = await ledger.unusable({ run: spec.name, each: mostOfAReason });
  const wanted = new Set(marked.map(({ callId }) => callId));
  const used = new Map<string, Example>();
  const drawn = { real: new Map<string, Drawn[]>(), synthetic: new Map<string, Drawn[]>() };
  for (const stage of stages) {
    for await (const example of artifacts.readLines(stage.examples, Example)) {
      if (example.origin === 'duplicate' || example.call === null) continue;
      if (wanted.has(example.call)) used.set(example.call, example);
      else if (example.rationale !== null)
        keepLowest(drawn[example.origin], { example, hash: seededHash(spec.seed, 'sample', example.id) });
    }
  }
  const unusable = spread(
    spec.seed,
    Map.groupBy(marked, ({ reason }) => reason),
    60,
  ).map(({ callId, stage, slot, domain, reason, text }): Sample => ({
    kind: 'unusable',
    stage,
    slot,
    domain,
    input: truncated(used.get(callId)?.input ?? null, longestInput),
    answer: used.get(callId)?.answer ?? null,
    text: truncated(text, longestText),
    reason,
  }));
  const examples = [...spread(spec.seed, drawn.real, mostOfAKind), ...spread(spec.seed, drawn.synthetic, mostOfAKind)];
  return [...examples.map(sampleOf), ...unusable];
}

function sampleOf({ example }: Drawn): Sample {
  const { origin, stage, slot, domain, input, answer, rationale } = example;
  return {
    kind: origin === 'synthetic' ? 'synthetic' : 'real',
    stage,
    slot,
    domain,
    input: truncated(input, longestInput),
    answer,
    text: truncated(rationale, longestText),
    reason: null,
  };
}

/** A seeded draw that does not depend on the order of the rows: keeps the lowest hashes. */
function keepLowest(domains: Map<string, Drawn[]>, drawn: Drawn): void {
  const kept = domains.get(drawn.example.domain) ?? [];
  kept.push(drawn);
  kept.sort((a, b) => a.hash - b.hash || a.example.slot - b.example.slot);
  domains.set(drawn.example.domain, kept.slice(0, mostOfADomain));
}

/** Takes from the groups in turn, so that a frequent domain or reason does not crowd out the rare ones. */
function spread<T>(seed: number, groups: ReadonlyMap<string, readonly T[]>, most: number): T[] {
  const place = new Map([...groups.keys()].map((name) => [name, seededHash(seed, 'sample', name)]));
  const inOrder = [...groups]
    .sort(([a], [b]) => (place.get(a) ?? 0) - (place.get(b) ?? 0))
    .map(([, members]) => members);
  const longest = Math.max(0, ...inOrder.map((members) => members.length));
  const turns = Array.from({ length: longest }, (_, turn) =>
    inOrder.flatMap((members) => members.slice(turn, turn + 1)),
  );
  return turns.flat().slice(0, most);
}

/** Replaces a surrogate pair that the truncation split. */
function truncated<T extends string | null>(text: T, longest: number): T | string {
  if (text === null || text.length <= longest) return text;
  return `${text.slice(0, longest).toWellFormed()} …`;
}
