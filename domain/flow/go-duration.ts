/** Durations as `x-ratelimit-reset-*` writes them: Go's (`6m0s`, `120ms`, `1h2m3.5s`), or plain seconds (`17`). */
const units: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 1e-6,
};

/** Milliseconds; null for anything else. */
export function durationMs(text: string): number | null {
  const trimmed = text.trim();
  if (/^\d{1,9}(\.\d{1,9})?$/.test(trimmed)) return Number(trimmed) * 1000;
  if (trimmed.length > 60 || !/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(trimmed)) return null;
  let total = 0;
  for (const [, amount = '', unit = ''] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g))
    total += Number(amount) * (units[unit] ?? 0);
  return Number.isFinite(total) ? total : null;
}
