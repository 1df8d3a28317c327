/** Slots that stage `stage` of `stages` owns: `floor((i+1)B/K) - floor(iB/K)`. They add up to `slots`. */
export function stageSlots(slots: number, stages: number, stage: number): number {
  if (!Number.isInteger(stage) || stage < 0 || stage >= stages) {
    throw new RangeError(`Stage ${stage} does not exist in a run of ${stages} stages.`);
  }
  return Math.floor(((stage + 1) * slots) / stages) - Math.floor((stage * slots) / stages);
}
