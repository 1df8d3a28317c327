/**
 * A kind of task: its prompts, how an answer is read, what a synthetic row must be, and its metric, in one place.
 * A task is opened over the labels of one data set, where it has labels.
 */
import type { Share } from '../metrics/macro-shares.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { SeededRandom } from '../random.ts';
import type { ResponseFormat } from './output.ts';
import type { AskKind } from './template.ts';

/** What a student is asked. The domain is never part of it. */
export interface Question {
  readonly instruction: string;
  readonly input: string;
  /** Of a multiple-choice question; option i has the i-th letter. */
  readonly choices?: readonly string[] | undefined;
}

/** A question with its reference answer. */
export interface Item extends Question {
  readonly answer: string;
  /** Other accepted answers. */
  readonly references?: readonly string[] | undefined;
}

export interface ChatMessage {
  readonly role: 'system' | 'user';
  readonly content: string;
}

/** A synthetic row of the teacher, checked. */
export interface SyntheticRow {
  readonly input: string;
  readonly choices?: string[];
  readonly answer: string;
  /** Without its answer line. */
  readonly rationale: string;
  /** Whether the rationale's own answer equals the row's. */
  readonly consistent: boolean;
}

/** One evaluated row: what was asked for and what was read from the output; null where it failed. */
export interface JudgedRow {
  readonly domain: string;
  readonly gold: string;
  /** Other accepted answers. */
  readonly references?: readonly string[] | undefined;
  readonly predicted: string | null;
}

export interface Evaluation {
  readonly judged: readonly JudgedRow[];
  /** Rows of each domain in the training pool; of each label where those are scored and are not the domains. */
  readonly pool: Readonly<Record<string, number>>;
  /** B, example slots of the run. */
  readonly slots: number;
  readonly seed: number;
}

export interface Task {
  /** Version of all prompts below: a changed text is another version. */
  readonly promptVersion: string;
  /** Instruction, label set or choices, input, cue: the same text in training, scoring and evaluation. */
  studentPrompt(question: Question): string;
  /** Zero-shot chain of thought with the gold answer in the prompt. */
  annotatePrompt(item: Item): ChatMessage[];
  /** Asks for a new row of a domain, shown a few real rows and a few synthetic ones to avoid. */
  synthesizePrompt(request: {
    readonly instruction: string;
    readonly domain: string;
    readonly shown: readonly Item[];
    readonly avoid?: readonly string[];
  }): ChatMessage[];
  /** Asks for the answer to a question, blind: checks a row that was synthesized. */
  verifyPrompt(question: Question): ChatMessage[];
  /** What the request for such a prompt says about the form of the answer; undefined where it says nothing. */
  responseFormat(kind: AskKind): ResponseFormat | undefined;
  /** How `synthesizePrompt` shows the text of a real row: a synthetic row with the same text is a copy. */
  shownAs(item: Question): string;
  /** The synthetic row in what the teacher wrote, or the reason why it is none (`unparseable`, `wrong_label`, `bad_choices`). */
  readSynthesis(text: string, domain: string, random: SeededRandom): SyntheticRow | string;
  /** The answer in what a model wrote, in the task's own spelling; null where there is none. */
  extract(output: string, question: Question): string | null;
  /** Whether an extracted answer says what the reference says. */
  agrees(extracted: string | null, item: Item): boolean;
  /** `judged` in any order. */
  metrics(evaluation: Evaluation): Metrics;
  /** What a row adds to macro: `metrics` and these are the same figure. */
  shares(row: JudgedRow): readonly Share[];
}
