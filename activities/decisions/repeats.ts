/**
 * Finds synthetic rows that nearly duplicate a held-out row (a leak), a row of the pool, a synthetic row of an earlier
 * stage, or one accepted earlier in this stage. Exact leaks are always found (decide-slots.ts).
 */
import { Example, Row } from '../../contracts/records.ts';
import type { StageInput } from '../../contracts/stage.ts';
import { createNearDuplicateSearch } from '../../domain/duplicates/near-duplicate-search.ts';
import type { Decision } from './decide-slots.ts';
import type { Artifacts } from '../ports/artifacts.ts';

export interface Repeats {
  /** Returns the decision, or `dropped` for a near-duplicate. Call it in the order of rounds and slots. */
  check(slot: number, decision: Decision): Decision;
  /** Removes the row of a slot, so that later rows are not compared with it. */
  remove(slot: number): void;
}

/** `decisions`: all that will be checked, so that the pool is read once and not kept in memory. */
export async function openRepeats(
  artifacts: Artifacts,
  { spec, prepared, history }: StageInput,
  decisions: readonly Decision[],
): Promise<Repeats> {
  const synthetic = decisions.flatMap(syntheticRow);
  if (spec.switches.nearDuplicates === 'keep' || synthetic.length === 0)
    return { check: (_, decision) => decision, remove: () => undefined };

  const wanted = createNearDuplicateSearch();
  for (const [index, { input }] of synthetic.entries()) wanted.add(index, input);
  const known = new Map<string, 'near_leak' | 'near_duplicate'>();
  const mark = (text: string, as: 'near_leak' | 'near_duplicate'): void => {
    for (const index of wanted.find(text)) {
      const id = synthetic[index]?.id ?? '';
      if (!known.has(id)) known.set(id, as);
    }
  };
  for (const split of [prepared.validation, prepared.test])
    if (split !== null) for await (const { input } of artifacts.readLines(split, Row)) mark(input, 'near_leak');
  for await (const { input } of artifacts.readLines(prepared.pool, Row)) mark(input, 'near_duplicate');
  for (const { examples } of history)
    for await (const { origin, input } of artifacts.readLines(examples, Example))
      if (origin === 'synthetic') mark(input, 'near_duplicate');

  const accepted = createNearDuplicateSearch();
  return {
    check(slot, decision) {
      const [row] = syntheticRow(decision);
      if (row === undefined || row.call === null) return decision;
      const reason = known.get(row.id) ?? (accepted.find(row.input).length > 0 ? 'near_duplicate' : undefined);
      if (reason !== undefined) return { kind: 'dropped', reason, callId: row.call };
      accepted.add(slot, row.input);
      return decision;
    },
    remove: (slot) => accepted.remove(slot),
  };
}

function syntheticRow(decision: Decision): Example[] {
  return decision.kind === 'example' && decision.example.origin === 'synthetic' ? [decision.example] : [];
}
