/**
 * Decides what to do with each teacher answer: a pure function of the plan, the answers and the switches, so arrival
 * order, concurrency and crashes change nothing.
 */
import type { Example, PlannedCall, Row, UncalledSlot } from '../../contracts/records.ts';
import type { Switches } from '../../domain/methods.ts';
import { seededRandom } from '../../domain/random.ts';
import { answerLineOf } from '../../domain/answers/answers.ts';
import { unreadableReason, unusableReason } from '../../domain/reading/unusable.ts';
import { withoutAnswerLine } from '../../domain/tasks/answer-line.ts';
import type { Explanation } from '../../domain/tasks/explanation.ts';
import { readExplanation } from '../../domain/tasks/explanation.ts';
import type { Task } from '../../domain/tasks/task.ts';
import type { PaidAnswer, SlotRecord } from '../ports/ledger.ts';

export type Decision =
  /** `flaw`: what is wrong with an answer that is used anyway. */
  | { readonly kind: 'example'; readonly example: Example; readonly flaw: string | null }
  /** An answer that was paid for and cannot be used. */
  | { readonly kind: 'dropped'; readonly reason: string; readonly callId: string }
  /** No answer: the budget ran out, the call was forfeited, or the teacher declined for good. */
  | { readonly kind: 'empty'; readonly reason: string };

export interface Judge {
  readonly stage: number;
  readonly switches: Switches;
  readonly task: Task;
  readonly seed: number;
  readonly instruction: string;
  row(id: string): Row | undefined;
  /** Whether a text is one of the held-out rows. */
  heldOut(text: string): boolean;
}

export type FillingCall = Exclude<PlannedCall, { kind: 'verify' }>;

export function decide(judge: Judge, call: FillingCall, record: SlotRecord | undefined): Decision {
  if (record === undefined || record.answer === null || record.callId === null) {
    return { kind: 'empty', reason: record?.reason ?? 'unsent' };
  }
  return call.kind === 'annotate'
    ? decideAnnotation(judge, call, record.answer, record.callId)
    : decideSynthesis(judge, call, record.answer, record.callId);
}

/** A real row that is used with its answer only, without a rationale. */
export function decideUncalled(judge: Judge, { slot, rowId }: UncalledSlot): Decision {
  const example = realExample(judge, { slot, row: rowOf(judge, rowId), rationale: null, call: null });
  return { kind: 'example', flaw: null, example };
}

const unverified = 'unverified';

export function isUnverified(decision: Decision): boolean {
  return decision.kind === 'example' && decision.flaw === unverified;
}

/**
 * Compares a synthetic row with the teacher's independent answer to it. An answer that cannot be parsed disagrees;
 * without an answer the row stays unverified.
 */
export function decideVerification(judge: Judge, synthetic: Decision, record: SlotRecord | undefined): Decision {
  if (synthetic.kind !== 'example' || synthetic.example.call === null) return synthetic;
  const { example } = synthetic;
  const answer = record?.answer ?? null;
  if (answer === null) return synthetic;
  const usable = unusableReason(answer) === null;
  const read = usable ? judge.task.extract(readExplanation(answer.text).text, example) : null;
  if (judge.task.agrees(read, example)) return { ...synthetic, flaw: null };
  return { kind: 'dropped', reason: 'verify_disagrees', callId: synthetic.example.call };
}

function decideAnnotation(
  judge: Judge,
  call: Extract<PlannedCall, { kind: 'annotate' }>,
  answer: PaidAnswer,
  callId: string,
): Decision {
  const row = rowOf(judge, call.rowId);
  const ended = unusableReason(answer);
  const explanation = ended === null ? readExplanation(answer.text) : null;
  const flaw = explanation === null ? ended : flawOf(judge.task, explanation, row);
  const { onMismatch } = judge.switches;
  if (flaw !== null && onMismatch === 'drop') return { kind: 'dropped', reason: flaw, callId };
  // Only a rationale for a wrong answer can be kept; a declined or unreadable answer has no rationale.
  const kept = flaw === null || (flaw === 'mismatch' && onMismatch === 'keep');
  const rationale = explanation !== null && kept ? withoutAnswerLine(explanation.text) : null;
  return { kind: 'example', flaw, example: realExample(judge, { slot: call.slot, row, rationale, call: callId }) };
}

/** Null if the answer is gold; else the reason: it is unreadable, or it or the rationale has another answer. */
function flawOf(task: Task, { text, rationale }: Explanation, row: Row): string | null {
  const read = task.extract(text, row);
  if (read === null && answerLineOf(text) === undefined) return unreadableReason(text);
  if (!task.agrees(read, row)) return 'mismatch';
  const own = rationale === null || answerLineOf(rationale) === undefined ? null : task.extract(rationale, row);
  return own === null || task.agrees(own, row) ? null : 'mismatch';
}

function rowOf(judge: Judge, id: string): Row {
  const row = judge.row(id);
  if (row === undefined) throw new RangeError(`The plan names the row ${id}, which is not in the pool.`);
  return row;
}

function realExample(
  judge: Judge,
  of: { readonly slot: number; readonly row: Row; readonly rationale: string | null; readonly call: string | null },
): Example {
  const { id, domain, instruction, input, answer, choices } = of.row;
  const { slot, rationale, call } = of;
  const asked = { instruction, input, answer, ...(choices === undefined ? {} : { choices }) };
  return { id, stage: judge.stage, slot, domain, origin: 'real', ...asked, rationale, call };
}

function decideSynthesis(
  judge: Judge,
  call: Extract<PlannedCall, { kind: 'synthesize' }>,
  answer: PaidAnswer,
  callId: string,
): Decision {
  const { domain } = call;
  const dropped = (reason: string): Decision => ({ kind: 'dropped', reason, callId });
  const ended = unusableReason(answer);
  if (ended !== null) return dropped(ended);
  const random = seededRandom(judge.seed, 'synthesis', domain, call.ordinal);
  const synthetic = judge.task.readSynthesis(answer.text, domain, random);
  if (typeof synthetic === 'string') return dropped(synthetic);
  if (judge.heldOut(synthetic.input)) return dropped('leak');
  const shown = judge.task.shownAs({ instruction: judge.instruction, input: synthetic.input });
  if (call.messages.some(({ content }) => content.includes(shown))) return dropped('copy');
  if (!synthetic.consistent && judge.switches.consistency === 'drop') return dropped('inconsistent');
  return {
    kind: 'example',
    flaw: judge.switches.verify === 'teacher' ? unverified : null,
    example: {
      id: `${domain}#${call.ordinal}`,
      stage: judge.stage,
      slot: call.slot,
      domain,
      origin: 'synthetic',
      instruction: judge.instruction,
      input: synthetic.input,
      answer: synthetic.answer,
      ...(synthetic.choices === undefined ? {} : { choices: synthetic.choices }),
      rationale: judge.switches.rationale === 'none' ? null : synthetic.rationale,
      call: callId,
    },
  };
}
