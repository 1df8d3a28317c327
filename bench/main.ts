/**
 * `npm run bench -- [--quick] [--only KEY=VALUE[|VALUE],...] [--profile DIR]`: how fast the engine sends, against bare
 * loops (docs/performance.md). Keys of `--only`: client, latency, inFlight, calls, faults.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { endAll } from '../tests/chaos/processes.ts';
import type { Cell, Measured } from './cell.ts';
import { partOf, wholeGrid } from './grid.ts';
import { measureBare } from './measure-bare.ts';
import { measureEngine } from './measure-engine.ts';
import { openStand } from './stand.ts';
import { tableOf } from './table.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    profile: { type: 'string' },
  },
});
const cells = partOf(wholeGrid(), values.quick, values.only);
const load = (): string => loadavg()[0]?.toFixed(1) ?? '';

process.once('SIGINT', () => void endAll().then(() => process.exit(130)));
console.error(
  `${cells.length} cells, ${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}, load ${load()}`,
);
const stand = await openStand();
const results: { cell: Cell; measured: Measured }[] = [];
try {
  for (const cell of cells) {
    await stand.behave({ latencyMs: cell.latencyMs, jitter: 0.25, faults: cell.faults });
    const bare = cell.client === 'undici' || cell.client === 'openai';
    const measured = bare ? await measureBare(stand, cell) : await measureEngine(stand, cell, values.profile);
    results.push({ cell, measured });
    const rate = (cell.calls / measured.seconds).toFixed(0);
    console.error(`${JSON.stringify(cell)}: ${rate} calls/s, load ${load()}`);
  }
} finally {
  await stand.close();
}
console.log(tableOf(results));
// The connection to the Temporal server is left open, see tests/chaos/engine.ts.
process.exit(0);
