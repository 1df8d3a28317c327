import type { Report } from '../contracts/report.ts';

/** A note beside the version of the prompts: the response format and the run's own templates. */
export function promptNote({ prompts: { output, own } }: Report): string {
  const form = output === null ? '' : `; answers as ${output.replace('-', ' ')}`;
  return own.length === 0 ? form : `${form}; own templates: ${own.join(', ')}`;
}
