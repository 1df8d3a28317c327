/** The reference values: computed by Python where it has what is needed, else those that were stored. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { cases } from './cases.ts';

const Values = z.object({
  classification: z.array(z.array(z.number())),
  'multi-label': z.array(z.array(z.number())),
  'word-f1': z.array(z.number()),
  'rouge-l': z.array(z.number()),
  maths: z.array(z.boolean()),
  choice: z.array(z.string().nullable()),
});
export type Values = z.infer<typeof Values>;

export const storedPath = join(import.meta.dirname, 'values.json');

/** Undefined where Python, scikit-learn or rouge-score is missing. `BALDISTILL_PYTHON` names another Python. */
export function computedValues(): Values | undefined {
  const python = process.env['BALDISTILL_PYTHON'] ?? 'python3';
  const ready = spawnSync(python, ['-c', 'import sklearn, rouge_score']);
  if (ready.status !== 0) return undefined;
  const script = join(import.meta.dirname, 'reference.py');
  const { status, stdout, stderr } = spawnSync(python, [script], {
    input: JSON.stringify(cases),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`reference.py: ${stderr}`);
  return Values.parse(JSON.parse(stdout));
}

export function storedValues(): Values {
  return Values.parse(JSON.parse(readFileSync(storedPath, 'utf8')));
}
