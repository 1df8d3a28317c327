/** Formats numbers for pages. */
const whole = new Intl.NumberFormat('en-GB');

export const count = (value: number): string => whole.format(value);

/** A score in [0, 1] with three digits. */
export const score = (value: number | null): string => (value === null ? '–' : value.toFixed(3));

/** A difference with its sign; no sign if it rounds to zero. */
export function signed(value: number): string {
  const digits = Math.abs(value).toFixed(3);
  return digits === '0.000' ? digits : `${value < 0 ? '−' : '+'}${digits}`;
}

export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** Micro-USD as dollars: two decimals from $1 on, two significant digits below. */
export function dollars(microUsd: number): string {
  const usd = microUsd / 1_000_000;
  return `$${usd >= 1 || usd === 0 ? usd.toFixed(2) : usd.toPrecision(2)}`;
}
