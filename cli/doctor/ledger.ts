/** The ledger: opens, adds up for every run, and is whole as a file. */
import { fileTrouble } from '../../adapters/ledger/check-file.ts';
import { ledgerPath, withLedger } from '../runs/stored-runs.ts';
import { fine, note, trouble } from './prerequisite.ts';
import type { Prerequisite } from './prerequisite.ts';

export const ledgerPrerequisite: Prerequisite = {
  title: 'ledger',
  async task({ home }) {
    const summary = await withLedger(home, async (ledger) => {
      const runs = await ledger.runs();
      const differences: string[] = [];
      for (const { name } of runs)
        differences.push(...(await ledger.audit({ run: name })).map((difference) => `${name}: ${difference}`));
      const { counter } = await ledger.identity();
      return { runs: runs.length, counter, differences };
    });
    if (summary === undefined) return note('none yet, made by the first run');
    const damage = fileTrouble(ledgerPath(home));
    if (damage !== null)
      return trouble(`the file is damaged: ${damage}`, 'See docs/operations.md, "The ledger is lost".');
    const [first] = summary.differences;
    if (first !== undefined)
      return trouble(
        summary.differences.length === 1 ? first : `${first}, and ${summary.differences.length - 1} more`,
        'Hold the run against its endpoint: baldistill ledger verify RUN.',
      );
    return fine(`whole, adds up for ${summary.runs} ${summary.runs === 1 ? 'run' : 'runs'}, ${summary.counter} events`);
  },
};
