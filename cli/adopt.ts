/** `ledger adopt`: a run goes on with the ledger that is there, charged with at least what a person says. */
import { mkdirSync } from 'node:fs';
import type { Charged } from '../activities/ports/ledger.ts';
import { openingOf } from '../activities/run-opening.ts';
import { openLedger } from '../adapters/ledger/open-ledger.ts';
import { RunSpec } from '../contracts/run-file.ts';
import { budgetWords } from '../workflows/details.ts';
import { progressOfRun, resumeRun } from '../workflows/messages.ts';
import { whereKnown } from './commands/known-run.ts';
import { withEngineOf } from './engine.ts';
import { CommandError, exitCodes } from './exit.ts';
import { ledgerPath } from './memory.ts';
import type { Terminal } from './terminal.ts';

/** Returns what was done, in a sentence. Throws `CommandError` where the run's limit forbids it. */
export async function adoptLedger(terminal: Terminal, run: string, charged: Charged): Promise<string> {
  return await withEngineOf(terminal, run, ({ client }) =>
    whereKnown(run, async () => {
      const handle = client.workflow.getHandle(run);
      const description = await handle.describe();
      const spec = RunSpec.safeParse(description.memo?.['spec']).data;
      mkdirSync(terminal.home, { recursive: true });
      const ledger = await openLedger({ path: ledgerPath(terminal.home) });
      try {
        if ((await ledger.run(run)) === undefined) {
          if (spec === undefined)
            throw new CommandError(
              exitCodes.failed,
              `Neither the ledger nor the engine knows the settings of "${run}".`,
            );
          await ledger.openRun(openingOf(spec));
        }
        const adopted = await ledger.adopt(run, charged);
        if (!adopted.accepted) {
          throw new CommandError(
            exitCodes.failed,
            `That is above the limits of the run "${run}": ${budgetWords(adopted.budget)} are charged.`,
            `Raise them first: baldistill budget ${run} --calls N`,
          );
        }
        const said = `The run "${run}" is charged ${budgetWords(adopted.budget)} in this ledger`;
        const open = description.status.name === 'RUNNING';
        const blocked = open ? (await handle.query(progressOfRun)).blocked : null;
        if (blocked?.type !== 'LedgerMismatch') return `${said}.`;
        await handle.executeUpdate(resumeRun, { args: [{ ledger: adopted.ledger }] });
        return `${said} and goes on.`;
      } finally {
        await ledger.close();
      }
    }),
  );
}
