/** Evaluate: the student's answers on a split, scored (METHOD.md, "One stage", step 5). A row never disappears. */
import type { EvaluateInput } from '../contracts/activity-messages.ts';
import { Row } from '../contracts/records.ts';
import type { Message, Prediction } from '../contracts/records.ts';
import type { Scores } from '../contracts/stage.ts';
import { BaldistillError } from '../domain/failures.ts';
import { inBatches } from './batches.ts';
import { domainTable, taskOf } from './pool.ts';
import { withRougeL } from './rouge-l.ts';
import type { World } from './ports/world.ts';

export async function evaluate(world: World, input: EvaluateInput, signal: AbortSignal): Promise<Scores> {
  const { artifacts } = world;
  const { spec, prepared, split } = input;
  const reference = split === 'test' ? prepared.test : prepared.validation;
  const student = world.student(spec, input.student.url);
  if (reference === null || student === null || !('maxTokens' in spec.student)) {
    throw new BaldistillError('InvalidInput', `There is nothing to evaluate: no ${split} rows or no student.`);
  }
  const { maxTokens, concurrency } = spec.student;
  const { model } = input.student;
  const can = input.connected.student ?? (await student.probe(model));
  const task = await taskOf(artifacts, input);
  const rows: Row[] = [];
  for await (const row of artifacts.readLines(reference, Row)) rows.push(row);

  const batches = await inBatches(rows, concurrency, signal, async (batch) => {
    const prompts = batch.map((row) => promptAs(spec.switches.format, task.studentPrompt(row)));
    const generations = await student.generate({ model, can, signal }, prompts, maxTokens.evaluate);
    return batch.map((row, index): Prediction => {
      const output = generations[index]?.text ?? '';
      const { id, domain, answer: gold, references } = row;
      const judged = { id, domain, gold, ...(references === undefined ? {} : { references }) };
      return { ...judged, output, predicted: task.extract(output, row) };
    });
  });
  const predictions = batches.flat();
  const { pool, labelCounts = pool } = await domainTable(artifacts, prepared);
  const scores = task.metrics({ judged: predictions, pool: labelCounts, slots: spec.budget.slots, seed: spec.seed });
  const metrics = spec.task === 'abstractive-qa' ? withRougeL(scores, predictions) : scores;
  return {
    split,
    macro: metrics.macro,
    micro: metrics.micro,
    rows: rows.length,
    metrics: await artifacts.writeJson(metrics),
    predictions: await artifacts.writeLines(predictions),
  };
}

/** The same text either way; a chat endpoint wraps it in its own template. */
function promptAs(format: 'text' | 'chat', content: string): string | Message[] {
  return format === 'text' ? content : [{ role: 'user', content }];
}
