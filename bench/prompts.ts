/** The rows of the benchmark: as long as a short news story, every one another, in a long tail of topics. */
import type { Message } from '../contracts/records.ts';
import { seededHash } from '../domain/random.ts';

const topics = 20;
const words = 'market report price quarter bank river engine harvest season export committee union signal border'.split(
  ' ',
);

export interface BenchRow {
  readonly id: string;
  readonly text: string;
  readonly topic: string;
}

export function rowOf(index: number): BenchRow {
  const picked = Array.from({ length: 50 }, (_, at) => words[seededHash('bench', index, at) % words.length]);
  // Each topic has about three quarters of the rows of the one before it.
  const rank = Math.min(topics - 1, Math.floor(Math.log(1 - (index % 1000) / 1000) / Math.log(0.75)));
  return { id: `row-${index}`, text: `Story ${index}: ${picked.join(' ')}.`, topic: `topic-${rank}` };
}

/** What a bare loop sends: about as many bytes as the engine's prompt. */
export function messagesOf(index: number): Message[] {
  const { text, topic } = rowOf(index);
  const question =
    'Name the topic of this story. Explain in a few sentences how the text shows it, then end with a line';
  return [{ role: 'user', content: `${question} "The answer is: ${topic}".\n\n${text}` }];
}
