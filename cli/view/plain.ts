/** The view of a run for logs and pipes: one line for each change of status, stage or step. */
import type { Snapshot } from '../follow/follow.ts';
import { terminalLine } from '../terminal-text.ts';
import { amountWords, budgetOf, score, stageWords, stepOf } from './words.ts';

/** Lines for what changed since `before`; none where nothing did. */
export function plainLines(before: Snapshot | undefined, now: Snapshot): readonly string[] {
  const lines: string[] = [];
  for (const line of now.run.finished.slice(before?.run.finished.length ?? 0)) {
    const counts = `${line.real} real, ${line.synthetic} synthetic, ${line.duplicated} duplicated, ${line.unfilled} unfilled`;
    const scores = `macro ${score(line.macro)}, micro ${score(line.micro)}`;
    lines.push(
      `stage ${line.stage} (${line.stage + 1} of ${now.run.stages}) done: ${counts}; ${scores}; ${line.seconds.toFixed(1)} s`,
    );
  }
  if (stepOf(now) !== '' && (before === undefined || key(before) !== key(now))) {
    const budget = budgetOf(now);
    const charged = budget === null ? '' : `${budget.charged} of ${budget.limit} calls charged`;
    const words = [
      now.run.status,
      stageWords(now.run),
      stepOf(now),
      charged,
      ...(budget === null ? [] : amountWords(budget)),
    ];
    lines.push(words.filter(Boolean).join(' · '));
  }
  return lines.map((line) => terminalLine(line));
}

/** What a line is for. Counts change all the time and are not. */
function key(snapshot: Snapshot): string {
  return `${snapshot.run.status} ${snapshot.run.stage} ${stepOf(snapshot)}`;
}
