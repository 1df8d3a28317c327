import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  fineTunedModelId,
  parseStudentModelId,
  parseTeacherModelId,
  teacherModelId,
} from '../../contracts/run/embedded-models.ts';

it('reads back every teacher id it writes', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 40_000 }), (noise, pool) => {
      const teacher = { kind: 'simulated', dataset: 'wordnet', noise: noise === 0 ? 0 : noise, pool } as const;
      expect(parseTeacherModelId(teacherModelId(teacher))).toEqual(teacher);
    }),
  );
  expect(parseTeacherModelId('recorded-r52')).toEqual({
    kind: 'recorded',
    folder: 'r52',
    task: 'classification',
    reserve: null,
  });
});

it('knows nothing of other ids', () => {
  for (const id of ['gpt-4o', 'recorded-../etc', 'simulated-wordnet', 'simulated-wordnet?noise=2&pool=50', '']) {
    expect(parseTeacherModelId(id)).toBeUndefined();
    expect(parseStudentModelId(id)).toBeUndefined();
  }
  expect(parseStudentModelId('ft:naive-bayes:../..:0123456789ab')).toBeUndefined();
  expect(parseStudentModelId('ft:gpt-4o:x:0123456789ab')).toBeUndefined();
});

it('makes safe student ids of any suffix', () => {
  const id = fineTunedModelId('naive-bayes', 'r52,seed=1/../x', '0123456789ab');
  expect(id).toBe('ft:naive-bayes:r52-seed-1-..-x:0123456789ab');
  expect(parseStudentModelId(id)).toEqual({
    base: 'naive-bayes',
    suffix: 'r52-seed-1-..-x',
    fingerprint: '0123456789ab',
  });
});
