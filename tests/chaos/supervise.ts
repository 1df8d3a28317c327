/** Follows the runs of a site to their ends, and resumes what is blocked once nothing is broken any more. */
import { setTimeout as wait } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { FailureType } from '../../domain/failures.ts';
import { progressOfRun, resumeRun } from '../../workflows/messages.ts';
import { kindOf } from './faults.ts';
import type { Site } from './site.ts';

export interface Watch {
  /** Runs to be followed; another may be added. */
  readonly runs: Set<string>;
  /** Strikes that are not fixed yet: as long as there are any, nothing is resumed. */
  broken: number;
  /** True while a run is being started again. */
  restarting: boolean;
  readonly blocked: Set<FailureType>;
  /** Why runs are blocked now. */
  readonly blockedRuns: Map<string, FailureType>;
  /** Strikes give up waiting for their moment. */
  over: boolean;
  readonly violations: string[];
}

export function openWatch(run: string): Watch {
  return {
    runs: new Set([run]),
    broken: 0,
    restarting: false,
    blocked: new Set(),
    blockedRuns: new Map(),
    over: false,
    violations: [],
  };
}

/** Resolves when all runs are closed; a run that is not within `withinMs` is a violation. */
export async function supervise(site: Site, watch: Watch, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  const open = new Set<string>();
  let resumed = 0;
  for (;;) {
    open.clear();
    for (const run of watch.runs) if (!(await isOver(site, watch, run))) open.add(run);
    if (open.size === 0 && watch.broken === 0 && !watch.restarting) return;
    for (const run of watch.broken === 0 ? open : []) {
      if (!watch.blockedRuns.has(run)) continue;
      // A resume may cross a run that went on by itself; the next query shows it.
      if (await resume(site, run)) resumed += 1;
      if (resumed > 25) watch.violations.push(`resumed 25 times: ${[...watch.blocked].join(', ')}`);
    }
    if (Date.now() > end || resumed > 25) {
      watch.violations.push(`stuck: ${await lastWords(site, [...open])}`);
      return;
    }
    await wait(100);
  }
}

async function isOver(site: Site, watch: Watch, run: string): Promise<boolean> {
  const { client } = site.engine;
  try {
    return await client.withDeadline(Date.now() + 2000, async () => {
      const { status, searchAttributes } = await client.workflow.getHandle(run).describe();
      const { BaldistillStatus: shown } = searchAttributes;
      if (status.name !== 'RUNNING') {
        watch.blockedRuns.delete(run);
        if (status.name === 'FAILED') watch.violations.push(`the run ${run} failed for good`);
        // Only the driver terminates, and it starts the run again at once.
        return status.name !== 'TERMINATED' && !watch.restarting;
      }
      if (shown?.[0] !== 'blocked') {
        watch.blockedRuns.delete(run);
        return false;
      }
      const { blocked } = await client.workflow.getHandle(run).query(progressOfRun);
      if (blocked === null) return false;
      watch.blockedRuns.set(run, blocked.type);
      if (!watch.blocked.has(blocked.type)) noteBlocked(site, watch, blocked);
      return false;
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    // The server or the worker is broken at this moment; the deadline of the run counts.
    return false;
  }
}

function noteBlocked(site: Site, watch: Watch, blocked: { type: FailureType; message: string }): void {
  watch.blocked.add(blocked.type);
  const causes = site.plan.strikes.flatMap(({ fault }) => [...kindOf(fault).blocks]);
  if (!causes.includes(blocked.type)) {
    watch.violations.push(`blocked without a cause: ${blocked.type}: ${blocked.message.slice(0, 300)}`);
  }
}

async function resume(site: Site, run: string): Promise<boolean> {
  const { client } = site.engine;
  try {
    await client.withDeadline(Date.now() + 3000, () =>
      client.workflow.getHandle(run).executeUpdate(resumeRun, { args: [{}] }),
    );
    return true;
  } catch {
    // Refused because it runs again, or no answer yet.
    return false;
  }
}

async function lastWords(site: Site, runs: readonly string[]): Promise<string> {
  const { client } = site.engine;
  const words = runs.map(async (run) => {
    try {
      const progress = await client.withDeadline(Date.now() + 3000, () =>
        client.workflow.getHandle(run).query(progressOfRun),
      );
      const { status, step, blocked, stage, budget } = progress;
      return JSON.stringify({ run, status, step, stage, blocked: blocked?.message, budget });
    } catch (error) {
      return `${run}: ${String(error)}`;
    }
  });
  return (await Promise.all(words)).join('; ');
}
