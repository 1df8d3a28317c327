/**
 * Near-duplicates among invented rows (METHOD.md, step 3, `nearDuplicates: drop`): of a row of the pool, of a row that
 * an earlier stage invented, or of one accepted before in this stage, earlier rounds first, then slot by slot.
 */
import { Example, Row } from '../contracts/records.ts';
import type { StageInput } from '../contracts/stage.ts';
import { createNearDuplicateSearch } from '../domain/near-duplicate-search.ts';
import type { Decision } from './decide-slots.ts';
import type { Artifacts } from './ports/artifacts.ts';

export interface Repeats {
  /** The decision about a slot, or that its invented row is a repeat; asked in the order of rounds and slots. */
  check(slot: number, decision: Decision): Decision;
  /** The slot has lost its row, so that the row stands in nobody's way. */
  leave(slot: number): void;
}

/** `decisions`: all that will be asked about, so that the pool, which may be large, is read once and not kept. */
export async function openRepeats(
  artifacts: Artifacts,
  { spec, prepared, history }: StageInput,
  decisions: readonly Decision[],
): Promise<Repeats> {
  const invented = decisions.flatMap(inventedRow);
  if (spec.switches.nearDuplicates === 'keep' || invented.length === 0)
    return { check: (_, decision) => decision, leave: () => undefined };

  const wanted = createNearDuplicateSearch();
  for (const [index, { input }] of invented.entries()) wanted.add(index, input);
  const known = new Set<string>();
  const see = (text: string): void => {
    for (const index of wanted.find(text)) known.add(invented[index]?.id ?? '');
  };
  for await (const { input } of artifacts.readLines(prepared.pool, Row)) see(input);
  for (const { examples } of history)
    for await (const { origin, input } of artifacts.readLines(examples, Example))
      if (origin === 'synthetic') see(input);

  const accepted = createNearDuplicateSearch();
  return {
    check(slot, decision) {
      const [row] = inventedRow(decision);
      if (row === undefined || row.call === null) return decision;
      if (known.has(row.id) || accepted.find(row.input).length > 0)
        return { kind: 'dropped', reason: 'near_duplicate', callId: row.call };
      accepted.add(slot, row.input);
      return decision;
    },
    leave: (slot) => accepted.remove(slot),
  };
}

function inventedRow(decision: Decision): Example[] {
  return decision.kind === 'example' && decision.example.origin === 'synthetic' ? [decision.example] : [];
}
