/** How many a second, over the last seconds: a count for each tenth of a second of a ring. Times are milliseconds. */
const slotMs = 100;
const slots = 50;

export interface RateMeter {
  /** Counts one, or `amount`. */
  count(now: number, amount?: number): void;
  /** Per second over the last `seconds` (at most 5), or since it began if that is less. */
  perSecond(now: number, seconds?: number): number;
}

export function openRateMeter(startedAt: number): RateMeter {
  const counts = new Float64Array(slots);
  let newest = Math.floor(startedAt / slotMs);

  function turnTo(now: number): void {
    const slot = Math.floor(now / slotMs);
    if (slot - newest >= slots) counts.fill(0);
    else for (let each = newest + 1; each <= slot; each += 1) counts[each % slots] = 0;
    newest = Math.max(newest, slot);
  }

  return {
    count(now, amount = 1) {
      turnTo(now);
      counts[newest % slots] = (counts[newest % slots] ?? 0) + amount;
    },
    perSecond(now, seconds = 5) {
      turnTo(now);
      const wanted = Math.min(slots, Math.ceil((seconds * 1000) / slotMs));
      let sum = 0;
      for (let back = 0; back < wanted; back += 1) sum += counts[(newest - back + slots * 2) % slots] ?? 0;
      const lived = Math.max(slotMs, Math.min((wanted - 1) * slotMs + (now % slotMs), now - startedAt));
      return (sum * 1000) / lived;
    },
  };
}
