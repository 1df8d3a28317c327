/** An answer that a ranking student may give, and what speaks for it. */
import { hash32, mix32 } from '../token-hash.ts';

export interface Candidate {
  readonly answer: string;
  /** Numbers of features, each with its value. */
  readonly features: readonly number[];
  readonly values: readonly number[];
}

/** The stored part of a training row, for questions without a passage. */
export interface Remembered {
  readonly question: string;
  readonly answer: string;
}

/** All answers worth ranking for a prompt. Deterministic. */
export interface Candidates {
  of(prompt: string): Candidate[];
}

/** Size of the weight table; features that collide share their weight. */
export const featureSpace = 2 ** 18;

/** Collects the features of one candidate. */
export class Features {
  readonly features: number[] = [];
  readonly values: number[] = [];

  add(feature: number, value = 1): void {
    this.features.push(feature & (featureSpace - 1));
    this.values.push(value);
  }
}

export function named(name: string): number {
  return hash32(name);
}

export function both(first: number, second: number): number {
  return mix32(first ^ Math.imul(second, 0x9e3779b1));
}

/** 0 to 5, in steps of doubling. */
export function bucket(size: number): number {
  return Math.min(5, Math.floor(Math.log2(Math.max(1, size))));
}

const stopWords = new Set(
  'a an the of to in on at by for with and or but is are was were be been do does did has have had will would can could it its this that these those he she they his her their him them i you we who what which when where why how not no as from if so than then there'.split(
    ' ',
  ),
);

/** Words with meaning, in lower case, with a plain plural taken off. */
export function contentWords(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
    .filter((word) => !stopWords.has(word))
    .map((word) => (word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word));
}
