/** What `doctor --endpoint` found, for people: what it can do, what it can't, and what a run would lose by it. */
import { areas } from '../../conformance/case.ts';
import type { Area, ContractCase, Verdict } from '../../conformance/case.ts';
import type { Examination, Finding } from '../../conformance/examine.ts';
import { usesOf } from '../../conformance/uses.ts';
import { terminalLine } from '../terminal-text.ts';
import { wrap } from './wrap.ts';

const width = 110;
const marks: Readonly<Record<Verdict, string>> = { holds: 'yes', lacks: 'no', breaks: 'WRONG', unasked: '-' };
const answers = { yes: 'yes', no: 'no', unknown: '-' } as const;

export function examinationText(named: { url: string; model: string }, examination: Examination): string {
  const { findings, subject } = examination;
  const head = [`${terminalLine(named.url)}, model ${terminalLine(named.model)}`];
  if (subject !== named.model) head.push(`Asked was ${terminalLine(subject)}, trained from it for this.`);
  const sections = areas.flatMap((area) => areaLines(area, findings));
  return [...head, ...sections, '', ...useLines(findings), ...lossLines(findings), '', sumLines(examination)].join(
    '\n',
  );
}

function areaLines(area: Area, findings: readonly Finding[]): readonly string[] {
  const here = findings.filter((finding) => finding.case.area === area);
  const reasons = Map.groupBy(
    here.filter(({ verdict }) => verdict === 'unasked'),
    ({ detail }) => detail,
  );
  const alone = here.filter(({ verdict, detail }) => verdict !== 'unasked' || reasons.get(detail)?.length === 1);
  const lines = alone.map(({ case: { title }, verdict, detail }) => entry(marks[verdict], title, detail, verdict));
  for (const [reason, cases] of reasons) {
    if (cases.length > 1) lines.push(entry(marks.unasked, `${cases.length} cases not asked`, reason, 'unasked'));
  }
  return lines.length === 0 ? [] : ['', area, ...lines];
}

/** A good case takes a line, with what was seen in brackets; any other says below itself why. Cases that were not asked for one reason are counted together. */
function entry(mark: string, title: string, detail: string | null, verdict: Verdict): string {
  const seen = detail === null ? '' : terminalLine(detail);
  const beside = verdict === 'holds' && seen !== '' ? ` (${seen})` : '';
  const first = `  ${mark.padEnd(6)}${wrap(title + beside, width, 8)}`;
  return verdict === 'holds' || seen === '' ? first : `${first}\n          ${wrap(seen, width, 10)}`;
}

function useLines(findings: readonly Finding[]): readonly string[] {
  const rows = usesOf(findings).map(
    ({ use, possible, words }) => `  ${answers[possible].padEnd(6)}${use.padEnd(22)}${wrap(words, width, 30)}`,
  );
  return ['what a run can do here', ...rows.map((row) => row.trimEnd())];
}

function lossLines(findings: readonly Finding[]): readonly string[] {
  const lost = findings.filter(({ verdict, wants }) => (verdict === 'lacks' || verdict === 'breaks') && wants === null);
  const byLoss = Map.groupBy(
    lost.filter((finding) => finding.case.loss !== undefined),
    (finding) => finding.case.loss ?? '',
  );
  if (byLoss.size === 0) return [];
  const lines = [...byLoss].map(([loss, cases]) => {
    const [first] = cases;
    const mark = first === undefined ? '' : marks[first.verdict];
    return `  ${mark.padEnd(6)}${wrap(titleOf(cases.map((each) => each.case)), width, 8)}\n          ${wrap(loss, width, 10)}`;
  });
  return ['', 'what a run would lose', ...lines];
}

function titleOf(cases: readonly ContractCase[]): string {
  return cases.map(({ title }) => title).join('; ');
}

function sumLines({ findings, spent, left }: Examination): string {
  const count = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length;
  const counts = `${count('holds')} hold, ${count('lacks')} do not, ${count('breaks')} are wrong, ${count('unasked')} were not asked.`;
  const unmetered = spent.unmetered === 0 ? '' : ` (${spent.unmetered} answers reported no usage)`;
  const sent = `${spent.requests} requests were sent; by its own count ${spent.promptTokens} tokens read and ${spent.completionTokens} written${unmetered}.`;
  const stuck = [...left.files, ...left.models].map((id) => terminalLine(id));
  const jobs = left.jobs === 0 ? '' : ` ${left.jobs} jobs were created there.`;
  const lines = [counts, sent + jobs];
  if (stuck.length > 0) lines.push(wrap(`What could not be removed again: ${stuck.join(', ')}.`, width, 2));
  return lines.join('\n');
}
