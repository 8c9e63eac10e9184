// The part of a day that the strip shows: chosen by a drag, taken along, made wider. Pure.

export interface Window {
  from: number;
  to: number;
}

/** No shorter than this, ms. */
const SHORTEST = 10_000;

/** Within `all`, and no shorter than it may be; null where it is all of it. */
export function within({ from, to }: Window, all: Window): Window | null {
  const length = Math.max(SHORTEST, to - from);
  if (length >= all.to - all.from) return null;
  const begin = Math.min(all.to - length, Math.max(all.from, (from + to) / 2 - length / 2));
  return { from: begin, to: begin + length };
}

/** So many times as long around a moment, which stays where it is. */
export function scaled({ from, to }: Window, factor: number, around: number, all: Window): Window | null {
  return within({ from: around - (around - from) * factor, to: around + (to - around) * factor }, all);
}

/** Earlier (negative) or later by a share of its length. */
export function shifted({ from, to }: Window, share: number, all: Window): Window | null {
  const by = (to - from) * share;
  return within({ from: from + by, to: to + by }, all);
}
