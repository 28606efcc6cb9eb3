/** The value below which the share `q` (0..1) of the sample lies, interpolated; NaN of nothing. */
export function quantile(sample: readonly number[], q: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * q;
  const [below, above] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return below + (above - below) * (place - Math.floor(place));
}

export const median = (sample: readonly number[]): number => quantile(sample, 0.5);

/** `median / p95 / max` with as many of the quantiles as asked for, e.g. `12.1 / 18.0 ms`. */
export function quantiles(sample: readonly number[], qs: readonly number[], unit: string, digits = 1): string {
  return `${qs.map((q) => quantile(sample, q).toFixed(digits)).join(' / ')} ${unit}`;
}
