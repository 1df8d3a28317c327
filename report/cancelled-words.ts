export function cancelledWords(stage: number): string {
  return `Stage ${stage} was cancelled, and the run ended with it: slots without an answer by then are unfilled.`;
}
