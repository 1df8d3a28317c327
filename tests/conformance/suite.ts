/** The table of cases as tests against one server: each holds, or is declared not to and says why. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contractCases } from '../../conformance/all-cases.ts';
import { examine } from '../../conformance/examine.ts';
import type { Examination, Finding } from '../../conformance/examine.ts';
import type { ServerUnderContract } from './servers.ts';

/**
 * What a server does not do, by the id of the case: the start of what it says. A case that holds after all fails its
 * test, so that the list stays true.
 */
export type Declared = Readonly<Record<string, RegExp>>;

export function contractSuite(name: string, start: () => Promise<ServerUnderContract>, declared: Declared): void {
  describe(`${name} keeps the contract`, () => {
    const findings = new Map<string, Finding>();
    let server: ServerUnderContract | undefined;
    let examination: Examination | undefined;

    beforeAll(async () => {
      server = await start();
      const { model, apiKey, address, restart, retryForMs } = server;
      examination = await examine({
        address,
        apiKey,
        model,
        timeoutMs: 60_000,
        means: { training: { base: model, retryForMs }, restart, bulky: true },
      });
      for (const finding of examination.findings) findings.set(finding.case.id, finding);
    }, 600_000);
    afterAll(async () => await server?.stop());

    const own = contractCases.filter(({ id }) => declared[id] === undefined);
    it.each(own)('$area: $title', ({ id }) => {
      expect(findings.get(id)).toMatchObject({ verdict: 'holds' });
    });

    const lacking = contractCases.filter(({ id }) => declared[id] !== undefined);
    it.each(lacking)('declared not to: $area: $title', ({ id }) => {
      expect(findings.get(id)?.verdict).toMatch(/^(lacks|unasked)$/);
      expect(findings.get(id)?.detail).toMatch(declared[id] ?? /^$/);
    });

    it('has every case asked, and nothing declared that is no case', () => {
      expect(Object.keys(declared).filter((id) => !contractCases.some((each) => each.id === id))).toEqual([]);
      expect([...findings.keys()]).toEqual(contractCases.map(({ id }) => id));
      expect(examination?.left.files).toEqual([]);
    });
  });
}
