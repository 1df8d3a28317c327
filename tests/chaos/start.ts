/** The run that is disturbed: 300 calls in three stages over WordNet. */
import type { WorkflowHandle } from '@temporalio/client';
import { resolveRunFile } from '../../adapters/run-file/resolve.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { engineSettings } from '../../workers/temporal-config.ts';
import type { distill } from '../../workflows/index.ts';
import type { Plan } from './plan.ts';
import type { Site } from './site.ts';
import { configOf } from './where.ts';

/** Rows of the training pool. */
export const pool = 600;

export function specOf(plan: Plan, run: string, studentUrl: string): RunSpec {
  const teacher = {
    embedded: 'simulated',
    concurrency: plan.concurrency,
    timeout: plan.timeoutSeconds,
    ...(plan.idempotent ? { idempotency: { ttl: 3600 } } : {}),
    ...(plan.unbilled === undefined ? {} : { unbilled: plan.unbilled }),
  };
  const text = [
    `name: ${run}`,
    `data: { builtin: wordnet, pool: ${pool} }`,
    'method: baldistill-a',
    'stages: 3',
    `seed: ${plan.specSeed}`,
    `budget: { slots: ${plan.slots}, calls: ${plan.calls} }`,
    `teacher: ${JSON.stringify(teacher)}`,
    `student: { baseUrl: '${studentUrl}', model: naive-bayes }`,
  ].join('\n');
  const resolved = resolveRunFile(text, { path: '/chaos/run.yaml', overrides: {}, name: run, dataRoot: undefined });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  return resolved.spec;
}

export async function startRun(site: Site, run: string): Promise<WorkflowHandle<typeof distill>> {
  const { plan, engine, studentUrl, owner } = site;
  const config = configOf(plan.name, plan.sliceSeconds);
  return await engine.client.workflow.start<typeof distill>('distill', {
    workflowId: run,
    taskQueue: config.taskQueues.control.name,
    args: [
      {
        run: await owner.signRun(specOf(plan, run, studentUrl)),
        searchAttributes: true,
        engine: engineSettings(config),
      },
    ],
  });
}
