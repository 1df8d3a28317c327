import type { Report } from '../contracts/report.ts';

/** What is said of the prompts beside their version: the form of the answers, and templates of one's own. */
export function promptWords({ prompts: { output, own } }: Report): string {
  const form = output === null ? '' : `; answers as ${output.replace('-', ' ')}`;
  return own.length === 0 ? form : `${form}; own templates: ${own.join(', ')}`;
}
