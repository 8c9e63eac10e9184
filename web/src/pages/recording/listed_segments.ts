// The segments of a session that are listed, and what a newer answer makes of them. Pure.

import type { Segment } from "../../types";

export const startOf = (one: Segment) => Date.parse(one.startedAt);
const endOf = (one: Segment) => startOf(one) + one.durationMs;

/** Both, newest first: of the time that was asked for what was found, of the rest what was known. */
export function merged(before: readonly Segment[], found: readonly Segment[], from: number, to: number): Segment[] {
  const outside = before.filter((one) => endOf(one) <= from || startOf(one) >= to);
  const all = new Map([...outside, ...found].map((one) => [one.id, one]));
  return [...all.values()].sort((a, b) => startOf(b) - startOf(a));
}

/** The time of what is not stored yet, and soon will be; null where nothing is. */
export function unfinished(items: readonly Segment[]): { from: number; to: number } | null {
  const open = items.filter((one) => ["writing", "sealed", "uploading"].includes(one.state));
  if (open.length === 0) return null;
  return { from: Math.min(...open.map(startOf)), to: Math.max(...open.map((one) => Math.max(endOf(one), startOf(one) + 1))) };
}
