export function cancelledNote(stage: number): string {
  return `Stage ${stage} was cancelled, which ended the run. Slots without an answer are unfilled.`;
}
