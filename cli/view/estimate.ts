/** What a run is expected to cost, for people. */
import type { RunEstimate } from '../../contracts/run-estimate.ts';
import { terminalLine } from '../terminal-text.ts';
import { amount, amounts, byteAmounts, durations, prices } from '../../report/ranges.ts';
import { tableOf } from './table.ts';

export function estimateText(estimate: RunEstimate, concurrency: number | null): string {
  return [
    stageTable(estimate),
    '',
    ...teacherLines(estimate, concurrency),
    ...studentLines(estimate),
    `disk      ${byteAmounts(estimate.diskBytes)}`,
    '',
    'What the ranges rest on',
    ...estimate.assumptions.map((sentence) => `  ${terminalLine(sentence)}`),
  ].join('\n');
}

/** `kinds: 1,500 teacher calls, at most 1,700; 3.20 USD (1.10 to 9.80 USD); about 6 min (2 to 20 min)`. */
export function estimateLine({ run, teacher, student }: RunEstimate): string {
  const calls = `${count(teacher.calls)} teacher calls, at most ${count(teacher.callLimit)}`;
  const studied = student.jobs === 0 || student.microUsd?.high === 0 ? [] : [`student ${prices(student.microUsd)}`];
  return `${terminalLine(run)}: ${[calls, `teacher ${prices(teacher.microUsd)}`, ...studied, `about ${durations(teacher.seconds)} of calls`].join('; ')}`;
}

function stageTable({ stages, teacher }: RunEstimate): string {
  const verifies = stages.some(({ verify }) => verify > 0);
  const head = [
    '',
    'annotate',
    'synthesize',
    ...(verifies ? ['verify'] : []),
    'from ledger',
    'tokens in',
    'tokens out',
  ];
  const rows = stages.map((stage) => [
    `stage ${stage.stage}`,
    ...[stage.annotate, stage.synthesize, ...(verifies ? [stage.verify] : [])].map(count),
    amounts(stage.answered),
    amounts(stage.inputTokens),
    amounts(stage.outputTokens),
    prices(stage.microUsd),
  ]);
  const all = (of: (stage: RunEstimate['stages'][number]) => number): string =>
    count(stages.reduce((sum, stage) => sum + of(stage), 0));
  const total = [
    'all',
    all(({ annotate }) => annotate),
    all(({ synthesize }) => synthesize),
    ...(verifies ? [all(({ verify }) => verify)] : []),
    amounts(teacher.answered),
    amounts(teacher.inputTokens),
    amounts(teacher.outputTokens),
    prices(teacher.microUsd),
  ];
  return tableOf([...head, 'price'], [...rows, total]);
}

function teacherLines({ teacher }: RunEstimate, concurrency: number | null): string[] {
  if (teacher.model === null) return ['teacher   none is asked'];
  const bought = teacher.bought === 0 ? '' : `; ${count(teacher.bought)} paid already`;
  const spare = teacher.callLimit > teacher.calls ? ', refills and reissued calls included' : '';
  return [
    `teacher   ${terminalLine(teacher.model)}: ${count(teacher.calls)} calls as planned, at most ${count(teacher.callLimit)}${spare}${bought}`,
    `          ${prices(teacher.microUsd)}, in ${durations(teacher.seconds)}` +
      (concurrency === null ? '' : ` with ${concurrency} calls at the same time`),
  ];
}

function studentLines({ student }: RunEstimate): string[] {
  if (student.model === null && student.jobs === 0) return ['student   none is trained'];
  const ranks = student.candidates === 0 ? '' : `ranks ${count(student.candidates)} rows, `;
  const name = student.model === null ? 'trained elsewhere' : terminalLine(student.model);
  return [
    `student   ${name}: ${student.jobs} ${student.jobs === 1 ? 'job' : 'jobs'} over ${amounts(student.trainedTokens)} tokens; ` +
      `${ranks}answers ${count(student.evaluated)}`,
    `          ${prices(student.microUsd)}; ${amount(student.inputTokens.likely)} tokens in, ${amount(student.outputTokens.likely)} out`,
  ];
}

function count(value: number): string {
  return value.toLocaleString('en');
}
