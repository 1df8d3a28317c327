/**
 * Calibrates an estimate for a teacher: the ratio of its tokens to the tokenizer's count, the length of its answers, and
 * their latency. The source is the answers to this run's own prompts (a pilot), else other runs of the same model and
 * task, else defaults.
 */
import type { RunSpec, TeacherConfig } from '../../contracts/run/run-file.ts';
import { aroundMean, measured, scaled } from '../../domain/statistics/range.ts';
import type { Measured, Range } from '../../domain/statistics/range.ts';
import type { KnownAnswer, Ledger, RunRecord } from '../../activities/ports/ledger.ts';
import type { PlannedCall } from '../../contracts/records.ts';

export type CallKind = PlannedCall['kind'];

export interface Calibration {
  /** Billed input tokens per counted token, and tokens that a request adds to its text. */
  readonly inputFactor: Range;
  readonly inputAdded: Range;
  readonly outputTokens: Readonly<Record<CallKind, Range>>;
  readonly latencySeconds: Range;
  /** The assumptions behind the figures; those of the latency are separate. */
  readonly assumptions: readonly string[];
  readonly timeAssumptions: readonly string[];
}

/** A call of this plan with an answer in the ledger. */
export interface MeasuredCall {
  readonly kind: CallKind;
  /** Tokens of the prompt, counted by the tokenizer. */
  readonly counted: number;
  readonly answer: KnownAnswer;
}

const kinds = ['annotate', 'synthesize', 'verify'] as const satisfies readonly CallKind[];

/** With fewer measurements the defaults are better. */
const enough = 4;
/** Systematic error of a mean: own prompts are a sample of the plan, other runs have other prompts. */
const tolerance = { own: 0.15, others: 0.5 };
const unmeasuredInput = { factor: { low: 0.75, likely: 1, high: 1.35 }, added: { low: 0, likely: 7, high: 24 } };
const defaultOutput: Record<CallKind, number> = { annotate: 150, synthesize: 250, verify: 150 };

export function calibrate(
  { teacher, maxTokens }: { readonly teacher: TeacherConfig | undefined; readonly maxTokens: number },
  own: readonly MeasuredCall[],
  others: ReadonlyMap<CallKind, { readonly measured: Measured; readonly latencyMs: number | null }>,
  { kinds: planned, formTokens }: { readonly kinds: ReadonlySet<CallKind>; readonly formTokens: number },
): Calibration {
  const assumptions: string[] = [];
  const input = inputOf(own, formTokens, assumptions);
  const sources = new Map<string, string[]>();
  const outputOf = (kind: CallKind): Range => {
    const lengths = measured(own.flatMap((call) => (call.kind === kind ? (call.answer.outputTokens ?? []) : [])));
    const otherLengths = others.get(kind)?.measured ?? null;
    const [source, range] =
      lengths !== null && lengths.count >= enough
        ? [`measured on ${lengths.count} answers to prompts of this run`, aroundMean(lengths, tolerance.own)]
        : otherLengths !== null && otherLengths.count >= enough
          ? [
              `measured on ${otherLengths.count} answers in other runs, plus or minus half`,
              aroundMean(otherLengths, tolerance.others),
            ]
          : [
              `not measured; the maximum is the limit of ${maxTokens} tokens`,
              { low: 2, likely: defaultOutput[kind], high: maxTokens },
            ];
    if (planned.has(kind)) sources.set(source, [...(sources.get(source) ?? []), kindNames[kind]]);
    return { low: range.low, likely: Math.min(range.likely, maxTokens), high: Math.min(range.high, maxTokens) };
  };
  const outputTokens = { annotate: outputOf(kinds[0]), synthesize: outputOf(kinds[1]), verify: outputOf(kinds[2]) };
  for (const [source, of] of sources) assumptions.push(`Length of ${of.join(', ')}: ${source}.`);
  const timeAssumptions: string[] = [];
  const latencySeconds = latencyOf(teacher, own, others, outputTokens.annotate, timeAssumptions);
  return { ...input, outputTokens, latencySeconds, assumptions, timeAssumptions };
}

const kindNames: Record<CallKind, string> = {
  annotate: 'rationales',
  synthesize: 'synthetic rows',
  verify: 'verifications',
};

function inputOf(
  own: readonly MeasuredCall[],
  formTokens: number,
  assumptions: string[],
): Pick<Calibration, 'inputFactor' | 'inputAdded'> {
  const ratios = measured(
    own.flatMap(({ counted, answer }) =>
      answer.inputTokens === null || counted === 0 ? [] : [answer.inputTokens / counted],
    ),
  );
  if (ratios === null || ratios.count < enough) {
    assumptions.push(
      'Tokens in: counted by the o200k tokenizer; another model may count a quarter less or a third more.',
    );
    const { low, likely, high } = unmeasuredInput.added;
    const added = { low, likely: likely + formTokens, high: high + 2 * formTokens };
    return { inputFactor: unmeasuredInput.factor, inputAdded: added };
  }
  const factor = ratios.mean.toFixed(2);
  assumptions.push(`Tokens in: counted by the o200k tokenizer, times ${factor}, measured on ${ratios.count} answers.`);
  return { inputFactor: aroundMean(ratios, 0.03), inputAdded: { low: 0, likely: 0, high: 0 } };
}

function latencyOf(
  teacher: TeacherConfig | undefined,
  own: readonly MeasuredCall[],
  others: Parameters<typeof calibrate>[2],
  output: Range,
  assumptions: string[],
): Range {
  const seconds = own.flatMap(({ answer }) => answer.latencyMs ?? []).map((latency) => latency / 1000);
  const otherSeconds = [...others.values()]
    .flatMap(({ latencyMs }) => latencyMs ?? [])
    .map((latency) => latency / 1000);
  const known = (seconds.length > 0 ? seconds : otherSeconds).toSorted((a, b) => a - b);
  const median = known[Math.floor(known.length / 2)];
  if (median !== undefined) {
    assumptions.push(`Time: ${median.toPrecision(2)} s per call, measured on answers in the ledger.`);
    return { low: Math.min(known[0] ?? 0, median / 3), likely: median, high: Math.max(known.at(-1) ?? 0, median * 3) };
  }
  if (teacher === undefined || 'embedded' in teacher) return { low: 0.0005, likely: 0.005, high: 0.1 };
  assumptions.push('Time: not measured; 50 tokens per second (15 to 200).');
  return { low: 0.1 + output.low / 200, likely: 0.5 + output.likely / 50, high: 2 + output.high / 15 };
}

/** Usage in other runs with the same task. `runs`: the runs with the same model. */
export async function otherAnswers(
  ledger: Pick<Ledger, 'answerUsage'>,
  { task }: Pick<RunSpec, 'task'>,
  runs: readonly RunRecord[],
): Promise<Map<CallKind, { measured: Measured; latencyMs: number | null }>> {
  const usage = await ledger.answerUsage({
    runs: runs.filter(({ spec }) => spec.task === task).map(({ name }) => name),
  });
  return new Map(
    kinds.flatMap((kind) => {
      const of = usage.find((one) => one.kind === kind);
      if (of === undefined) return [];
      const { count, outputTokens: mean, deviation, latencyMs } = of;
      return [[kind, { measured: { count, mean, deviation }, latencyMs }] as const];
    }),
  );
}

/** Billed input tokens of some calls, from the counted tokens of their prompts. */
export function inputTokensOf({ inputFactor, inputAdded }: Calibration, counted: Range, calls: Range): Range {
  return {
    low: counted.low * inputFactor.low + calls.low * inputAdded.low,
    likely: counted.likely * inputFactor.likely + calls.likely * inputAdded.likely,
    high: counted.high * inputFactor.high + calls.high * inputAdded.high,
  };
}

/** Seconds until all calls are answered at this concurrency. */
export function secondsOf({ latencySeconds }: Calibration, calls: Range, concurrency: number): Range {
  const { low, likely, high } = latencySeconds;
  const all = { low: calls.low * low, likely: calls.likely * likely, high: calls.high * high };
  return scaled(all, 1 / concurrency);
}
