/** A real run over hostile data: what its report says, and that it stays words. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveRunFile } from '../../adapters/run-file/resolve.ts';
import { Report } from '../../contracts/report.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { openRig, until } from '../engine/rig.ts';
import type { Home, Rig } from '../engine/rig.ts';
import { chromium, launchChromium, open } from './browser.ts';
import { allHostile, hostile } from './hostile.ts';

// The importer refuses control characters in labels, and the embedded teacher reads none with a tag.
const labels = ['javascript:alert(6)', '" onmouseover="alert(7)', "' & &lt;script&gt;", 'plain'];
const data = mkdtempSync(join(tmpdir(), 'baldistill-hostile-'));
let rig: Rig;
let home: Home;

beforeAll(async () => {
  writeData();
  rig = await openRig({ data });
  home = rig.home();
  await home.worker();
});
afterAll(async () => {
  await rig.close();
  rmSync(data, { recursive: true, force: true });
});

/** Different enough that no two rows are near-duplicates, alike enough that a label can be learned. */
const wordsOf = (label: number, index: number): string =>
  Array.from({ length: 12 }, (_, place) => (place % 3 === 0 ? `word${label}` : `w${label}x${index}x${place}`)).join(
    ' ',
  );

/** Rows of a label: many, some, few, and 3, so that rows have to be synthesized. Every fourth rationale ends wrongly. */
function writeData(): void {
  const counts = [60, 30, 15, 3];
  const rows = labels.flatMap((answer, label) =>
    Array.from({ length: counts[label] ?? 0 }, (_, index) => ({
      id: `row-${label}-${index}`,
      input: `${wordsOf(label, index)} ${Object.values(hostile)[index % 6]}`,
      answer,
    })),
  );
  const rationale = `Step by step. ${allHostile}`;
  const folder = join(data, 'hostile');
  const write = (name: string, lines: readonly unknown[]): void =>
    writeFileSync(join(folder, name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  mkdirSync(folder);
  write('train.jsonl', rows);
  write(
    'teacher.jsonl',
    rows.map(({ id, answer }, index) => ({ id, rationale, prediction: index % 4 === 3 ? 'nonsense' : answer })),
  );
  write(
    'synthetic.jsonl',
    labels.flatMap((domain) =>
      Array.from({ length: 30 }, (_, index) => ({
        domain,
        input: `synthetic ${wordsOf(9, index)} ${hostile.ending} ${hostile.ansi}`,
        answer: domain,
        rationale,
        prediction: domain,
      })),
    ),
  );
}

function specOf(name: string, concurrency: number): RunSpec {
  const text = [
    `name: ${name}`,
    'data: { folder: hostile, train: train.jsonl, fields: { id: id, input: input, answer: answer } }',
    'stages: 3',
    'budget: { slots: 60 }',
    `teacher: { embedded: recorded, concurrency: ${concurrency} }`,
    'student: { embedded: naive-bayes }',
  ].join('\n');
  const resolved = resolveRunFile(text, { path: '/stories/story.yaml', overrides: {}, name, dataRoot: data });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  return resolved.spec;
}

/** Runs to the end; its folder. */
async function finished(spec: RunSpec): Promise<string> {
  const handle = await home.start(spec);
  const { status, blocked } = await until(
    handle,
    (progress) => ['completed', 'blocked'].includes(progress.status),
    120_000,
  );
  expect({ status, blocked }).toEqual({ status: 'completed', blocked: null });
  return (await handle.result()).folder ?? '';
}

const reportOf = (run: string): Report =>
  Report.parse(JSON.parse(readFileSync(join(home.path, 'runs', run, 'report.json'), 'utf8')));

test('a run leaves one page that is quiet in a browser, and a report without control characters', async (context) => {
  const folder = await finished(specOf('first', 8));
  expect(readFileSync(join(folder, 'report.md'), 'utf8').replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  context.skip(chromium === undefined, 'no Chromium');
  const browser = await launchChromium();
  try {
    const { page, noted } = await open(browser, join(folder, 'report.html'));
    expect((await page.$$('figure svg')).length).toBeGreaterThanOrEqual(7);
    expect(await page.$$eval('script', (found) => found.length)).toBe(1);
    const text = (await page.$eval('body', (body) => body.textContent)) ?? '';
    for (const words of [...labels, hostile.script, hostile.handler, hostile.link, hostile.ending])
      expect(text).toContain(words);
    expect(text).toContain('␛[31mred');
    expect(noted).toEqual([]);
  } finally {
    await browser.close();
  }
});

test('its samples are rationales, synthetic rows and unusable answers with their reasons', () => {
  const { samples, ledger, history, prompts, data: rows } = reportOf('first');
  const of = (kind: string) => samples.filter((sample) => sample.kind === kind);
  expect(of('real').length).toBeGreaterThan(10);
  expect(of('synthetic').length).toBeGreaterThan(3);
  expect(of('unusable')).toHaveLength(Math.min(20, ledger.unusable['mismatch'] ?? 0));
  for (const sample of of('unusable')) {
    expect(sample).toMatchObject({ reason: 'mismatch', text: expect.stringContaining('nonsense') });
    // The row still teaches its gold answer, so its text is known.
    expect(sample.input).toContain('word');
  }
  expect(new Set(of('real').map(({ domain }) => domain)).size).toBeGreaterThan(2);
  expect(history.points.at(-1)).toMatchObject({ charged: ledger.charged, forfeited: 0 });
  expect(history.stages.map(({ stage }) => stage)).toEqual([0, 1, 2]);
  expect(prompts.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(rows.domainRows.map(({ domain }) => domain)).toEqual(labels);
});

test('the draw does not depend on the order in which answers arrive', async () => {
  await finished(specOf('second', 1));
  expect(reportOf('second').samples).toEqual(reportOf('first').samples);
});
