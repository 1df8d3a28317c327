/** A real browser without a network, which records everything a page should not do. */
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

/** The path of Chromium; undefined, with a message, if there is none. */
export const chromium = candidates.find((path) => path !== undefined && existsSync(path));
if (chromium === undefined)
  process.stdout.write('Skipped: the browser tests need Chromium (apt-get install chromium, or CHROMIUM=PATH).\n');

export interface Opened {
  readonly page: Page;
  /** Console messages of any kind, errors, dialogs, and requests for anything but the file. */
  readonly recorded: string[];
}

export async function launchChromium(): Promise<Browser> {
  return await launch({
    executablePath: chromium ?? '',
    headless: true,
    // Containers run as root without user namespaces. Only files of these tests are opened.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

export async function open(browser: Browser, path: string, options: { scripts?: boolean } = {}): Promise<Opened> {
  const page = await browser.newPage();
  const recorded: string[] = [];
  const url = pathToFileURL(path).href;
  page.on('console', (message) => recorded.push(`console ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => recorded.push(`error: ${String(error)}`));
  page.on('dialog', (dialog) => {
    recorded.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url) recorded.push(`request: ${request.url()}`);
  });
  await page.setJavaScriptEnabled(options.scripts ?? true);
  await page.setOfflineMode(true);
  await page.goto(url);
  return { page, recorded };
}
