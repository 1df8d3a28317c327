/** The table of docs/performance.md. */
import { table } from '../report/markdown-table.ts';
import { ideal } from './cell.ts';
import type { Cell, Measured } from './cell.ts';

const head = [
  'latency ms',
  'in flight',
  'calls',
  'faults',
  'client',
  'calls/s',
  '% of ideal',
  'client CPU µs/call',
  'Temporal CPU µs/call',
  'peak MB',
  'first call s',
  'requests',
  'most in flight',
  'events',
];

export function tableOf(results: readonly { readonly cell: Cell; readonly measured: Measured }[]): string {
  return table(
    head,
    results.map(({ cell, measured }) => lineOf(cell, measured)),
  );
}

function lineOf(cell: Cell, measured: Measured): string[] {
  const { latencyMs, inFlight, calls, faults, client } = cell;
  const { seconds, clientCpu, serverCpu, peakMegabytes, firstCallSeconds, requests, mostInFlight, events } = measured;
  const rate = calls / seconds;
  const most = ideal(cell);
  const perCall = (cpu: number): string => ((cpu / calls) * 1e6).toFixed(0);
  return [
    String(latencyMs),
    String(inFlight),
    String(calls),
    faults ? 'yes' : 'no',
    client,
    rate.toFixed(0),
    most === null ? '' : ((rate / most) * 100).toFixed(0),
    perCall(clientCpu),
    serverCpu === null ? '' : perCall(serverCpu),
    peakMegabytes.toFixed(0),
    firstCallSeconds.toFixed(2),
    String(requests),
    String(mostInFlight),
    events === null ? '' : String(events),
  ];
}
