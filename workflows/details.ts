/** Current details in Markdown, as the Temporal UI shows them (no HTML, no images; under 20 KB). */
import type { ComparisonProgress } from '../contracts/comparison/comparison-messages.ts';
import type {
  Amount,
  BatchProgress,
  BudgetCopy,
  BudgetRequest,
  Progress,
  StageProgress,
} from '../contracts/progress.ts';
import { usdText } from '../domain/budget/cost.ts';

const barWidth = 20;

export function runDetails(progress: Progress): string {
  const lines = [`**${progress.status}** · ${progress.step} · ${progress.method}`, ''];
  if (progress.blocked !== null)
    lines.push(`> **Blocked**: ${plain(progress.blocked.message)}`, `> ${progress.blocked.remedy}`, '');
  if (progress.budget !== null) lines.push(budgetBar(progress.budget), '');
  if (progress.finished.length > 0) {
    lines.push(
      '| stage | slots | real | synthetic | duplicated | unfilled | macro | micro |',
      '| --- | --- | --- | --- | --- | --- | --- | --- |',
    );
    for (const line of progress.finished) {
      lines.push(
        `| ${line.stage} | ${line.slots} | ${line.real} | ${line.synthetic} | ${line.duplicated} | ${line.unfilled} | ${score(line.macro)} | ${score(line.micro)} |`,
      );
    }
    lines.push('');
  }
  if (progress.test !== null)
    lines.push(`Test: macro **${score(progress.test.macro)}**, micro ${score(progress.test.micro)}`, '');
  if (progress.simulated.length > 0) lines.push(`_With: ${progress.simulated.join(', ')}._`);
  return lines.join('\n');
}

export function stageDetails(progress: StageProgress): string {
  const lines = [`**${progress.status}** · stage ${progress.stage} · ${progress.step}`, ''];
  if (progress.blocked !== null)
    lines.push(`> **Blocked**: ${plain(progress.blocked.message)}`, `> ${progress.blocked.remedy}`, '');
  if (progress.planned > 0) lines.push(`Round ${progress.round}: ${progress.done} of ${progress.planned} calls`, '');
  if (progress.batch !== undefined) lines.push(batchWords(progress.batch), '');
  if (progress.budget !== null) lines.push(budgetBar(progress.budget));
  return lines.join('\n');
}

/** `1 of 3 batches ended, 1400 of 2000 calls of the others answered`. */
export function batchWords({ batches, ended, lines, answered }: BatchProgress): string {
  return `${ended} of ${batches} batches ended, ${answered} of ${lines} calls of those under way answered`;
}

export function comparisonDetails(progress: ComparisonProgress): string {
  const { counts, cells } = progress;
  const filled = Math.round((barWidth * counts.completed) / Math.max(1, cells));
  const lines = [
    `**${progress.status}** · \`${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}\` ${counts.completed} of ${cells} cells`,
    '',
  ];
  if (progress.blocked !== null)
    lines.push(`> **Blocked**: ${plain(progress.blocked.message)}`, `> ${progress.blocked.remedy}`, '');
  const notes = [...progress.open, ...progress.trouble];
  if (notes.length > 0) {
    lines.push('| cell | status | reason |', '| --- | --- | --- |');
    for (const { run, status, reason } of notes) lines.push(`| ${run} | ${status} | ${plain(reason ?? '')} |`);
  }
  return lines.join('\n');
}

function budgetBar(budget: BudgetCopy): string {
  const filled = Math.round((barWidth * budget.charged) / Math.max(1, budget.limit));
  return `\`${'█'.repeat(filled)}${'░'.repeat(Math.max(0, barWidth - filled))}\` ${budget.charged} of ${budget.limit} calls charged`;
}

/** `13 of 120 calls, 4200 tokens, 0.120000 of 1.500000 USD`. */
export function budgetWords({ charged, limit, tokens, microUsd }: BudgetCopy): string {
  const money =
    microUsd.charged > 0 || microUsd.limit !== null ? `, ${partWords(microUsd, (amount) => usdText(amount))} USD` : '';
  return `${charged} of ${limit} calls, ${partWords(tokens, String)} tokens${money}`;
}

function partWords({ charged, limit }: Amount, show: (amount: number) => string): string {
  return limit === null ? show(charged) : `${show(charged)} of ${show(limit)}`;
}

export function limitWords({ calls, tokens, usd }: BudgetRequest): string {
  const parts = [calls === undefined ? '' : `${calls} calls`, tokens === undefined ? '' : `${tokens} tokens`];
  return [...parts, usd === undefined ? '' : `${usd} USD`].filter((part) => part !== '').join(', ');
}

/** Messages may quote an endpoint: Markdown in them is not ours. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>|#]/g, ' ').slice(0, 500);
}

function score(value: number | null): string {
  return value === null ? '–' : value.toFixed(3);
}
