/** Another process on the same ledger: says what it got, then stays until it is killed. */
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { requestFor } from './requests.ts';

const [path = '', what = '', run = '', count = '0', first = '0'] = process.argv.slice(2);
const ledger = await openLedger({ path });
const say = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};

if (what === 'intend') {
  const slots = Array.from({ length: Number(count) }, (_, index) => Number(first) + index);
  say(await Promise.all(slots.map((slot) => ledger.intend(requestFor(run, slot)))));
} else {
  say(await ledger.claimOnce({ key: run }));
}
// Alive until it is killed: a test of this file never ends by itself.
setInterval(() => undefined, 60_000);
