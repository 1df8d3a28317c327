/**
 * How many more candidates a domain may be asked for in a stage (docs/decisions/2026-11-29-refill.md):
 * `ceiling` for each row that is to be synthesized, shared by its slots, so that one that is hard to fill may take more.
 */
export function candidatesLeft(
  ceiling: number,
  { wantedRows, asked }: { readonly wantedRows: number; readonly asked: number },
): number {
  return Math.max(0, Math.floor(ceiling * wantedRows) - asked);
}
