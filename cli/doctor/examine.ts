/** Checks everything on the lists in order; a check that fails to run counts as trouble. */
import { resolve } from 'node:path';
import { BaldistillError, remedyOf } from '../../domain/failures.ts';
import { readRun } from '../runs/run-source.ts';
import { machinePrerequisites } from './machine.ts';
import { runPrerequisites } from './run.ts';
import { fine, trouble } from './prerequisite.ts';
import type { Looked } from './prerequisite.ts';

export interface Look extends Looked {
  readonly of: 'this machine' | 'the run file';
  readonly title: string;
}

/** Throws `CommandError` with all its problems for a run file that cannot be used. */
export async function lookOver(home: string, file: string | undefined): Promise<readonly Look[]> {
  const spec = file === undefined ? undefined : readRun(resolve(file), {});
  const setting = { home, environment: process.env };
  const looks: Look[] = [];
  for (const { title, task } of machinePrerequisites)
    looks.push({ of: 'this machine', title, ...(await looked(async () => await task(setting))) });
  if (spec === undefined) return looks;
  looks.push({ of: 'the run file', title: spec.name, ...fine(`${spec.method}, ${spec.stages} stages`) });
  for (const { title, task } of runPrerequisites(spec))
    looks.push({ of: 'the run file', title, ...(await looked(async () => await task(spec, setting))) });
  return looks;
}

async function looked(task: () => Promise<Looked>): Promise<Looked> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof BaldistillError) return trouble(error.message, remedyOf(error.type));
    const says = error instanceof Error ? error.message : String(error);
    return trouble(says, 'This could not be checked.');
  }
}
