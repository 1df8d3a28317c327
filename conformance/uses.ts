/** What a run could do at an endpoint, by what was found there. The rules are those of the run's own probe. */
import type { Finding } from './examine.ts';

export interface Use {
  /** As written in a run file. */
  readonly use: string;
  /** `unknown`: not asked here. */
  readonly possible: 'yes' | 'no' | 'unknown';
  readonly words: string;
}

export function usesOf(findings: readonly Finding[]): readonly Use[] {
  const of = (id: string): Finding | undefined => findings.find((finding) => finding.case.id === id);
  const holds = (...ids: readonly string[]): boolean => ids.every((id) => of(id)?.verdict === 'holds');
  const byIds = holds('tokenize', 'token-id-prompts', 'return-token-ids');
  const scored = holds('echo') && (byIds || holds('echo-offsets'));
  const written = holds('completion-logprobs');
  const asked = holds('completions');
  const silent = 'it writes no text completions';
  return [
    use('teacher', holds('chat'), holds('chat') ? metered(holds('usage')) : 'it writes no chat completions'),
    trained(of('file-upload'), holds('job-trains')),
    use(
      'select: ifd',
      asked && written && scored,
      scored && written ? `scored by ${byIds ? 'token ids' : 'text'}` : asked ? instead(written) : silent,
    ),
    use(
      'select: uncertainty',
      asked && written,
      written ? 'by the log probabilities of what it writes' : asked ? instead(written) : silent,
    ),
    use('select: random', asked, asked ? 'needs nothing but text' : silent),
  ];
}

function instead(written: boolean): string {
  return `write \`switches: { select: ${written ? 'uncertainty' : 'random'} }\``;
}

function use(name: string, possible: boolean, words: string): Use {
  return { use: name, possible: possible ? 'yes' : 'no', words };
}

function metered(counted: boolean): string {
  return counted ? 'calls, tokens and money can be limited' : 'calls can be limited; tokens and money are worst cases';
}

/** `unknown` only where it was not tried: a refused upload is a no. */
function trained(upload: Finding | undefined, holds: boolean): Use {
  const name = 'student trained here';
  if (holds) return { use: name, possible: 'yes', words: 'over files and fine_tuning/jobs' };
  if (upload?.verdict === 'unasked') return { use: name, possible: 'unknown', words: upload.detail ?? '' };
  return { use: name, possible: 'no', words: 'train elsewhere: `student: { driver: manual }` or `driver: command`' };
}
