/** The report of a run: its files, where they are and what is in them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Report } from '../../contracts/report.ts';
import { runFolder } from './stored-runs.ts';

export interface ReportPaths {
  readonly folder: string;
  readonly page: string;
  readonly markdown: string;
  readonly json: string;
}

export function reportPaths(home: string, run: string): ReportPaths {
  const folder = runFolder(home, run);
  return {
    folder,
    page: join(folder, 'report.html'),
    markdown: join(folder, 'report.md'),
    json: join(folder, 'report.json'),
  };
}

/** The JSON report; undefined where a run has none yet, or one of another version. */
export function readReport(home: string, run: string): Report | undefined {
  const { json } = reportPaths(home, run);
  if (!existsSync(json)) return undefined;
  return Report.safeParse(JSON.parse(readFileSync(json, 'utf8'))).data;
}
