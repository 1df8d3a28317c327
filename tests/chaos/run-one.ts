/** One disturbed run from its first process to its last. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import type { Engine } from './engine.ts';
import { inspect, trainingHash } from './assertions.ts';
import type { Finding } from './assertions.ts';
import type { Plan } from './plan.ts';
import { clear, openSite } from './site.ts';
import type { Site } from './site.ts';
import { startRun } from './start.ts';
import { strikeSafely } from './strike.ts';
import { openWatch, supervise } from './supervise.ts';

export interface Surroundings {
  readonly engine: Engine;
  readonly root: string;
  readonly bundles: string;
  /** How long a run may take before it counts as stuck. */
  readonly deadlineMs: number;
  readonly keep: boolean;
}

export interface Outcome extends Finding {
  readonly plan: Plan;
  /** Why it was blocked on its way. */
  readonly blockedBy: readonly string[];
  readonly wallSeconds: number;
  readonly training: string;
  readonly folder: string;
}

/** `quiet`: hash of the training set of the undisturbed run. */
export async function runOne(plan: Plan, surroundings: Surroundings, quiet?: string): Promise<Outcome> {
  const startedAt = performance.now();
  const { engine, root, bundles, deadlineMs } = surroundings;
  const site = await openSite(plan, engine, root, bundles);
  const watch = openWatch(plan.name);
  const problems: string[] = [];
  let kept = surroundings.keep;
  try {
    await startRun(site, plan.name);
    const strikes = plan.strikes.map(async (strike) => await strikeSafely(site, watch, strike));
    await supervise(site, watch, deadlineMs);
    watch.over = true;
    const struck = (await Promise.all(strikes)).filter((strike) => strike !== undefined);
    const runs = [...watch.runs];
    problems.push(...(await site.close()));
    problems.push(...leftOver(site));
    const finding = inspect(site, runs, struck, quiet);
    const violations = [...new Set([...watch.violations, ...problems, ...finding.violations])];
    kept ||= violations.length > 0;
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const training = trainingHash(site, plan.name);
    return { ...finding, plan, blockedBy: [...watch.blocked], violations, wallSeconds, training, folder: site.folder };
  } finally {
    watch.over = true;
    await site.close();
    clear(site, kept);
  }
}

/** Processes that still name the run's folder on their command line. */
function leftOver(site: Site): string[] {
  if (!existsSync('/proc')) return [];
  return (
    readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
      .map((pid) => commandLine(pid))
      // The server of Temporal belongs to the driver, not to the run.
      .filter((line) => line.includes(`${site.folder}/`) && !line.includes('start-dev'))
      .map((line) => `a process is left: ${line.slice(0, 120)}`)
  );
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It ended while we looked.
    return '';
  }
}
