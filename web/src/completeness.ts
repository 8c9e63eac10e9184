// How complete a stream was in a stretch of time, from what the server says of a longer one. Pure.

import { bounds, type Scale } from "./days";
import { day } from "./format";
import type { RecordingGap, StreamCompleteness } from "./types";

/** A gap, or the part of it that lies in a stretch of time; ms since the epoch. */
export interface GapPart {
  from: number;
  to: number;
  cause: RecordingGap["cause"];
}

export interface Share {
  /** What should have been recorded, ms. */
  expected: number;
  /** What of it is not stored, ms. */
  missing: number;
  gaps: GapPart[];
}

/** Of one stream, between two moments. */
export function shareOf(row: StreamCompleteness, from: number, to: number): Share {
  const [begin, end] = [Math.max(from, Date.parse(row.from)), Math.min(to, Date.parse(row.to))];
  if (begin >= end) return { expected: 0, missing: 0, gaps: [] };
  const gaps = row.gaps
    .map(({ from, to, cause }): GapPart => ({ from: Math.max(begin, Date.parse(from)), to: Math.min(end, Date.parse(to)), cause }))
    .filter((one) => one.from < one.to);
  return { expected: end - begin, missing: gaps.reduce((sum, one) => sum + one.to - one.from, 0), gaps };
}

export type Level = "none" | "whole" | "high" | "middle" | "low" | "nothing";

/** How a day is coloured. */
export function levelOf({ expected, missing }: Pick<Share, "expected" | "missing">): Level {
  if (expected <= 0) return "none";
  if (missing <= 0) return "whole";
  const share = 1 - missing / expected;
  if (share <= 0) return "nothing";
  return share >= 0.99 ? "high" : share >= 0.9 ? "middle" : "low";
}

/** Percent, never more than it is: 99.99 % is not 100. */
export function percentOf({ expected, missing }: Pick<Share, "expected" | "missing">): number | null {
  return expected <= 0 ? null : Math.max(0, Math.floor((1 - missing / expected) * 1_000) / 10);
}

/** Local days up to the one of `now`, the oldest first. */
export function lastDays(now: number, number: number): string[] {
  const today = new Date(now);
  return Array.from({ length: number }, (_, index) => day(new Date(today.getFullYear(), today.getMonth(), today.getDate() - (number - 1 - index)).getTime()));
}

/** A whole local day with a tick every four hours. */
export function dayScale(date: string): Scale {
  const [from, to] = bounds(date);
  const start = new Date(from);
  const ticks = [4, 8, 12, 16, 20].map((hour) => new Date(start.getFullYear(), start.getMonth(), start.getDate(), hour).getTime());
  return { from, to, ticks };
}
