/** The pages as people see them: from disk, without a network, in a real browser. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../contracts/report.ts';
import { htmlComparison } from '../../report/html/comparison/comparison-page.ts';
import { htmlReport } from '../../report/html/run-page.ts';
import { chromium, launchChromium, open } from './browser.ts';
import { comparisonFixture, reportFixture } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'baldistill-report-'));
const pages = { report: join(folder, 'report.html'), comparison: join(folder, 'comparison.html') };
writeFileSync(pages.report, htmlReport(reportFixture()));
writeFileSync(pages.comparison, htmlComparison(comparisonFixture()));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The same report with so many times its domains. */
function withDomains(report: Report, times: number): Report {
  const repeated = <T extends { readonly domain: string }>(list: readonly T[]): T[] =>
    Array.from({ length: times }, (_, turn) => list.map((one) => ({ ...one, domain: `${one.domain} ${turn}` }))).flat();
  const scored = <T extends Report['test']>(metrics: T): T =>
    metrics === null ? metrics : { ...metrics, domains: repeated(metrics.domains) };
  return {
    ...report,
    data: { ...report.data, domainRows: repeated(report.data.domainRows) },
    test: scored(report.test),
    stages: report.stages.map((stage) => ({
      ...stage,
      validation: scored(stage.validation),
      outcomes: repeated(stage.outcomes),
    })),
  };
}

test.each([90, 990])('a page without its data is below 1 MiB with %i domains', (domains) => {
  const report = withDomains({ ...reportFixture(), samples: [] }, domains / 90);
  const page = htmlReport(report);
  expect(Buffer.byteLength(page)).toBeLessThan(1024 * 1024);
  expect(page.includes('domains are drawn; the table lists all')).toBe(domains > 120);
});

test('the same report gives the same bytes', () => {
  expect(htmlReport(reportFixture())).toBe(htmlReport(reportFixture()));
});

const texts = async (page: Page, selector: string): Promise<string[]> =>
  await page.$$eval(selector, (found) => found.map((element) => element.textContent ?? ''));

/** Texts of figures that reach beyond their figure. */
const cutOff = async (page: Page): Promise<string[]> =>
  await page.$$eval('figure svg text', (found) =>
    found.flatMap((text) => {
      const inner = text.getBoundingClientRect();
      const outer = text.ownerSVGElement?.getBoundingClientRect();
      const fits =
        outer !== undefined &&
        inner.left >= outer.left &&
        inner.right <= outer.right &&
        inner.top >= outer.top &&
        inner.bottom <= outer.bottom;
      return fits ? [] : [text.textContent];
    }),
  );

describe.skipIf(chromium === undefined)('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => await browser.close());

  test.each(['report', 'comparison'] as const)(
    'the %s opens from disk, quietly, and nothing in it is executed',
    async (name) => {
      const { page, noted } = await open(browser, pages[name]);
      expect(await page.$$eval('script', (found) => found.length)).toBe(1);
      expect(await page.$$eval('img, iframe, object, embed, base, link', (found) => found.length)).toBe(0);
      const links = await page.$$eval('a', (found) => found.map((link) => link.getAttribute('href') ?? ''));
      expect(links.filter((link) => !/^#[a-z]+$/.test(link))).toEqual([]);
      const attributes = await page.$$eval('*', (found) => found.flatMap((element) => element.getAttributeNames()));
      expect(attributes.filter((attribute) => attribute.startsWith('on') || attribute === 'style')).toEqual([]);
      const text = (await page.$eval('body', (body) => body.textContent)) ?? '';
      expect(text).toContain('<script>alert(1)</script>');
      expect(text.replaceAll(/[\n\t]/g, '')).not.toMatch(/\p{Cc}/u);
      expect(noted).toEqual([]);
      await page.close();
    },
  );

  test('every figure is there, says in words what it shows, and has text of 12 px or more', async () => {
    const { page } = await open(browser, pages.report);
    const labels = await page.$$eval('figure svg', (found) => found.map((svg) => svg.getAttribute('aria-label') ?? ''));
    // Scores 3, stages 2, quotas 3 panels, before and after 3 panels, budget 2.
    expect(labels).toHaveLength(13);
    for (const label of labels) expect(label.length).toBeGreaterThan(40);
    for (const width of [1200, 400]) {
      await page.setViewport({ width, height: 900 });
      const sizes = await page.$$eval('figure svg text', (found) =>
        found.map((text) => {
          const svg = text.ownerSVGElement;
          const scale = svg === null ? 0 : svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
          return Number.parseFloat(text.ownerDocument.defaultView.getComputedStyle(text).fontSize) * scale;
        }),
      );
      expect(sizes.length).toBeGreaterThan(500);
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(11.99);
    }
    await page.close();
  });

  test('no text of a figure is cut off by its edge', async () => {
    for (const path of Object.values(pages)) {
      const { page } = await open(browser, path);
      expect(await cutOff(page)).toEqual([]);
      await page.close();
    }
  });

  test('a table sorts by a click and by the keyboard, numbers as numbers', async () => {
    const { page } = await open(browser, pages.report);
    const column = async (): Promise<number[]> =>
      await page.$$eval('[aria-label="Domains"] tbody tr td:last-child', (cells) =>
        cells.map((cell) => (cell.getAttribute('data-value') === '' ? -1 : Number(cell.getAttribute('data-value')))),
      );
    const header = '[aria-label="Domains"] th:last-child';
    await page.click(`${header} button`);
    expect(await page.$eval(header, (cell) => cell.getAttribute('aria-sort'))).toBe('descending');
    const descending = await column();
    expect(descending).toHaveLength(90);
    expect(descending).toEqual(descending.toSorted((a, b) => b - a));
    await page.focus(`${header} button`);
    await page.keyboard.press('Enter');
    const ascending = (await column()).filter((value) => value >= 0);
    expect(ascending).toEqual(ascending.toSorted((a, b) => a - b));
    // Domains without a score come last either way.
    expect((await column()).slice(-3)).toEqual([-1, -1, -1]);
    await page.click('[aria-label="Domains"] th:first-child button');
    const names = await texts(page, '[aria-label="Domains"] tbody td:first-child');
    expect(names.filter((name) => name.startsWith('domain-'))[0]).toMatch(/^domain-07/);
    await page.close();
  });

  test('samples are filtered by kind, reason, domain and words', async () => {
    const { page } = await open(browser, pages.report);
    const shown = async (): Promise<string[]> =>
      await page.$$eval('#samples-list > li:not([hidden])', (found) =>
        found.map((sample) => `${sample.getAttribute('data-kind')} ${sample.getAttribute('data-reason')}`),
      );
    const all = reportFixture().samples;
    expect(await shown()).toHaveLength(all.length);
    await page.select('select[name=kind]', 'unusable');
    await page.select('select[name=reason]', 'mismatch');
    expect(new Set(await shown())).toEqual(new Set(['unusable mismatch']));
    expect(await shown()).toHaveLength(all.filter(({ reason }) => reason === 'mismatch').length);
    await page.select('select[name=kind]', '');
    await page.select('select[name=reason]', '');
    // A hostile domain is a choice like any other.
    const domain = await page.$eval('select[name=domain] option:nth-child(2)', (option) =>
      option.getAttribute('value'),
    );
    await page.select('select[name=domain]', domain ?? '');
    expect((await shown()).length).toBeGreaterThan(0);
    expect((await shown()).length).toBeLessThan(10);
    await page.select('select[name=domain]', '');
    await page.type('input[name=search]', 'synthetic 33');
    expect(await shown()).toEqual(['synthetic ']);
    expect(await texts(page, 'output')).toEqual([`1 of ${all.length} shown`]);
    await page.close();
  });

  test('it fits a narrow screen, goes dark and light with the system, and prints light', async () => {
    const { page } = await open(browser, pages.report);
    const background = async (): Promise<string> =>
      await page.$eval('body', (body) => body.ownerDocument.defaultView.getComputedStyle(body).backgroundColor);
    await page.setViewport({ width: 400, height: 800 });
    expect(await page.$eval('html', (html) => html.scrollWidth)).toBe(400);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    expect(await background()).toBe('rgb(20, 23, 26)');
    await page.emulateMediaType('print');
    expect(await background()).toBe('rgb(255, 255, 255)');
    await page.close();
  });

  test('without scripts everything can be read', async () => {
    const { page } = await open(browser, pages.report, { scripts: false });
    expect((await page.$$('figure svg')).length).toBe(13);
    expect((await page.$$('#samples-list > li')).length).toBe(reportFixture().samples.length);
    expect(await page.$eval('form.filter', (form) => form.checkVisibility())).toBe(false);
    await page.close();
  });

  test('a run that was not scored, of one stage, or ended before its first stage has a page too', async () => {
    const report = reportFixture();
    const [first] = report.stages;
    if (first === undefined) throw new Error('no stage');
    const unscored = {
      ...report,
      test: null,
      stages: report.stages.map((stage) => ({
        ...stage,
        validation: null,
        losses: [
          { step: 1, loss: 0.00008 },
          { step: 2, loss: 0.00002 },
        ],
      })),
    };
    const bare = { ...unscored, stages: [], samples: [], history: { points: [], stages: [] } };
    const variants = { unscored, bare, oneStage: { ...report, stages: [first] }, untested: { ...report, test: null } };
    const figures: Record<string, number> = {};
    for (const [name, variant] of Object.entries(variants)) {
      const path = join(folder, `${name}.html`);
      writeFileSync(path, htmlReport(variant));
      const { page, noted } = await open(browser, path);
      expect(noted).toEqual([]);
      const made = await page.$$eval('header, section', (found) => found.map((part) => part.innerHTML).join(''));
      expect(/.{20}(NaN|undefined|Infinity).{20}/.exec(made)?.[0]).toBeUndefined();
      expect(await cutOff(page)).toEqual([]);
      figures[name] = (await page.$$('figure svg')).length;
      await page.close();
    }
    expect(figures).toEqual({ unscored: 7, bare: 0, oneStage: 10, untested: 13 });
  });

  test('a comparison shows its table, curves and cells', async () => {
    const { page } = await open(browser, pages.comparison);
    const bold = await texts(page, '#results ~ * tbody strong');
    expect(bold).toHaveLength(4);
    const cells = await texts(page, '[aria-label="Student naive-bayes, budget 1"] tbody tr:last-child td');
    expect(cells[1]).toMatch(/^0\.550 ± 0\.012\* \/ 0\.850$/);
    // Differences for three data sets, curves over stages and slots for two.
    expect((await page.$$('figure svg')).length).toBe(7);
    await page.select('select[name=status]', 'failed');
    expect((await page.$$('#cells-list > tr:not([hidden])')).length).toBe(3);
    await page.close();
  });
});
