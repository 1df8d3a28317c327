/** The versions a run was made with, and a hash of its prompts. */
import { createHash } from 'node:crypto';
import type { Report } from '../../contracts/report.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { askingIn } from '../../domain/tasks/asking.ts';
import { openTask } from '../../domain/tasks/open-task.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { askKinds } from '../../domain/tasks/template.ts';
import manifest from '../../package.json' with { type: 'json' };

export const versions: Report['versions'] = { baldistill: manifest.version, node: process.versions.node };

/** The hash covers the prompt templates: two runs with the same hash sent the same prompts. */
export function prompts({ task: name, prompts: own }: RunSpec, output: Output | null): Report['prompts'] {
  const task = openTask(name, ['{label}', '{other label}'], askingIn(output ?? 'text', own));
  const choices = ['{choice}', '{other choice}'];
  const question = { instruction: '{instruction}', input: '{input}', answer: '{answer}', choices };
  const filled = [
    task.studentPrompt(question),
    task.annotatePrompt(question),
    task.verifyPrompt(question),
    ...['{label}', '{domain}'].map((domain) =>
      task.synthesizePrompt({ instruction: '{instruction}', domain, shown: [question], avoid: ['{avoid}'] }),
    ),
    ...askKinds.map((kind) => task.responseFormat(kind) ?? null),
  ];
  const sha256 = createHash('sha256').update(canonicalJson(filled)).digest('hex');
  return { version: task.promptVersion, sha256, output, own: askKinds.filter((kind) => own[kind] !== undefined) };
}
