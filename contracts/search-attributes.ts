/** Search attributes of a run, as list columns and filters in the Temporal UI. Names and types; never secret. */
export const searchAttributes = {
  BaldistillStatus: 'Keyword',
  BaldistillMethod: 'Keyword',
  BaldistillDataset: 'Keyword',
  BaldistillStage: 'Int',
  BaldistillCallsCharged: 'Int',
  BaldistillMacro: 'Double',
} as const;
