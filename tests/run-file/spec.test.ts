import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { specDifferences } from '../../adapters/run-file/differences.ts';
import { resolveRunFile } from '../../adapters/run-file/resolve.ts';
import type { Overrides } from '../../adapters/run-file/overrides.ts';
import { RunSpec } from '../../contracts/run/run-file.ts';

const good = `name: demo
data: { builtin: wordnet }
budget: { slots: 1000 }
teacher: { embedded: simulated }
student: { embedded: naive-bayes }
`;

function specOf(overrides: Overrides = {}, text = good, name?: string): RunSpec {
  const resolved = resolveRunFile(text, { path: 'run.yaml', overrides, dataRoot: undefined, name });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  return resolved.spec;
}

const calls = (overrides: Overrides): number => specOf(overrides).budget.calls;

describe('a spec', () => {
  test('has every choice made and is one', () => {
    const spec = specOf();
    expect(RunSpec.parse(spec)).toEqual(spec);
    expect(spec).toMatchObject({ method: 'recommended', stages: 5, seed: 0, dataRoot: '' });
    expect(spec.budget).toEqual({ slots: 1000, calls: 1100, cached: 'count', maxForfeits: 32 });
    expect(spec.switches).toMatchObject({ balance: 'adaptive', select: 'ifd', refill: 1 });
  });

  test('takes stages and switches of the preset, with those of the file on top', () => {
    expect(specOf({ method: 'random-ft-cot' })).toMatchObject({
      stages: 1,
      switches: { balance: 'none', select: 'random' },
    });
    expect(specOf({}, `${good}switches: { onMismatch: drop }\n`).switches).toMatchObject({
      onMismatch: 'drop',
      select: 'ifd',
    });
  });

  test('may be charged its plan, and what the preset adds: exactly 10 % for recommended, rounded up', () => {
    assert(
      property(integer({ min: 5, max: 10_000_000 }), (slots) => {
        expect(calls({ slots })).toBe(slots + Math.floor((slots + 9) / 10));
      }),
      { numRuns: 50 },
    );
    expect(calls({ method: 'baldistill-a' })).toBe(1000);
    expect(calls({ method: 'baldistill-a', 'switches.verify': 'teacher' })).toBe(2000);
    expect(calls({ 'switches.verify': 'teacher' })).toBe(2100);
    expect(calls({ method: 'random-ft' })).toBe(1000);
  });

  test('has no teacher where the method asks none', () => {
    const without = good.replace('teacher: { embedded: simulated }\n', '');
    for (const method of ['random-ft', 'zero-shot-cot'] as const) {
      expect(specOf({ method }, without)).toEqual(specOf({ method }));
      expect(specOf({ method }).teacher).toBeUndefined();
    }
    expect(specOf({ method: 'zero-shot-cot' }).stages).toBe(0);
  });

  test('of a run recorded before a switch existed has its first value', () => {
    const spec = specOf({ method: 'baldistill-a' });
    const { scoreOn: _, diversity: __, nearDuplicates: ___, verify: ____, ...older } = spec.switches;
    expect(RunSpec.parse({ ...spec, switches: older })).toEqual(spec);
  });

  test('stops after max(2 x concurrency, 1 % of B) forfeits', () => {
    assert(
      property(integer({ min: 1, max: 1024 }), integer({ min: 5, max: 1_000_000 }), (concurrency, slots) => {
        const { budget } = specOf({ slots, 'teacher.concurrency': concurrency });
        expect(budget.maxForfeits).toBe(Math.max(2 * concurrency, Math.ceil(slots / 100)));
      }),
      { numRuns: 50 },
    );
  });
});

describe('the name of a run', () => {
  test("is the file's, then each override in key order, or the one given", () => {
    expect(specOf().name).toBe('demo');
    expect(specOf({ slots: 2600, method: 'baldistill-n', seed: '3' }).name).toBe(
      'demo,method=baldistill-n,seed=3,slots=2600',
    );
    expect(specOf({ noise: 0 }).name).toBe('demo,noise=0');
    expect(specOf({ slots: 10 }, good, 'mine').name).toBe('mine');
  });

  test('overrides are read as YAML would read them', () => {
    expect(specOf({ slots: '2600', 'teacher.noise': '0.5' })).toMatchObject({
      budget: { slots: 2600 },
      teacher: { noise: 0.5 },
    });
  });
});

describe('differences between two runs of a name', () => {
  test('name the keys that change what comes out', () => {
    const changed = specOf({ slots: 2000, 'switches.select': 'random' }, good, 'demo');
    expect(specDifferences(specOf(), changed)).toEqual([
      { key: 'budget.slots', before: '1000', after: '2000' },
      { key: 'switches.select', before: '"ifd"', after: '"random"' },
    ]);
  });

  test('leave out how the run is carried out', () => {
    const teacher = { 'teacher.concurrency': 64, 'teacher.timeout': 9, 'teacher.stallTimeout': 5 };
    const overrides = { ...teacher, 'student.concurrency': 2, calls: 2000 };
    expect(specDifferences(specOf(), { ...specOf(overrides, good, 'demo'), dataRoot: '/elsewhere' })).toEqual([]);
  });
});
