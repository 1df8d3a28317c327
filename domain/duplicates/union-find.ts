/** Groups of numbers that are joined pair by pair; a group is named by its lowest number. */
export interface UnionFind {
  find(item: number): number;
  join(a: number, b: number): void;
}

export function createUnionFind(size: number): UnionFind {
  const parents = new Int32Array(size).map((_, item) => item);
  const find = (item: number): number => {
    let root = item;
    for (let next = parents[root] ?? root; next !== root; next = parents[root] ?? root) {
      // Path halving: keeps later look-ups short.
      parents[root] = parents[next] ?? next;
      root = next;
    }
    return root;
  };
  return {
    find,
    join(a, b) {
      const first = find(a);
      const second = find(b);
      parents[Math.max(first, second)] = Math.min(first, second);
    },
  };
}
