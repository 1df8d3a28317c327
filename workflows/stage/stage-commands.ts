/** Messages to a stage that change something: taken only when a worker has verified who signed them. */
import { CancellationScope, log } from '@temporalio/workflow';
import type { Brought, ResumeCommand, SignedTerms } from '../../contracts/signed/signed-command.ts';
import { failureOf } from '../blocking.ts';
import type { StageRun } from './stage-run.ts';

/** What a resume may change: nothing for a plain one, null where it is refused. */
export async function takeResume(run: StageRun, command: ResumeCommand): Promise<Brought | null> {
  if (command.content === undefined) return {};
  if (command.issuedAt <= (run.memory.commandedAt ?? 0)) return null;
  const accept = { run: run.input.run, command };
  const brought = await orNull('resume', () =>
    run.steps.control.acceptResume.executeWithOptions({ summary: 'verify the resume' }, [accept]),
  );
  if (brought !== null) run.memory.commandedAt = command.issuedAt;
  return brought;
}

/** Whether these terms hold from now on: newer than those that hold, and signed. */
export async function takeTerms(run: StageRun, terms: SignedTerms): Promise<boolean> {
  const isNewer = (): boolean => terms.issuedAt > (run.memory.terms?.issuedAt ?? 0);
  if (!isNewer()) return false;
  const request = { run: run.input.run, terms };
  const answer = await orNull('terms', async () => {
    await run.steps.control.verifyTerms.executeWithOptions({ summary: 'verify the new pace' }, [request]);
    return true;
  });
  // Another message may have been verified meanwhile.
  if (answer !== true || !isNewer()) return false;
  run.memory.terms = terms;
  return true;
}

/** A message that is refused changes nothing, and a stage that was asked to end can still take one. */
async function orNull<T>(what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await CancellationScope.nonCancellable(work);
  } catch (error) {
    const { type, message } = failureOf(error);
    log.warn(`The message "${what}" was ignored (${type}): ${message}`);
    return null;
  }
}
