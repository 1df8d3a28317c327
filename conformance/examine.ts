/** Runs the checks against one endpoint and removes what they created. */
import { randomUUID } from 'node:crypto';
import { contractCases } from './all-cases.ts';
import { Objection } from './case.ts';
import type { ContractCase, Verdict } from './case.ts';
import { reached } from './cases/reaching.ts';
import { Site } from './requests/site.ts';
import type { Means } from './requests/site.ts';
import { clearAway } from './clear-away.ts';
import type { Left } from './clear-away.ts';
import { openWire } from './requests/wire.ts';
import type { Spent, WireSettings } from './requests/wire.ts';

export interface Finding {
  readonly case: ContractCase;
  readonly verdict: Verdict;
  /** The observation, or why the check does not hold; null without a remark. */
  readonly detail: string | null;
  /** The case for want of which this one was not asked: the first in the chain; null for every other. */
  readonly wants: ContractCase | null;
  readonly milliseconds: number;
}

export interface Examination {
  /** The model that was asked, where it is another one than was named: trained here for that. */
  readonly subject: string;
  readonly findings: readonly Finding[];
  readonly spent: Spent;
  readonly left: Left;
}

export interface ExaminationSettings extends WireSettings {
  readonly model: string;
  readonly means: Means;
  /** Called before each case and after it. */
  readonly begin?: (next: ContractCase) => void;
  readonly end?: (finding: Finding) => void;
  readonly cases?: readonly ContractCase[];
}

/** Never throws for what the endpoint does: that is what the findings are for. */
export async function examine(settings: ExaminationSettings): Promise<Examination> {
  const { model, means, cases = contractCases } = settings;
  const wire = openWire(settings);
  const site = new Site(wire, model, means, `doctor-${randomUUID()}`);
  const findings: Finding[] = [];
  for (const each of cases) {
    settings.begin?.(each);
    const finding = await findingOf(each, site, findings);
    findings.push(finding);
    settings.end?.(finding);
  }
  const left = await clearAway(site);
  return { subject: site.subject, findings, spent: wire.spent(), left };
}

async function findingOf(each: ContractCase, site: Site, before: readonly Finding[]): Promise<Finding> {
  const wants = wantOf(each, before);
  if (wants !== undefined) {
    const detail = `for want of: ${wants.title}`;
    return { case: each, verdict: 'unasked', detail, wants, milliseconds: 0 };
  }
  const started = performance.now();
  const finish = (verdict: Verdict, detail: string | null): Finding => ({
    case: each,
    verdict,
    detail,
    wants: null,
    milliseconds: Math.round(performance.now() - started),
  });
  try {
    const seen = await each.check(site);
    site.held.add(each.id);
    return finish('holds', seen ?? null);
  } catch (error) {
    if (!(error instanceof Objection)) throw error;
    return finish(error.verdict, error.message);
  }
}

/** The failed check that makes this one meaningless; undefined where it can run. */
function wantOf({ needs = [] }: ContractCase, before: readonly Finding[]): ContractCase | undefined {
  const unmet = before.find(({ case: { id }, verdict }) => {
    if (verdict === 'holds') return false;
    return needs.includes(id) || (id === reached && verdict === 'breaks');
  });
  return unmet?.wants ?? unmet?.case;
}
