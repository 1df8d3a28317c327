export type DomainKind = 'head' | 'tail';

/** A domain is head in a stage if the pool still holds its quota, else tail. */
export function headOrTail(quota: number, available: number): DomainKind {
  return quota <= available ? 'head' : 'tail';
}
