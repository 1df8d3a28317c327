/** `ledger adopt`: a run goes on with the ledger that is there, charged with at least what a person says. */
import { mkdirSync } from 'node:fs';
import type { Charged, RunBudget } from '../../activities/ports/ledger.ts';
import { openingOf } from '../../activities/run-opening.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { openOwner } from '../../adapters/owner/owner.ts';
import { signCommand } from '../../adapters/owner/sign-command.ts';
import { usdOf } from '../../domain/budget/cost.ts';
import { budgetWords } from '../../workflows/details.ts';
import { progressOfRun, resumeRun } from '../../workflows/messages.ts';
import { whereKnown } from '../commands/known-run.ts';
import { withEngineOf } from '../engine.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { ledgerPath } from './stored-runs.ts';
import { startedSpec } from './open-run.ts';
import type { Terminal } from '../terminal.ts';

/** Returns what was done, in a sentence. Throws `CommandError` where the run's limit forbids it. */
export async function adoptLedger(terminal: Terminal, run: string, charged: Charged): Promise<string> {
  return await withEngineOf(terminal, run, ({ client }) =>
    whereKnown(run, async () => {
      const handle = client.workflow.getHandle(run);
      const description = await handle.describe();
      const spec = await startedSpec(terminal.home, description.memo);
      mkdirSync(terminal.home, { recursive: true });
      const ledger = await openLedger({ path: ledgerPath(terminal.home) });
      try {
        if ((await ledger.run({ run })) === undefined) {
          if (spec === undefined)
            throw new CommandError(
              exitCodes.failed,
              `Neither the ledger nor the engine knows the settings of "${run}".`,
            );
          await ledger.openRun(openingOf(spec));
        }
        const adopted = await ledger.adopt({ run, charged });
        if (!adopted.accepted) {
          throw new CommandError(
            exitCodes.failed,
            `That is above what the run "${run}" may be charged: ${budgetWords(adopted.budget)} are charged.`,
            `Raise that limit first: baldistill budget ${run} ${passedLimits(charged, adopted.budget).join(' ')}`,
          );
        }
        const said = `The run "${run}" is charged ${budgetWords(adopted.budget)} in this ledger`;
        const open = description.status.name === 'RUNNING';
        const blocked = open ? (await handle.query(progressOfRun)).blocked : null;
        if (blocked?.type !== 'LedgerMismatch') return `${said}.`;
        const content = { ledger: adopted.ledger };
        const command = signCommand(openOwner(terminal.home, null), { run, action: 'resume', content });
        await handle.executeUpdate(resumeRun, { args: [command] });
        return `${said} and goes on.`;
      } finally {
        await ledger.close();
      }
    }),
  );
}

/** The limits below these amounts, as options of `budget` that would just allow them. */
export function passedLimits(
  { calls, tokens, microUsd }: Charged,
  budget: Pick<RunBudget, 'charged' | 'limit' | 'tokens' | 'microUsd'>,
): readonly string[] {
  return [
    ...(passed(calls, budget) ? [`--calls ${calls}`] : []),
    ...(passed(tokens, budget.tokens) ? [`--tokens ${tokens}`] : []),
    ...(passed(microUsd, budget.microUsd) ? [`--usd ${usdOf(microUsd)}`] : []),
  ];
}

/** What is charged already is not raised, also where it has passed its limit. */
function passed(amount: number, { limit, charged }: RunBudget['tokens']): boolean {
  return limit !== null && amount > Math.max(limit, charged);
}
