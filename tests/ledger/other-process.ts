/** Another process on the same ledger: prints its results, then waits until it is killed. */
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { requestFor } from './requests.ts';

const [path = '', what = '', run = '', count = '0', first = '0'] = process.argv.slice(2);
const ledger = await openLedger({ path });
const print = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};

if (what === 'intend') {
  const slots = Array.from({ length: Number(count) }, (_, index) => Number(first) + index);
  print(await Promise.all(slots.map((slot) => ledger.intend(requestFor(run, slot)))));
} else {
  print(await ledger.claimOnce({ key: run }));
}
// Stays alive until the test kills it.
setInterval(() => undefined, 60_000);
