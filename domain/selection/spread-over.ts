/** A small sample that shows both ends of a long tail. */

/**
 * `most` of the items, from the first group and the last in turn, then the second and the last but one, one item of a
 * group at a time and each in its order. `groups`: most frequent first.
 */
export function spreadOver<T>(groups: readonly (readonly T[])[], most: number): T[] {
  const rounds = Math.max(0, ...groups.map((group) => group.length));
  const order = groups.flatMap((_, index) => {
    const other = groups.length - 1 - index;
    return index < other ? [index, other] : index === other ? [index] : [];
  });
  const taken: T[] = [];
  for (let round = 0; round < rounds && taken.length < most; round += 1)
    for (const index of order) {
      const item = groups[index]?.[round];
      if (item !== undefined && taken.length < most) taken.push(item);
    }
  return taken;
}
