/** A real browser without a network, which notes everything a page should not do. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { launch } from 'puppeteer-core';
import type { Browser, Page } from 'puppeteer-core';

const candidates = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Where Chromium is; undefined, and said so, where it is not. */
export const chromium = candidates.find((path) => path !== undefined && existsSync(path));
if (chromium === undefined)
  process.stdout.write('Skipped: the browser tests need Chromium (apt-get install chromium, or CHROMIUM=PATH).\n');

export interface Opened {
  readonly page: Page;
  /** Console messages of any kind, errors, dialogs, and requests for anything but the file. */
  readonly noted: string[];
}

export async function launchChromium(): Promise<Browser> {
  return await launch({
    executablePath: chromium ?? '',
    headless: true,
    // Containers run as root and have no user namespaces; nothing but files of these tests is opened.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

export async function open(browser: Browser, path: string, options: { scripts?: boolean } = {}): Promise<Opened> {
  const page = await browser.newPage();
  const noted: string[] = [];
  const url = pathToFileURL(path).href;
  page.on('console', (message) => noted.push(`console ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => noted.push(`error: ${String(error)}`));
  page.on('dialog', (dialog) => {
    noted.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url) noted.push(`request: ${request.url()}`);
  });
  await page.setJavaScriptEnabled(options.scripts ?? true);
  await page.setOfflineMode(true);
  await page.goto(url);
  return { page, noted };
}
