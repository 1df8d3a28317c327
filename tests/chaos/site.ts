/** One run's place: its folders, its endpoints and its workers, each a process of its own that can be broken. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Owner } from '../../activities/ports/owner.ts';
import { openOwner } from '../../adapters/owner/owner.ts';
import { teacherModelId } from '../../contracts/run/embedded-models.ts';
import { freePort } from '../../workers/services/free-port.ts';
import { repository } from '../../workers/services/home.ts';
import type { Fault } from '../../embedded/behavior.ts';
import type { Engine } from './engine.ts';
import { kindOf } from './faults.ts';
import { pool } from './start.ts';
import { requestCounter } from './meter.ts';
import { startPart } from './processes.ts';
import type { Part } from './processes.ts';
import type { Plan } from './plan.ts';
import type { Where } from './where.ts';

export interface Site {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly folder: string;
  readonly home: string;
  readonly owner: Owner;
  readonly ledgerPath: string;
  readonly meterPath: string;
  readonly studentUrl: string;
  /** Folder on a file system of its own; undefined where the plan needs none. */
  readonly small: string | undefined;
  workers: Part[];
  teacher: Part;
  student: Part;
  /** Faults of the endpoint, which a restarted one is reported again. */
  faults: Partial<Fault>[];
  requests(): number;
  startWorker(): Promise<Part>;
  startTeacher(): Promise<void>;
  startStudent(): Promise<void>;
  behave(): Promise<void>;
  close(): Promise<string[]>;
}

/** What the ledger, artifacts and everything else of a run may take together, in MiB. */
const smallMegabytes = 24;

export async function openSite(plan: Plan, engine: Engine, root: string, bundles: string): Promise<Site> {
  const folder = join(root, plan.name);
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const small = mountSmall(plan, folder, home);
  const meterPath = join(folder, 'teacher', 'meter.log');
  const ports = { teacher: await freePort(), student: await freePort() };
  const environment = { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' };
  const run = async (name: string, program: string, args: string[]): Promise<Part> =>
    await startPart({
      command: process.execPath,
      args: [join(repository, program), ...args],
      environment,
      // A worker's log is filled up with the rest of its disk.
      logFile: join(name.startsWith('worker') ? (small ?? folder) : folder, `${name}.log`),
      speaks: true,
    });
  const endpoint = async (name: 'teacher' | 'student'): Promise<Part> => {
    const state = ['--state', join(folder, name), '--port', String(ports[name])];
    return await run(name, 'embedded/main.ts', [...state, ...(plan.idempotent ? ['--idempotent'] : [])]);
  };
  const where = join(folder, 'where.json');
  const publish = (pid: number): void => {
    const { name, sliceSeconds } = plan;
    const teacher = { url: `http://127.0.0.1:${ports.teacher}/v1`, pid };
    const value: Where = { name, home, bundles, address: engine.address, sliceSeconds, teacher };
    writeFileSync(`${where}.new`, JSON.stringify(value));
    renameSync(`${where}.new`, where);
  };
  const [teacher, student] = await Promise.all([endpoint('teacher'), endpoint('student')]);
  // The teacher reads its data when it is first named. A request without messages is refused before it is counted.
  const warm = async (): Promise<void> => {
    const model = teacherModelId({ kind: 'simulated', dataset: 'wordnet', noise: 0.2, pool });
    await fetch(`http://127.0.0.1:${ports.teacher}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model }),
    });
  };
  let workers = 0;
  const site: Site = {
    plan,
    engine,
    folder,
    home,
    owner: openOwner(home, null),
    ledgerPath: join(home, 'ledger.sqlite'),
    meterPath,
    studentUrl: `http://127.0.0.1:${ports.student}/v1`,
    small,
    workers: [],
    teacher,
    student,
    faults: [],
    requests: requestCounter(meterPath),
    async startWorker() {
      const worker = await run(`worker-${++workers}`, 'tests/chaos/worker-process.ts', ['--where', where]);
      site.workers.push(worker);
      return worker;
    },
    async startTeacher() {
      site.teacher = await endpoint('teacher');
      await warm();
      await site.behave();
      publish(site.teacher.pid);
    },
    async startStudent() {
      site.student = await endpoint('student');
    },
    async behave() {
      const behavior = { latencyMs: 12, jitterMs: 16, faults: site.faults };
      const sendFaults = async (): Promise<Response> =>
        await fetch(`http://127.0.0.1:${ports.teacher}/embedded/behavior`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(behavior),
        });
      let response: Response;
      try {
        response = await sendFaults();
      } catch (error) {
        // Another strike has killed it: it is reported when it starts. One that lives had closed this connection.
        if (!site.teacher.alive()) return;
        response = await sendFaults().catch(() => {
          throw error;
        });
      }
      if (!response.ok)
        throw new Error(`the teacher does not take ${JSON.stringify(behavior)}: ${await response.text()}`);
    },
    async close() {
      const stuck: string[] = [];
      await Promise.all(
        site.workers.map(async (worker) => {
          if (!(await worker.end(20_000))) stuck.push('a worker does not drain within 20 s of SIGTERM');
        }),
      );
      await Promise.all([site.teacher.end(3000), site.student.end(3000)]);
      return stuck;
    },
  };
  site.faults = plan.strikes.flatMap(({ fault, at, count }) => {
    const { endpoint: misdeed } = kindOf(fault);
    return misdeed === undefined ? [] : [{ every: 1, headers: {}, ...misdeed, from: at, count }];
  });
  await warm();
  await site.behave();
  publish(teacher.pid);
  await Promise.all(Array.from({ length: plan.workers }, async () => await site.startWorker()));
  return site;
}

/** A small file system under the artifacts, or under the ledger with the artifacts elsewhere. */
function mountSmall(plan: Plan, folder: string, home: string): string | undefined {
  const full = plan.strikes.map(({ fault }) => kindOf(fault).full).find((part) => part !== undefined);
  if (full === undefined) return undefined;
  const artifacts = join(home, 'artifacts');
  const small = full === 'artifacts' ? artifacts : home;
  if (!mounted(small)) return undefined;
  if (full === 'ledger') {
    for (const name of ['artifacts', 'runs']) {
      mkdirSync(join(folder, name));
      symlinkSync(join(folder, name), join(home, name));
    }
  }
  return small;
}

/** False where we may not mount. */
function mounted(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${smallMegabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Lets go of a run's folder. */
export function clear({ folder, small }: Pick<Site, 'folder' | 'small'>, keep: boolean): void {
  // What a violation is about has to stay readable, so a kept run keeps its file system.
  if (keep) return;
  if (small !== undefined) execFileSync('umount', ['--lazy', small]);
  rmSync(folder, { recursive: true, force: true });
}
