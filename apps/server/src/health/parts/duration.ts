const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** A time for people, in the largest unit of which there are two or more: `90 s`, `3 min`, `26 h`, `3 d`. */
export function duration(seconds: number): string {
  for (const [unit, length] of UNITS)
    if (seconds >= 2 * length) return `${Math.floor(seconds / length)} ${unit}`;
  return `${Math.max(0, Math.floor(seconds))} s`;
}
