/** What a stage makes of its slices' words: a chunk that comes again counts once. */
import { expect, test } from 'vitest';
import type { SliceResult } from '../../contracts/activity-messages.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { openBlockState } from '../../workflows/blocking.ts';
import { freshMemory, takeResult, snapshot } from '../../workflows/stage/stage-state.ts';
import type { StageMemory } from '../../workflows/stage/stage-state.ts';

const chunk = (name: string): ArtifactRef => {
  const sha256 = name.repeat(64);
  return { uri: `artifact:${sha256}`, sha256, bytes: 1, rows: 10 };
};

function result(counts: { answered: number; unsent: number; real: number; synthetic: number }): SliceResult {
  const { answered, unsent, real, synthetic } = counts;
  const budget = { slots: 20, limit: 20, charged: answered, settled: answered, forfeited: 0 };
  return {
    answered,
    empty: 0,
    unsent,
    sent: answered,
    seconds: 1,
    domains: [{ domain: 'head', real, synthetic }],
    budget: { ...budget, tokens: { charged: 0, limit: null }, microUsd: { charged: 0, limit: null } },
    ledger: { id: 'ledger', counter: 1, mark: 'm' },
  };
}

function fresh(): StageMemory {
  const memory = freshMemory(0, { id: 'ledger', counter: 0, mark: 'm' });
  memory.domains = [{ domain: 'head', quota: 20, real: 0, synthetic: 0 }];
  return memory;
}

test('a slice that says again what an earlier one of its chunk has sent adds only what is new', () => {
  const memory = fresh();
  takeResult(memory, chunk('a'), result({ answered: 6, unsent: 4, real: 5, synthetic: 1 }));
  takeResult(memory, chunk('b'), result({ answered: 10, unsent: 0, real: 4, synthetic: 6 }));
  expect(memory).toMatchObject({ done: 16, domains: [{ real: 9, synthetic: 7 }] });
  // Ended before it came to all that was sent: what was counted stays.
  takeResult(memory, chunk('a'), result({ answered: 2, unsent: 8, real: 2, synthetic: 0 }));
  expect(memory).toMatchObject({ done: 16, domains: [{ real: 9, synthetic: 7 }] });
  takeResult(memory, chunk('a'), result({ answered: 10, unsent: 0, real: 7, synthetic: 3 }));
  expect(memory).toMatchObject({ done: 20, domains: [{ real: 11, synthetic: 9 }] });
});

test('a stage says how long its calls may still take, at the rate it last reported', () => {
  const memory = fresh();
  const blockState = openBlockState();
  expect(snapshot(0, memory, blockState).secondsLeft).toBe(null);
  takeResult(memory, chunk('a'), result({ answered: 6, unsent: 4, real: 6, synthetic: 0 }));
  // 14 of 20 calls at 6 a second.
  expect(snapshot(0, memory, blockState).secondsLeft).toBeCloseTo(14 / 6);
});

test('only chunks that come again are remembered', () => {
  const memory = fresh();
  takeResult(memory, chunk('a'), result({ answered: 6, unsent: 4, real: 6, synthetic: 0 }));
  takeResult(memory, chunk('b'), result({ answered: 10, unsent: 0, real: 10, synthetic: 0 }));
  expect(Object.keys(memory.chunkResults ?? {})).toEqual(['a'.repeat(64)]);
  takeResult(memory, chunk('a'), result({ answered: 10, unsent: 0, real: 10, synthetic: 0 }));
  expect(memory.chunkResults).toEqual({});
});
