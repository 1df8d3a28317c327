/** Carries out one strike at its moment and ends it. */
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../../domain/random.ts';
import { fillDisk, freeDisk } from './disk.ts';
import { kindOf } from './faults.ts';
import { copyLedger, swapLedger } from './ledger-copies.ts';
import type { Strike } from './plan.ts';
import type { Part } from './processes.ts';
import type { Site } from './site.ts';
import { startRun } from './start.ts';
import { steer } from './steering.ts';
import type { Watch } from './supervise.ts';
import { until } from './until.ts';

export interface Struck {
  readonly strike: Strike;
  /** When something was broken, and when it was fixed: milliseconds since the epoch. */
  readonly at: number;
  readonly mendedAt: number;
  /** When a killed endpoint was gone: until then it still takes connections, and resets them. */
  readonly goneAt: number | undefined;
}

/** As `strikeAtItsMoment`; a strike that fails is a violation, and never the end of the campaign. */
export async function strikeSafely(site: Site, watch: Watch, strike: Strike): Promise<Struck | undefined> {
  try {
    return await strikeAtItsMoment(site, watch, strike);
  } catch (error) {
    // Once the run is over its processes are ended, also one that this strike was just starting.
    if (!watch.over)
      watch.violations.push(`the driver could not strike ${strike.fault}@${strike.at}: ${String(error)}`);
    return undefined;
  }
}

/** Waits for the strike's moment; undefined when the run was over before. */
async function strikeAtItsMoment(site: Site, watch: Watch, strike: Strike): Promise<Struck | undefined> {
  while (site.requests() < strike.at) {
    if (watch.over) return undefined;
    await wait(5);
  }
  let at = Date.now();
  // The endpoint strikes by itself at exactly that request.
  if (kindOf(strike.fault).endpoint !== undefined) return { strike, at, mendedAt: at, goneAt: undefined };
  await wait(strike.delayMs);
  if (watch.over) return undefined;
  watch.broken += 1;
  let goneAt: number | undefined;
  try {
    await carryOut(site, watch, strike, {
      broken: () => {
        at = Date.now();
      },
      gone: () => {
        goneAt = Date.now();
      },
    });
  } finally {
    watch.broken -= 1;
  }
  return { strike, at, mendedAt: Date.now(), goneAt };
}

/** The moments of a strike that are reported to who counts what it cost. */
interface Moments {
  readonly broken: () => void;
  readonly gone: () => void;
}

async function carryOut(site: Site, watch: Watch, strike: Strike, { broken, gone }: Moments): Promise<void> {
  broken();
  const random = seededRandom(site.plan.name, 'strike', strike.fault, strike.at);
  const pause = 100 + random.int(900);
  switch (strike.fault) {
    case 'worker-kill': {
      await (await worker(site)).kill();
      site.workers = site.workers.filter((part) => part.alive());
      await wait(pause);
      await site.startWorker();
      return;
    }
    case 'worker-term': {
      const ended = await worker(site);
      site.workers = site.workers.filter((part) => part !== ended);
      const startedAnother = random.next() < 0.5 ? site.startWorker() : undefined;
      if (!(await ended.end(30_000))) watch.violations.push('a worker does not drain within 30 s of SIGTERM');
      await (startedAnother ?? site.startWorker());
      return;
    }
    case 'worker-stop':
      return await frozen(await worker(site), 2500 + random.int(1500));
    case 'worker-stop-long':
      return await frozen(await worker(site), 12_000);
    case 'teacher-stop':
      return await frozen(site.teacher, 1000 + random.int(2500));
    case 'teacher-kill': {
      await site.teacher.kill();
      gone();
      const { faults } = site;
      // A new process counts anew how often a fault has struck: those that have begun are not repeated.
      site.faults = faults.filter(({ from }) => (from ?? 0) > site.requests());
      await wait(pause);
      return await site.startTeacher();
    }
    case 'student-kill': {
      await site.student.kill();
      await wait(pause);
      return await site.startStudent();
    }
    case 'temporal-kill': {
      await site.engine.kill();
      await wait(pause);
      return await site.engine.restart();
    }
    case 'terminate':
      return await terminateAndStart(site, watch);
    case '503-blocked': {
      const before = site.faults;
      site.faults = [{ status: 503, when: 'before', headers: {} }];
      await site.behave();
      await until(() => watch.blockedRuns.size > 0, 12_000);
      site.faults = before.filter(({ from }) => (from ?? 0) > site.requests());
      return await site.behave();
    }
    case 'artifacts-full':
    case 'ledger-full': {
      fillDisk(site);
      await until(() => watch.blockedRuns.size > 0, 3000);
      return freeDisk(site);
    }
    case 'two-workers':
    case 'three-workers':
      // There from the start; one of them goes at this moment, in order.
      await (await worker(site)).end(30_000);
      site.workers = site.workers.filter((part) => part.alive());
      await site.startWorker();
      return;
    case 'two-runs': {
      // It may be drawn more than once.
      const another = `${site.plan.name}-${strike.at}-${strike.delayMs}`;
      await startRun(site, another);
      watch.runs.add(another);
      return;
    }
    case 'steering':
      return await steer(site, watch, random);
    case 'old-ledger': {
      const copy = copyLedger(site);
      watch.broken -= 1;
      const late = 120 + random.int(150);
      while (site.requests() < late && !watch.over) await wait(5);
      watch.broken += 1;
      broken();
      if (!watch.over) await swapLedger(site, watch, copy);
      return;
    }
    default:
      throw new Error(`no code carries out ${strike.fault}`);
  }
}

/** A worker to strike. Another strike may just have taken the only one: its successor is waited for. */
async function worker(site: Site): Promise<Part> {
  const living = (): Part | undefined => site.workers.find((candidate) => candidate.alive());
  await until(() => living() !== undefined, 20_000);
  const part = living();
  if (part === undefined) throw new Error('no worker lives');
  return part;
}

async function frozen(part: Part, milliseconds: number): Promise<void> {
  part.signal('SIGSTOP');
  await wait(milliseconds);
  part.signal('SIGCONT');
}

async function terminateAndStart(site: Site, watch: Watch): Promise<void> {
  const { name } = site.plan;
  watch.restarting = true;
  try {
    // It may have ended at this very moment; then it is started again as well, and finds everything paid.
    await site.engine.client.workflow
      .getHandle(name)
      .terminate('chaos')
      .catch(() => undefined);
    await startRun(site, name);
  } finally {
    watch.restarting = false;
  }
}
