/** The cells of the grid, whole or the part that is asked for. */
import { clients } from './cell.ts';
import type { Cell } from './cell.ts';

const latencies = [0, 50, 200];
const widths = [64, 256];
const sizes = [2000, 20_000];

/** Every combination, one after another as they are measured: the clients of a setting run one after the other. */
export function wholeGrid(): Cell[] {
  return [false, true].flatMap((faults) =>
    latencies.flatMap((latencyMs) =>
      widths.flatMap((inFlight) =>
        sizes.flatMap((calls) => clients.map((client) => ({ client, latencyMs, inFlight, calls, faults }))),
      ),
    ),
  );
}

/** `quick`: 2,000 calls without faults. `only`: conditions such as `latency=50,inFlight=64,client=engine`, all of which hold. */
export function partOf(grid: readonly Cell[], quick: boolean, only: string | undefined): Cell[] {
  const conditions = (only ?? '').split(',').flatMap((part) => {
    const [key = '', value = ''] = part.split('=');
    return key === '' ? [] : [{ key, value: value.split('|') }];
  });
  for (const { key } of conditions) {
    if (!Object.hasOwn(readers, key))
      throw new RangeError(`--only: ${key} is none of ${Object.keys(readers).join(', ')}`);
  }
  return grid.filter(
    (cell) =>
      (!quick || (cell.calls === 2000 && !cell.faults)) &&
      conditions.every(({ key, value }) => value.includes(readers[key]?.(cell) ?? '')),
  );
}

const readers: Readonly<Record<string, (cell: Cell) => string>> = {
  client: ({ client }) => client.replace('engine, ', ''),
  latency: ({ latencyMs }) => String(latencyMs),
  inFlight: ({ inFlight }) => String(inFlight),
  calls: ({ calls }) => String(calls),
  faults: ({ faults }) => (faults ? 'yes' : 'no'),
};
