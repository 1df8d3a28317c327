/** With what a run was made: versions, and a fingerprint of the prompts. */
import { createHash } from 'node:crypto';
import type { Report } from '../contracts/report.ts';
import { annotatePrompt, promptVersion, studentPrompt, synthesisePrompt } from '../domain/tasks/classification.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import manifest from '../package.json' with { type: 'json' };

export const versions: Report['versions'] = { baldistill: manifest.version, node: process.versions.node };

/** The hash changes with any word of a template: two runs with the same hash asked in the same words. */
export function prompts(): Report['prompts'] {
  const question = { instruction: '{instruction}', input: '{input}', answer: '{answer}' };
  const labels = ['{label}', '{other label}'];
  const synthesis = { instruction: '{instruction}', labels, examples: ['{example}'] };
  const filled = [
    studentPrompt(question, labels),
    annotatePrompt(question, labels),
    ...['{label}', '{domain}'].map((label) => synthesisePrompt({ ...synthesis, label })),
  ];
  return { version: promptVersion, sha256: createHash('sha256').update(canonicalJson(filled)).digest('hex') };
}
