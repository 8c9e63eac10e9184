// What a host's charts draw: columns of the points that were read, with a hole where time was not measured.

import type { HostPoint } from "../../types";

/** What lies this far apart is joined in any case, ms: a bucket of a minute may be empty beside one that is late. */
const JOINED = 150_000;

/** Points are one bucket apart; from so many buckets on, what is between them was not measured. */
const BUCKETS = 1.7;

export interface Columns {
  /** Times, ms. */
  at: number[];
  /** Means of a metric, one for each time; null where it is not known. */
  of: (metric: string) => (number | null)[];
}

/** How far apart points may lie to be joined, ms: the length of a bucket is what most of them are apart. */
function farthest(times: readonly number[]): number {
  const spaces = times.slice(1).map((time, index) => time - (times[index] ?? time)).sort((one, other) => one - other);
  return Math.max(JOINED, (spaces[Math.floor(spaces.length / 2)] ?? 0) * BUCKETS);
}

/** Columns of the points, oldest first, with a hole where time is missing. */
export function columns(items: readonly HostPoint[]): Columns {
  const apart = farthest(items.map((item) => Date.parse(item.at)));
  const rows: (HostPoint | null)[] = [];
  const at: number[] = [];
  for (const item of items) {
    const time = Date.parse(item.at);
    const before = at.at(-1);
    if (before !== undefined && time - before > apart) {
      at.push(before + 1);
      rows.push(null);
    }
    at.push(time);
    rows.push(item);
  }
  return { at, of: (metric) => rows.map((row) => row?.values?.[metric]?.mean ?? null) };
}
