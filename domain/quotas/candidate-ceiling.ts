/**
 * How many more candidates a domain may be asked for in a stage (docs/decisions/2026-11-29-refill.md):
 * `ceiling` for each row that is to be invented, shared by its slots, so that one that is hard to fill may take more.
 */
export function candidatesLeft(
  ceiling: number,
  { toInvent, asked }: { readonly toInvent: number; readonly asked: number },
): number {
  return Math.max(0, Math.floor(ceiling * toInvent) - asked);
}
