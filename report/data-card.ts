/** Writes the data card of an exported training set in the format of the Hugging Face hub. */
import { basename } from 'node:path';
import { stringify } from 'yaml';
import type { RunStatus } from '../contracts/progress.ts';
import type { Data, RunSpec } from '../contracts/run/run-file.ts';
import { simulatedParts } from '../contracts/run/simulated.ts';
import { cell, table } from './markdown-table.ts';

export interface DomainRows {
  readonly domain: string;
  readonly real: number;
  readonly synthetic: number;
  readonly duplicate: number;
}

export interface CardFacts {
  readonly spec: RunSpec;
  readonly status: RunStatus;
  readonly teacherModel: string | null;
  /** Closed stages in the set. */
  readonly stages: number;
  /** Names of the data files. */
  readonly files: readonly string[];
  readonly domains: readonly DomainRows[];
}

export function dataCard(facts: CardFacts): string {
  const rows = sum(facts.domains, ({ real, synthetic, duplicate }) => real + synthetic + duplicate);
  return [
    `---\n${stringify(frontMatter(facts, rows))}---`,
    heading(facts, rows),
    provenance(facts),
    domains(facts),
    columns(facts),
    terms(facts),
  ].join('\n\n');
}

function frontMatter({ spec, files }: CardFacts, rows: number): object {
  const builtin = 'builtin' in spec.data;
  return {
    pretty_name: spec.name,
    ...(builtin ? { license: 'other', license_name: 'wordnet' } : { license: 'unknown' }),
    task_categories: [...(spec.task === 'classification' ? ['text-classification'] : []), 'text-generation'],
    size_categories: [sizeCategory(rows)],
    tags: ['distillation', 'synthetic'],
    configs: [
      {
        config_name: 'default',
        data_files: [{ split: 'train', path: files.find((file) => file.endsWith('.parquet')) ?? 'train.jsonl' }],
      },
    ],
  };
}

/** The size classes of the hub. */
function sizeCategory(rows: number): string {
  const bounds = [
    [1e3, 'n<1K'],
    [1e4, '1K<n<10K'],
    [1e5, '10K<n<100K'],
    [1e6, '100K<n<1M'],
  ] as const;
  return bounds.find(([below]) => rows < below)?.[1] ?? '1M<n<10M';
}

function heading({ spec, status, stages }: CardFacts, rows: number): string {
  const partial = `\n\n> Partial: the run is ${status}. The data set contains the first ${stages} of its ${spec.stages} stages.`;
  return (
    `# ${cell(spec.name)}\n\n${rows} training examples for a small student model: an instruction, an input, the step-by-step ` +
    'rationale of a larger teacher model, and the answer. The teacher budget was distributed over the domains by multi-stage ' +
    `balanced distillation (\`${spec.method}\`, [arXiv 2406.13114](https://arxiv.org/abs/2406.13114)), with baldistill.` +
    (status === 'completed' ? '' : partial)
  );
}

function provenance({ spec, teacherModel }: CardFacts): string {
  const simulated = simulatedParts({ ...spec, student: { driver: 'none' } });
  return [
    '## Provenance',
    '',
    table(
      ['property', 'value'],
      [
        ['source rows', cell(sourceOf(spec.data))],
        ['teacher', cell(teacherModel ?? 'none')],
        ['kind of teacher', spec.teacher === undefined ? 'none' : simulated.join(', ') || 'model endpoint'],
        ['method', `${spec.method}, ${spec.stages} stages, ${spec.budget.slots} slots`],
        ...Object.entries(spec.switches).map(([key, value]): [string, string] => [`switch ${key}`, String(value)]),
        ['seed', spec.seed],
      ],
    ),
  ].join('\n');
}

function sourceOf(data: Data): string {
  if ('builtin' in data) return `${data.builtin} (built-in), a pool of ${data.pool} rows`;
  const { folder, train } = data;
  const file = basename(typeof train === 'string' ? train : train.path);
  return folder === undefined ? file : `${folder}/${file}`;
}

function domains({ domains: parts }: CardFacts): string {
  const total = { domain: 'all', real: 0, synthetic: 0, duplicate: 0 };
  for (const { real, synthetic, duplicate } of parts) {
    total.real += real;
    total.synthetic += synthetic;
    total.duplicate += duplicate;
  }
  return [
    '## Rows',
    '',
    '*Real*: a source row with a rationale of the teacher. *Synthetic*: a row that the teacher synthesized. *Duplicate*: ' +
      'an example that is repeated because its domain had no more rows.',
    '',
    table(
      ['domain', 'real', 'synthetic', 'duplicate'],
      [...parts, total].map(({ domain, real, synthetic, duplicate }) => [cell(domain), real, synthetic, duplicate]),
    ),
  ].join('\n');
}

function columns({ files }: CardFacts): string {
  const parquet = files.includes('train.parquet');
  const where = parquet
    ? 'Columns of `train.parquet`.'
    : '`train.jsonl` contains `messages`. The same line of `train.provenance.jsonl` contains the other columns except `rationale`.';
  return [
    '## Columns',
    '',
    where,
    '',
    table(
      ['column', 'meaning'],
      [
        ['`messages`', 'the example as a chat: the student prompt and the completion to learn'],
        ['`id`', 'id of the source row, or `DOMAIN#N` for the Nth synthetic row of a domain'],
        ['`domain`', 'the domain that the budget was balanced over'],
        ['`origin`', '`real`, `synthetic` or `duplicate`'],
        ['`stage`, `slot`', 'the stage and slot of the example; stages count from 0'],
        ['`instruction`, `input`, `answer`', 'the row; the answer of a real row is its gold answer'],
        ['`rationale`', "the teacher's text without its answer line; null if the example has no rationale"],
        ['`call`', 'key of the teacher call; null if there was none, as for a duplicate'],
      ],
    ),
  ].join('\n');
}

function terms({ spec, teacherModel }: CardFacts): string {
  const source =
    'builtin' in spec.data
      ? 'The source rows are definitions of WordNet 3.1, under the WordNet license.'
      : 'The license of the source rows is unknown to baldistill.';
  return `## Terms\n\n${source} ${teacherTerms(spec.teacher, teacherModel)} Set \`license\` above before you publish this data set.\n`;
}

function teacherTerms(teacher: RunSpec['teacher'], model: string | null): string {
  if (teacher === undefined) return 'No teacher was used.';
  if ('embedded' in teacher)
    return 'The teacher was embedded: simulated, or replaying recorded answers, which may have their own terms.';
  return `Rationales and synthetic rows were written by ${cell(model ?? teacher.model)}. Check whether its terms allow you to train on them and to publish them.`;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
