/** A pilot for people: what was asked, what came back, what was expected and what the run will make of it. */
import Table from 'cli-table3';
import { flawOf, pilotRates } from '../../estimate/pilot.ts';
import type { PilotAnswer } from '../../estimate/pilot.ts';
import { terminalLine, terminalLines } from '../terminal-text.ts';

export interface ShownRequest {
  readonly stage: number;
  readonly slot: number;
  readonly domain: string;
  readonly kind: string;
  readonly url: string;
  /** The body, exactly as it would be sent. */
  readonly body: unknown;
}

export function requestsText(requests: readonly ShownRequest[]): string {
  const each = requests.map(({ stage, slot, domain, kind, url, body }) => {
    const title = `# stage ${stage}, slot ${slot}: ${kind} ${terminalLine(domain)}`;
    return [title, `POST ${url}`, terminalLines(JSON.stringify(body, null, 2))].join('\n');
  });
  return [...each, `${requests.length} requests, none of them sent.`].join('\n\n');
}

/** More of the pilot's annotations than this should not differ from their gold answers. */
const mostMismatch = 0.05;
/** Characters of a text that are shown. */
const shownText = 600;

export function pilotText(
  answers: readonly PilotAnswer[],
  { n, columns }: { readonly n: number; readonly columns: number },
): string {
  const parts = [
    { kind: 'annotate', title: 'Rationales', head: ['row', 'teacher', 'gold', 'verdict'], none: 'annotated' },
    {
      kind: 'synthesize',
      title: 'Synthetic rows',
      head: ['prompt', 'teacher', 'kind', 'verdict'],
      none: 'synthesized',
    },
  ].map(({ kind, title, head, none }) => {
    const some = answers.filter(({ call }) => call.kind === kind);
    if (some.length === 0) return `${title}: none is certain to be ${none} before the run begins.`;
    const fewer = some.length < n ? `, all that are certain before the run begins` : '';
    return `${title} (${some.length}${fewer})\n${sideBySide(head, some, columns)}`;
  });
  return [...parts, figures(answers)].join('\n\n');
}

/** Text columns share what the narrow ones leave. */
function sideBySide(head: readonly string[], answers: readonly PilotAnswer[], columns: number): string {
  const [gold, verdict] = [14, 18];
  const text = Math.max(20, Math.floor((Math.min(columns, 160) - gold - verdict - 5) / 2));
  const table = new Table({
    head: [...head],
    style: { head: [], border: [] },
    colWidths: [text, text, gold, verdict],
    wordWrap: true,
  });
  for (const { call, asked, record, gold: wanted, decision } of answers)
    table.push([
      call.kind === 'annotate' ? brief(asked) : briefPrompt(asked),
      brief(record?.answer?.text ?? '–'),
      brief(wanted),
      verdictOf(decision),
    ]);
  return table.toString();
}

function brief(text: string): string {
  const safe = terminalLines(text.trim());
  return safe.length <= shownText ? safe : `${safe.slice(0, shownText)} …`;
}

/** Prompts share their beginning: the end distinguishes them. */
function briefPrompt(text: string): string {
  const safe = terminalLines(text.trim());
  return safe.length <= shownText ? safe : `… ${safe.slice(-shownText)}`;
}

function verdictOf(decision: PilotAnswer['decision']): string {
  const flaw = flawOf(decision);
  if (flaw === null) return 'used';
  return decision.kind === 'example' ? `used without its rationale: ${flaw}` : `${decision.kind}: ${flaw}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

function figures(answers: readonly PilotAnswer[]): string {
  const rates = pilotRates(answers);
  const paid = answers.flatMap(({ record }) => record?.answer ?? []);
  const sum = (of: (answer: (typeof paid)[number]) => number | null): string =>
    paid.reduce((total, answer) => total + (of(answer) ?? 0), 0).toLocaleString('en');
  const lines = [
    `${rates.answered} of ${rates.calls} answered; ${sum(({ inputTokens }) => inputTokens)} tokens in, ${sum(({ outputTokens }) => outputTokens)} out`,
    `mismatch ${percent(rates.mismatch)}, truncated ${percent(rates.truncated)}, not readable ${percent(rates.unparseable)}, repeated ${percent(rates.duplicate)}`,
  ];
  if (rates.mismatch > mostMismatch)
    lines.push(
      `Warning: ${percent(rates.mismatch)} of the rationales come to another answer than the gold one. The task, the ` +
        'instruction or the gold answers may not be what the teacher takes them for: look at them before the run.',
    );
  if (rates.truncated > 0) lines.push('Warning: answers were truncated; raise teacher.maxTokens.');
  if (lines.length > 2)
    lines.push('Give the file another name when you change it (--name): this one keeps its settings.');
  return lines.join('\n');
}
