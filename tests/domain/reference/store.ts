/**
 * Keeps the reference values for machines without Python: in a virtual environment with scikit-learn and rouge-score,
 * `BALDISTILL_PYTHON=VENV/bin/python node tests/domain/reference/store.ts`.
 */
import { writeFileSync } from 'node:fs';
import { computedValues, storedPath } from './python.ts';

const values = computedValues();
if (values === undefined) throw new Error('Python with scikit-learn and rouge-score is needed (BALDISTILL_PYTHON).');
const round = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(12)) : value;
writeFileSync(storedPath, `${JSON.stringify(values, round)}\n`);
