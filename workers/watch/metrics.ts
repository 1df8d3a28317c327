/** The metrics, read at each scrape from the limiters and the ledger. */
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Ledger } from '../../activities/ports/ledger.ts';
import type { EndpointSnapshot, FlowSnapshot } from '../../contracts/flow/flow.ts';
import { secondsLeft } from '../../domain/flow/seconds-left.ts';
import type { Limiters } from './limiters.ts';

export interface Measured {
  readonly limiters: Limiters;
  readonly ledger: Pick<Ledger, 'budget'>;
}

interface RunSnapshot {
  readonly labels: { readonly endpoint: string; readonly run: string };
  readonly flow: FlowSnapshot;
}

export function metricsOf(registry: Registry, { limiters, ledger }: Measured): void {
  const registers = [registry];
  const all = (): readonly EndpointSnapshot[] => limiters.snapshots('all');
  const runs = (): readonly RunSnapshot[] =>
    all().flatMap(({ endpoint, runs: of }) => of.map(({ run, flow }) => ({ labels: { endpoint, run }, flow })));

  function gauge(name: string, help: string, of: (snapshot: FlowSnapshot) => number): void {
    const labelNames = ['endpoint', 'run'];
    const made = new Gauge({ name, help, labelNames, registers, collect: () => collect() });
    const collect = (): void => {
      made.reset();
      for (const { labels, flow } of runs()) made.set(labels, of(flow));
    };
  }

  /** Counts kept by the limiters: a counter is set to their present value. */
  function counter(
    name: string,
    help: string,
    more: string,
    of: (snapshot: FlowSnapshot) => Record<string, number>,
  ): void {
    const labelNames = ['endpoint', 'run', more];
    const made = new Counter({ name, help, labelNames, registers, collect: () => collect() });
    const collect = (): void => {
      made.reset();
      for (const { labels, flow } of runs())
        for (const [value, count] of Object.entries(of(flow))) made.inc({ ...labels, [more]: value }, count);
    };
  }

  function endpointGauge(
    name: string,
    help: string,
    more: string[],
    of: (snapshot: EndpointSnapshot) => Iterable<readonly [object, number]>,
  ): void {
    const made = new Gauge({ name, help, labelNames: ['endpoint', ...more], registers, collect: () => collect() });
    const collect = (): void => {
      made.reset();
      for (const snapshot of all())
        for (const [labels, value] of of(snapshot)) made.set({ endpoint: snapshot.endpoint, ...labels }, value);
    };
  }

  counter(
    'baldistill_calls_total',
    'Teacher calls that ended, by how: answered, or the reason why not.',
    'end',
    (flow) => ({
      answered: flow.answered,
      ...flow.failed,
    }),
  );
  counter('baldistill_tokens_total', 'Tokens of answered teacher calls.', 'direction', (flow) => ({
    in: flow.inputTokens,
    out: flow.outputTokens,
  }));
  gauge('baldistill_calls_in_flight', 'Teacher calls that are sent and not answered.', ({ inFlight }) => inFlight);
  gauge('baldistill_calls_waiting', 'Teacher calls that wait for the limiter.', ({ waiting }) => waiting);
  gauge('baldistill_calls_per_second', 'Answered calls a second, over five seconds.', (flow) => flow.callsPerSecond);
  gauge('baldistill_call_p50_seconds', 'Median latency of the last 500 answers.', ({ p50Ms }) => (p50Ms ?? 0) / 1000);
  gauge('baldistill_call_p95_seconds', '95th percentile of the same.', ({ p95Ms }) => (p95Ms ?? 0) / 1000);
  endpointGauge('baldistill_concurrency_limit', 'Calls that may be in flight now.', [], (snapshot) => [
    [{}, snapshot.concurrency],
  ]);
  endpointGauge('baldistill_held_seconds', 'Until the endpoint may be asked again.', [], (snapshot) => [
    [{}, snapshot.heldSeconds],
  ]);
  endpointGauge('baldistill_limit_per_minute', "This worker's part of a limit.", ['limit'], (snapshot) =>
    Object.entries(snapshot.limits).flatMap(([limit, value]) =>
      value === undefined ? [] : [[{ limit }, value] as const],
    ),
  );

  const left = new Gauge({
    name: 'baldistill_seconds_left',
    help: 'Until the calls a run may still make are made, at the rate of this worker.',
    labelNames: ['run'],
    registers,
    collect: async () => {
      left.reset();
      for (const { labels, flow } of runs()) {
        const seconds = secondsLeft(flow.callsPerSecond, await ledger.budget({ run: labels.run }));
        if (seconds !== null) left.set({ run: labels.run }, seconds);
      }
    },
  });

  const charged = new Gauge({
    name: 'baldistill_charged',
    help: 'What the ledger has charged a run, by currency.',
    labelNames: ['run', 'currency'],
    registers,
    collect: async () => {
      charged.reset();
      for (const run of new Set(runs().map(({ labels }) => labels.run))) {
        const { charged: calls, tokens, microUsd } = await ledger.budget({ run });
        charged.set({ run, currency: 'calls' }, calls);
        charged.set({ run, currency: 'tokens' }, tokens.charged);
        charged.set({ run, currency: 'usd' }, microUsd.charged / 1e6);
      }
    },
  });
}
