/** What the ledger says, as text for people. */
import type { LedgerEntry, LedgerSummary, SpentPart } from '../../activities/ports/ledger.ts';
import type { Reparsed } from '../../activities/outputs/reparse.ts';
import { usdText } from '../../domain/budget/cost.ts';
import { budgetWords } from '../../workflows/details.ts';
import { terminalLine } from '../terminal-text.ts';
import type { Verification } from '../verify/verify-run.ts';
import { tableOf } from './table.ts';

export function summaryText(summary: LedgerSummary): string {
  const { run, budget, calls, duplicates, tokens, money, unusable, stages, domains, student } = summary;
  const counts = Object.entries({ ...calls, duplicates }).map(([state, number]) => [state, String(number)]);
  const flaws = Object.entries(unusable).map(([reason, number]) => [terminalLine(reason), String(number)]);
  const head = ['charged', 'settled', 'cached', 'forfeited', 'recovered', 'open', 'tokens', 'USD'];
  const unknown = money.unpriced === 0 ? '' : `; ${money.unpriced} answers have no known price`;
  return [
    `${run}: ${budgetWords(budget)} charged, for ${budget.slots} slots`,
    tableOf(['calls', 'count'], counts),
    `tokens: ${tokens.input} in (${tokens.cachedInput} cached), ${tokens.output} out; ${tokens.worst} charged before sending`,
    `money: ${usdText(money.teacherMicroUsd)} USD teacher, ${usdText(money.studentMicroUsd)} USD student; ${usdText(money.worstMicroUsd)} USD charged before sending${unknown}`,
    ...(flaws.length > 0 ? [tableOf(['paid but not used as asked', 'count'], flaws)] : []),
    tableOf(
      ['stage', ...head],
      stages.map(({ stage, ...part }) => [stage < 0 ? '(adopted)' : String(stage), ...cells(part)]),
    ),
    tableOf(
      ['domain', ...head],
      domains.map(({ domain, ...part }) => [terminalLine(domain), ...cells(part)]),
    ),
    ...(student.length === 0 ? [] : [studentTable(student)]),
  ].join('\n');
}

function studentTable(student: LedgerSummary['student']): string {
  return tableOf(
    ['student', 'entries', 'forfeited', 'tokens in', 'tokens out', 'USD'],
    student.map(({ kind, count, forfeited, inputTokens, outputTokens, microUsd }) => [
      kind,
      ...[count, forfeited, inputTokens, outputTokens].map(String),
      usdText(microUsd),
    ]),
  );
}

function cells({ charged, settled, cached, forfeited, recovered, open, tokens, microUsd }: SpentPart): string[] {
  return [...[charged, settled, cached, forfeited, recovered, open, tokens].map(String), usdText(microUsd)];
}

export function entriesText(entries: readonly LedgerEntry[]): string {
  return tableOf(
    ['stage.round.slot', 'domain', 'kind', 'state', 'charged', 'tokens', 'USD', 'ms', 'reason', 'call'],
    entries.map((entry) => [
      `${entry.stage < 0 ? '-' : entry.stage}.${entry.round}.${entry.slot}${entry.attempt > 0 ? `+${entry.attempt}` : ''}`,
      terminalLine(entry.domain),
      entry.kind,
      entry.role === 'cached' && entry.state === 'settled' ? 'cached' : entry.state,
      String(entry.charged),
      String(entry.tokens),
      usdText(entry.microUsd),
      entry.latencyMs === null ? '-' : String(Math.round(entry.latencyMs)),
      terminalLine(entry.unusable ?? entry.reason ?? '-'),
      entry.callId === null ? '-' : shortCall(entry.callId),
    ]),
  );
}

/** The hash shortened, the reissue kept. */
function shortCall(callId: string): string {
  const dot = callId.lastIndexOf('.');
  return `${callId.slice(0, Math.min(12, dot))}${callId.slice(dot)}`;
}

export function verificationText({ run, differs, parts }: Verification): string {
  const lines = parts.flatMap(({ name, looked, differences }) => [
    `${differences.length === 0 ? 'ok     ' : 'DIFFERS'}  ${name.padEnd(9)}  ${looked}`,
    ...differences.map((difference) => `           ${terminalLine(difference)}`),
  ]);
  return [...lines, differs ? `${run}: something differs.` : `${run}: everything that could be asked agrees.`].join(
    '\n',
  );
}

export function reparsedText(run: string, stages: readonly Reparsed[]): string {
  const good = stages.reduce((sum, stage) => sum + sumOf(stage.good), 0);
  return [
    tableOf(
      ['stage', 'marked before', 'good now', 'marked now'],
      stages.map(({ stage, before, good: repaired, after }) => [
        String(stage),
        words(before),
        words(repaired),
        words(after),
      ]),
    ),
    good === 0
      ? `${run}: no answer that was marked is good now.`
      : `${run}: ${good} answers that were paid for are good now. A run over the same content uses them for free.`,
  ].join('\n');
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}

function words(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([reason, number]) => `${number} ${terminalLine(reason)}`);
  return parts.length === 0 ? '-' : parts.join(', ');
}
